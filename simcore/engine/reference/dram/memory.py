"""A DRAM as main memory of the reference engine: a clock domain of its own, which runs cycle by cycle in GRANT."""

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
from simcore.engine.reference.traces import DramTrace
from simcore.machine.machine import DramMemory
from simcore.program.outcome import DramCounts


@dataclass(frozen=True, eq=False)
class Given:
    """A burst that the DRAM has received, as transactions (one column access each)."""

    burst: MemoryRequest
    transactions: list[DramRequest]

    def done_at(self) -> int:
        """Return the DRAM cycle in which the last data came or the last write was queued, or NEVER if that is to come."""
        times = [request.arrive if request.op == WRITE else request.depart for request in self.transactions]
        return NEVER if NEVER in times else max(times)


class DramDomain:
    """The controllers on their own clock, with a FIFO of transactions before each. This state outlives a layer.

    ``trace``, if set, notes every transaction that a controller accepts.
    """

    def __init__(self, memory: DramMemory, ratio: tuple[int, int], record_commands: bool = False) -> None:
        self.dram, self.ratio = memory.dram, ratio
        self.clock, self.record = DramClock(), CommandRecord(memory.dram, record_commands)
        self.controllers = controllers_of(self.clock, memory.dram, memory.controller, self.record)
        self.fifos: list[deque[DramRequest]] = [deque() for _ in self.controllers]
        self.given: list[Given] = []
        #: The number of DRAM cycles that are over, which is also the number of the next cycle.
        self.cycles_run = 0
        self.forwarded_reads = self.coalesced_writes = 0
        self.trace: DramTrace | None = None
        self._mapping = address_mapping(memory.dram, memory.controller.mapping)
        self.clock.process(self._offers())

    @property
    def holds_transactions(self) -> bool:
        """Return whether a transaction waits in a FIFO or is not yet served."""
        return any(self.fifos) or any(controller.busy for controller in self.controllers)

    def give(self, burst: MemoryRequest) -> None:
        """Put the transactions that a burst touches into the FIFOs of their channels, in order of address."""
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
        """Run the DRAM cycles up to those of a core cycle, and note in each finished burst when it was done."""
        while core_cycle_of(self.cycles_run, *self.ratio) <= core_cycle:
            self.cycles_run += 1
            self.clock.run(until=self.cycles_run)
        for given in [given for given in self.given if given.done_at() != NEVER]:
            self.given.remove(given)
            given.burst.memory_done = max(core_cycle_of(given.done_at(), *self.ratio), core_cycle + 1)

    def counts(self) -> DramCounts:
        """Return the counts since the start."""
        return DramCounts(
            cycles=self.cycles_run,
            commands=self.record.issued(),
            banks=requests_found(self.controllers),
            open_cycles=self.record.open_cycles(self.cycles_run),
            forwarded_reads=self.forwarded_reads,
            coalesced_writes=self.coalesced_writes,
        )

    def _offers(self) -> Generator[simpy.Event, object, None]:
        """Offer the head of each FIFO in every DRAM cycle, after the controllers. A refused head stays in its FIFO."""
        cycle = 0
        while True:
            yield self.clock.frontend(cycle)
            for fifo, controller in zip(self.fifos, self.controllers, strict=True):
                if fifo and controller.accept(fifo[0]):
                    accepted = fifo.popleft()
                    self.forwarded_reads += accepted.kind == 1
                    self.coalesced_writes += accepted.kind == 2
                    if self.trace is not None:
                        self.trace.note(accepted, accepted.line * self.dram.transaction_bytes)
            cycle += 1


class DramMemoryProcess:
    """A process that, in GRANT, gives the DMA's bursts to the DRAM and advances the DRAM's clock to the core's."""

    def __init__(self, clock: PhaseClock, domain: DramDomain) -> None:
        self.clock, self.domain = clock, domain
        self.inbox: list[MemoryRequest] = []
        clock.process(self._run())

    def is_idle(self) -> bool:
        """Return whether every transaction is served, including posted writes."""
        return not self.domain.holds_transactions

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self.clock.next(Phase.GRANT)
            for burst in self.inbox:
                self.domain.give(burst)
            self.inbox = []
            self.domain.run_through(self.clock.cycle)
