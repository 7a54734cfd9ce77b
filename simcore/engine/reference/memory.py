"""The simple main memory of the reference engine: a latency, and a bandwidth through one port that all bursts share."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Protocol

import simpy

from simcore.clock import Phase, core_cycle_of, domain_cycle_at
from simcore.engine.reference.clock import PhaseClock
from simcore.machine.machine import SimpleMemory


class MemoryRequest(Protocol):
    """What the memory needs to know about a burst, and the place where it notes the core cycle in which the burst is done."""

    address: int
    bytes: int
    memory_done: int

    @property
    def is_store(self) -> bool:
        """Return whether the burst moves to main memory."""


class MemoryProcess(Protocol):
    """Main memory as a process, which takes the requests in its inbox in GRANT."""

    inbox: list[MemoryRequest]

    def is_idle(self) -> bool:
        """Return whether the memory holds nothing for which a layer must wait after its bursts are done."""


@dataclass(eq=False)
class MemoryPort:
    """State that outlives a layer: the time from which the memory's port is free, in cycles of the memory's clock, exactly."""

    free_at: Fraction = Fraction(0)


class SimpleMemoryProcess:
    """A memory that takes requests in inbox order, transfers one at a time, and then adds the latency.

    A transfer begins when the one before ends, which may be within a cycle, but in no cycle before that of its request. A request
    is done in the first cycle of the memory's clock that is not before the end of its transfer, plus the latency. The DMA fills
    the inbox in ISSUE.
    """

    def __init__(self, clock: PhaseClock, spec: SimpleMemory, ratio: tuple[int, int], port: MemoryPort) -> None:
        self.clock, self.spec, self.ratio, self.port = clock, spec, ratio, port
        self.inbox: list[MemoryRequest] = []
        clock.process(self._run())

    def is_idle(self) -> bool:
        """Return True, because a burst that is done leaves no work behind."""
        return True

    def _run(self) -> Generator[simpy.Event, None, None]:
        p, q = self.ratio
        while True:
            yield self.clock.next(Phase.GRANT)
            for request in self.inbox:
                begin = max(self.port.free_at, Fraction(domain_cycle_at(self.clock.cycle, p, q)))
                self.port.free_at = begin + request.bytes / self.spec.bytes_per_cycle
                done = core_cycle_of(ceil(self.port.free_at) + self.spec.latency_cycles, p, q)
                request.memory_done = max(done, self.clock.cycle + 1)
            self.inbox = []
