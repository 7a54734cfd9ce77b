"""The DRAM of a machine in the compiled engine: the controllers' tables and the FIFOs before them, in one vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.dram.tables import ResolvedDram
from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.controller_state import controller_tables
from simcore.engine.compiled.dram.device_state import open_cycles
from simcore.engine.compiled.dram.tables import MemoryTables
from simcore.engine.compiled.flat_tables import flattened
from simcore.errors import InputError
from simcore.machine.machine import DramMemory, Machine
from simcore.program.outcome import DramCounts
from simcore.program.program import Int64Array


@dataclass(eq=False)
class DramMemoryState:
    """The state that outlives a layer. The kernel takes ``flat``; ``tables`` are views of it."""

    dram: ResolvedDram
    flat: Int64Array
    tables: MemoryTables
    before: DramCounts

    def next_core_cycle(self) -> int:
        """Return the core cycle of the next event. No transaction waits in a FIFO between layers."""
        wake, link = int(self.tables.controllers.channels[:, d.CHANNEL_WAKE].min()), self.tables.link
        return FAR if wake == FAR else core_cycle_of(wake, int(link[d.LINK_P]), int(link[d.LINK_Q]))

    def end_layer(self, core_cycle: int) -> DramCounts:
        """Return the counts of the layer that ends in a core cycle, whose DRAM cycles are over."""
        link = self.tables.link
        link[d.LINK_BEGIN] = domain_cycle_at(core_cycle + 1, int(link[d.LINK_P]), int(link[d.LINK_Q]))
        before, self.before = self.before, _counts(self.tables)
        return self.before.since(before)

    def overrun(self) -> InputError:
        """Return the error of a DRAM whose refreshes pile up."""
        return InputError(f"{self.dram.name}: refreshes become due faster than the DRAM can do them")


def dram_memory_state(machine: Machine, traced_rows: int = 0) -> DramMemoryState:
    """Return the tables of an idle DRAM with empty FIFOs, and room for ``traced_rows`` transactions and those of a core cycle."""
    memory, limit = machine.memory, machine.outstanding_bursts
    assert isinstance(memory, DramMemory)
    dram, channels = memory.dram, memory.dram.counts[0]
    # A burst that does not start on a transaction boundary touches one more transaction.
    places = limit * (machine.burst_bytes // dram.transaction_bytes + 2)
    link = np.zeros(d.LINK_COLUMNS, dtype=np.int64)
    link[[d.LINK_P, d.LINK_Q, d.LINK_PLACES]] = *machine.memory_ratio, places
    fifos = np.zeros((channels, d.FIFO_COLUMNS), dtype=np.int64)
    fifos[:, d.FIFO_AT] = FAR
    flat, tables = flattened(
        MemoryTables(
            controllers=controller_tables(dram, memory.controller, limit),
            link=link,
            fifos=fifos,
            waiting=np.zeros((channels * d.WAITING_ROWS, places), dtype=np.int64),
            notes=np.zeros((limit, d.NOTE_COLUMNS), dtype=np.int64),
            # Between two looks at the room, the controllers accept at most what the FIFOs hold.
            trace=np.zeros((traced_rows + places if traced_rows else 1, d.TRACE_COLUMNS), dtype=np.int64),
        )
    )
    return DramMemoryState(dram, flat, tables, _counts(tables))


def _counts(tables: MemoryTables) -> DramCounts:
    """Return the counts up to the end of the last layer."""
    cycles, device = int(tables.link[d.LINK_BEGIN]), tables.controllers.device
    return DramCounts(
        cycles=cycles,
        commands=device.issued.copy(),
        banks=tables.controllers.counts.copy(),
        open_cycles=open_cycles(device, cycles),
        forwarded_reads=int(tables.link[d.LINK_FORWARDED]),
        coalesced_writes=int(tables.link[d.LINK_COALESCED]),
    )
