"""The DRAM of a machine in the compiled engine: the controllers' tables and the FIFOs before them, in one vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.flat_tables import flattened
from simcore.engine.compiled.dram.state import DramState, dram_state
from simcore.errors import InputError
from simcore.machine.machine import DramMemory, Machine
from simcore.program.outcome import DramCounts
from simcore.program.program import Int64Array

#: Numbers of the tables in the vector: those of the controllers first, in the order of `DramState`.
TABLES = (*DramState.__slots__, "log", "link", "fifos", "waiting", "notes", "arrive", "depart", "kind")


@dataclass(eq=False)
class DramMemoryState:
    """What outlives a layer. ``flat`` is what the kernel takes; the others are views of tables in it."""

    flat: Int64Array
    name: str
    channels: Int64Array
    ranks: Int64Array
    issued: Int64Array
    counts: Int64Array
    link: Int64Array
    before: DramCounts

    def next_core_cycle(self) -> int:
        """The core cycle of the next event; between layers nothing waits in a FIFO."""
        wake = int(self.channels[:, d.CHANNEL_WAKE].min())
        return FAR if wake == FAR else core_cycle_of(wake, int(self.link[d.LINK_P]), int(self.link[d.LINK_Q]))

    def end_layer(self, core_cycle: int) -> DramCounts:
        """What was done in the layer that ends in a core cycle, whose DRAM cycles are over."""
        self.link[d.LINK_BEGIN] = domain_cycle_at(core_cycle + 1, int(self.link[d.LINK_P]), int(self.link[d.LINK_Q]))
        before, self.before = self.before, _counts(self.link, self.ranks, self.issued, self.counts)
        return self.before.since(before)

    def overrun(self) -> InputError:
        """The error of a DRAM whose refreshes pile up."""
        return InputError(f"{self.name}: refreshes are asked for faster than they can be done")


def dram_memory_state(machine: Machine) -> DramMemoryState:
    """Tables of an idle DRAM and empty FIFOs."""
    memory, limit = machine.memory, machine.outstanding_bursts
    assert isinstance(memory, DramMemory)
    dram, channels = memory.dram, memory.dram.counts[0]
    state = dram_state(dram, memory.controller)
    # A burst that does not start with a transaction touches one more.
    places = limit * (machine.burst_bytes // dram.transaction_bytes + 2)
    link = np.zeros(d.LINK_COLUMNS, dtype=np.int64)
    link[[d.LINK_P, d.LINK_Q, d.LINK_PLACES]] = *machine.memory_ratio, places
    fifos = np.zeros((channels, d.FIFO_COLUMNS), dtype=np.int64)
    fifos[:, d.FIFO_AT] = FAR
    own = {
        "log": np.zeros((0, d.LOG_COLUMNS), dtype=np.int64),
        "link": link,
        "fifos": fifos,
        "waiting": np.zeros((channels * d.WAITING_ROWS, places), dtype=np.int64),
        "notes": np.zeros((limit, d.NOTE_COLUMNS), dtype=np.int64),
        **{name: np.zeros(limit, dtype=np.int64) for name in ("arrive", "depart", "kind")},
    }
    flat, views = flattened([own[name] if name in own else getattr(state, name) for name in TABLES])
    named = dict(zip(TABLES, views, strict=True))
    kept = {name: named[name] for name in ("channels", "ranks", "issued", "counts", "link")}
    before = _counts(named["link"], named["ranks"], named["issued"], named["counts"])
    return DramMemoryState(flat=flat, name=dram.name, before=before, **kept)


def _counts(link: Int64Array, ranks: Int64Array, issued: Int64Array, counts: Int64Array) -> DramCounts:
    """What was done so far, up to the end of the last layer."""
    cycles = int(link[d.LINK_BEGIN])
    still_open = np.where(ranks[:, d.RANK_OPEN] > 0, cycles - ranks[:, d.RANK_SINCE], 0)
    return DramCounts(
        cycles=cycles,
        commands=issued.copy(),
        banks=counts.copy(),
        open_cycles=ranks[:, d.RANK_CYCLES] + still_open,
        forwarded_reads=int(link[d.LINK_FORWARDED]),
        coalesced_writes=int(link[d.LINK_COALESCED]),
    )
