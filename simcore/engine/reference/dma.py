"""The DMA, which executes the Program's operations queue by queue and burst by burst."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import pairwise

import simpy

from simcore.clock import Phase
from simcore.engine.reference.elements import burst_places
from simcore.engine.reference.memory import MemoryProcess
from simcore.engine.reference.requests import NEVER, Bundle, Request
from simcore.engine.reference.shared import Shared
from simcore.program.program import Op, OpKind, Port, Reg
from simcore.timing.bank_timing import READ, WRITE


@dataclass(eq=False)
class Burst(Bundle):
    """One burst of an operation. ``memory_done`` is the core cycle in which main memory has delivered or taken the burst."""

    op: int = 0
    kind: OpKind = OpKind.LOAD
    address: int = 0
    bytes: int = 0
    places: tuple[tuple[int, int, int], ...] = ()
    memory_done: int = NEVER
    was_sent: bool = False

    @property
    def is_store(self) -> bool:
        """Return whether the burst moves to main memory."""
        return self.kind == OpKind.STORE


@dataclass(eq=False)
class Queue:
    """A queue of operations: the next one to start, and those started of which bursts are left to start."""

    next: int
    end: int
    started: deque[int] = field(default_factory=deque)
    #: The number of started bursts of the first of `started`, and the bytes of all of them that are in no burst yet.
    bursts: int = 0
    bytes_left: int = 0


class Dma:
    """The DMA. It starts the operations of each queue once their dependencies hold, and then their bursts, those needed first.

    In a cycle it starts bursts until they hold the bytes that main memory moves in a cycle at most. It starts no more operations
    of a queue than that takes.
    """

    def __init__(self, shared: Shared, memory: MemoryProcess) -> None:
        """Start the DMA of one layer, with every queue at its first operation and no burst outstanding."""
        self.shared, self.memory = shared, memory
        self.ops: list[list[int]] = shared.program.ops.tolist()
        bounds = shared.program.queue_start.tolist()
        self.queues = [Queue(start, end) for start, end in pairwise(bounds)]
        self.left = [-(-op[Op.BYTES] // shared.machine.burst_bytes) for op in self.ops]
        self.is_done = [False] * len(self.ops)
        self.holder: dict[int, int] = {}
        self.outstanding: list[Burst] = []
        shared.clock.process(self._run())

    def is_idle(self) -> bool:
        """Return whether every operation is done."""
        return all(self.is_done)

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self.shared.clock.next(Phase.SETTLE)
            self._finish_bursts(self.shared.clock.cycle)
            for queue in self.queues:
                if queue.next < queue.end:
                    self._start_operations(queue)
            yield self.shared.clock.next(Phase.ISSUE)
            self._deliver(self.shared.clock.cycle)
            self._send(self.shared.clock.cycle)
            self._new_bursts()
            if self.shared.tally.trace is not None:
                self.shared.tally.trace.outstanding(self.shared.clock.cycle, len(self.outstanding))

    # SETTLE ------------------------------------------------------------------------------------------------------------------

    def _finish_bursts(self, cycle: int) -> None:
        for burst in [burst for burst in self.outstanding if self._is_finished(burst, cycle)]:
            self.outstanding.remove(burst)
            self.left[burst.op] -= 1
            if self.left[burst.op] == 0:
                self.is_done[burst.op] = True
                if burst.kind == OpKind.LOAD:
                    op = self.ops[burst.op]
                    self.shared.resident[op[Op.TILE]] = op[Op.SLOT]

    def _is_finished(self, burst: Burst, cycle: int) -> bool:
        if burst.kind == OpKind.LOAD:
            return bool(burst.requests) and burst.is_ready(cycle)
        return burst.memory_done != NEVER and burst.memory_done <= cycle

    def _start_operations(self, queue: Queue) -> None:
        enough = self.shared.machine.dma_bytes_per_cycle
        while queue.next < queue.end and queue.bytes_left < enough and self._may_start(queue.next):
            op = self.ops[queue.next]
            tile, slot = op[Op.TILE], op[Op.SLOT]
            if op[Op.KIND] != OpKind.STORE:
                self.shared.resident.pop(self.holder.get(slot, NEVER), None)
                self.holder[slot] = tile
            if op[Op.KIND] == OpKind.ACQUIRE:
                self.shared.resident[tile] = slot
                self.is_done[queue.next] = True
            else:
                queue.started.append(queue.next)
                queue.bytes_left += op[Op.BYTES]
            queue.next += 1

    def _may_start(self, index: int) -> bool:
        op = self.ops[index]
        port, after = op[Op.DEP_PORT], op[Op.DEP_OP]
        scratchpad = self.shared.program.regions[op[Op.REGION], Reg.SCRATCHPAD]
        return (
            (port < 0 or self.shared.consumed[port] >= op[Op.DEP_COUNT])
            and (after < 0 or self.is_done[after])
            and self.shared.scratchpads[scratchpad].writes_to(op[Op.SLOT]) == 0
        )

    # ISSUE -------------------------------------------------------------------------------------------------------------------

    def _deliver(self, cycle: int) -> None:
        for burst in self.outstanding:
            if burst.kind == OpKind.LOAD and not burst.requests and NEVER != burst.memory_done <= cycle:
                self._offer(burst, WRITE)

    def _send(self, cycle: int) -> None:
        for burst in self.outstanding:
            if burst.kind == OpKind.STORE and not burst.was_sent and burst.is_ready(cycle):
                burst.was_sent = True
                self.memory.inbox.append(burst)

    def _new_bursts(self) -> None:
        left = self.shared.machine.dma_bytes_per_cycle
        while left > 0 and len(self.outstanding) < self.shared.machine.outstanding_bursts:
            started = [queue for queue in self.queues if queue.started]
            if not started:
                return
            left -= self._start_burst(min(started, key=self._needed))

    def _needed(self, queue: Queue) -> int:
        """Return the step for which the operation is needed of which the queue starts the next burst."""
        return self.ops[queue.started[0]][Op.NEEDED]

    def _start_burst(self, queue: Queue) -> int:
        """Start the next burst of a queue's started operations, and return its bytes."""
        head, number = queue.started[0], queue.bursts
        op, machine = self.ops[head], self.shared.machine
        count = min(machine.burst_bytes, op[Op.BYTES] - number * machine.burst_bytes)
        places = tuple(burst_places(self.shared.program, machine, head, number))
        address = op[Op.ADDRESS] + number * machine.burst_bytes
        burst = Burst(op=head, kind=OpKind(op[Op.KIND]), address=address, bytes=count, places=places)
        self.outstanding.append(burst)
        if burst.kind == OpKind.LOAD:
            self.memory.inbox.append(burst)
            self.shared.tally.dma_read_bytes[op[Op.REGION]] += count
        else:
            self._offer(burst, READ)
            self.shared.tally.dma_write_bytes[op[Op.REGION]] += count
        queue.bytes_left -= count
        queue.bursts += 1
        if queue.bursts * machine.burst_bytes >= op[Op.BYTES]:
            queue.started.popleft()
            queue.bursts = 0
        return count

    def _offer(self, burst: Burst, op: int) -> None:
        burst.requests = [Request(pad, bank, row, op, Port.DMA) for pad, bank, row in burst.places]
        for request in burst.requests:
            self.shared.scratchpads[request.scratchpad].offers[Port.DMA].append(request)
