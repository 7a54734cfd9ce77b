"""A DRAM as the main memory of this engine: its own clock domain, run cycle by cycle in GRANT."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy

from simcore.clock import Phase, core_cycle_of
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import READ, WRITE
from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.record import CommandRecord
from simcore.engine.reference.dram.requests import DramRequest
from simcore.engine.reference.dram.trace import controllers_of, requests_found
from simcore.engine.reference.memory import MemoryRequest
from simcore.engine.reference.requests import NEVER
from simcore.machine.machine import DramMemory
from simcore.program.outcome import DramCounts


@dataclass(frozen=True, eq=False)
class Given:
    """A burst that the DRAM has been given, in transactions (one column access each)."""

    burst: MemoryRequest
    transactions: list[DramRequest]

    def done_at(self) -> int:
        """The DRAM cycle in which its last data have come, or its last write is in a write queue; NEVER while that is open."""
        times = [request.arrive if request.op == WRITE else request.depart for request in self.transactions]
        return NEVER if NEVER in times else max(times)


class DramDomain:
    """The controllers on their own clock, and a FIFO of transactions before each: state that outlives a layer."""

    def __init__(self, memory: DramMemory, ratio: tuple[int, int], record_commands: bool = False) -> None:
        self.dram, self.ratio = memory.dram, ratio
        self.clock, self.record = DramClock(), CommandRecord(memory.dram, record_commands)
        self.controllers = controllers_of(self.clock, memory.dram, memory.controller, self.record)
        self.fifos: list[deque[DramRequest]] = [deque() for _ in self.controllers]
        self.given: list[Given] = []
        #: DRAM cycles that are over: the next one has this number.
        self.cycles_run = 0
        self.forwarded_reads = self.coalesced_writes = 0
        self._mapping = address_mapping(memory.dram, memory.controller.mapping)
        self.clock.process(self._offers())

    @property
    def holds_transactions(self) -> bool:
        """Whether a transaction waits in a FIFO or is not yet served."""
        return any(self.fifos) or any(controller.busy for controller in self.controllers)

    def give(self, burst: MemoryRequest) -> None:
        """Put the transactions that a burst touches into the FIFOs of their channels, by rising address."""
        size = self.dram.transaction_bytes
        addresses = np.arange(burst.address // size * size, burst.address + burst.bytes, size, dtype=np.int64)
        op, last = WRITE if burst.is_store else READ, self.dram.bank_level + 1
        row, column = self.dram.levels.index("row"), self.dram.levels.index("column")
        requests = [
            DramRequest(op, self.cycles_run, address // size, tuple(at[:last]), at[row], at[column])
            for address, at in zip(
                addresses.tolist(), self._mapping.decode(addresses, len(self.dram.levels)).T.tolist(), strict=True
            )
        ]
        for request in requests:
            self.fifos[request.bank[0]].append(request)
        self.given.append(Given(burst, requests))

    def run_through(self, core_cycle: int) -> None:
        """Run the DRAM cycles up to those of a core cycle, and say of the bursts when they are done."""
        while core_cycle_of(self.cycles_run, *self.ratio) <= core_cycle:
            self.cycles_run += 1
            self.clock.run(until=self.cycles_run)
        for given in [given for given in self.given if given.done_at() != NEVER]:
            self.given.remove(given)
            given.burst.memory_done = max(core_cycle_of(given.done_at(), *self.ratio), core_cycle + 1)

    def counts(self) -> DramCounts:
        """What it has done so far."""
        return DramCounts(
            cycles=self.cycles_run,
            commands=self.record.issued(),
            banks=requests_found(self.controllers),
            open_cycles=self.record.open_cycles(self.cycles_run),
            forwarded_reads=self.forwarded_reads,
            coalesced_writes=self.coalesced_writes,
        )

    def _offers(self) -> Generator[simpy.Event, object, None]:
        """In every DRAM cycle, after the controllers, each FIFO offers its head; a refused one stays there."""
        cycle = 0
        while True:
            yield self.clock.frontend(cycle)
            for fifo, controller in zip(self.fifos, self.controllers, strict=True):
                if fifo and controller.accept(fifo[0]):
                    accepted = fifo.popleft()
                    self.forwarded_reads += accepted.kind == 1
                    self.coalesced_writes += accepted.kind == 2
            cycle += 1


class DramMemoryProcess:
    """Hands the DMA's bursts to the DRAM and lets its clock catch up with the core's, in GRANT."""

    def __init__(self, clock: PhaseClock, domain: DramDomain) -> None:
        self.clock, self.domain = clock, domain
        self.inbox: list[MemoryRequest] = []
        clock.process(self._run())

    def is_idle(self) -> bool:
        """True when every transaction is served, posted writes too."""
        return not self.domain.holds_transactions

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self.clock.next(Phase.GRANT)
            for burst in self.inbox:
                self.domain.give(burst)
            self.inbox = []
            self.domain.run_through(self.clock.cycle)
