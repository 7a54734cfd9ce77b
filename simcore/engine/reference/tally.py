"""The counts of one layer, which the processes keep while they run, and the bins of its bank timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcore.engine.reference.requests import NEVER, Request
from simcore.engine.reference.traces import ArrayTrace
from simcore.machine.line_writes import LineWrites
from simcore.machine.machine import Machine
from simcore.program.outcome import Cause, Outcome
from simcore.program.program import Int64Array, Port, Program
from simcore.program.traces import NOTHING


def _zeros(*shape: int) -> Int64Array:
    return np.zeros(shape, dtype=np.int64)


class Timeline:
    """Cycles per bank and bin. In ADVANCE the array moves to the next bin when its step reaches that bin."""

    def __init__(self, banks: int, bin_steps: Int64Array, start_cycle: int) -> None:
        self.bin_steps, self.bin = bin_steps, 0
        self.start_cycles = _zeros(len(bin_steps))
        self.start_cycles[0] = start_cycle
        self.conflict, self.busy = _zeros(banks, len(bin_steps)), _zeros(banks, len(bin_steps))

    def advanced(self, step: int, cycle: int) -> None:
        """Note that the array begins ``step`` in the cycle after this one."""
        if self.bin + 1 < len(self.bin_steps) and step >= self.bin_steps[self.bin + 1]:
            self.bin += 1
            self.start_cycles[self.bin] = cycle + 1


class BankTally:
    """The counters of the banks."""

    def __init__(self, banks: int, bin_steps: Int64Array, start_cycle: int, line_writes: LineWrites | None = None) -> None:
        self.line_writes = line_writes
        self.reads, self.writes, self.dma_reads, self.dma_writes = (_zeros(banks) for _ in range(4))
        self.forwarded_reads, self.preempted_writes, self.conflict_cycles, self.busy_cycles = (_zeros(banks) for _ in range(4))
        self.timeline = Timeline(banks, bin_steps, start_cycle)

    def granted(self, bank: int, request: Request, cycle: int) -> None:
        """Count a request that a bank took."""
        busy = request.free_at - cycle
        self.busy_cycles[bank] += busy
        request.bin = self.timeline.bin
        self.timeline.busy[bank, request.bin] += busy
        if request.was_counted:
            return
        request.was_counted = True
        (self.writes if request.op else self.reads)[bank] += 1
        if request.port == Port.DMA:
            (self.dma_writes if request.op else self.dma_reads)[bank] += 1
        if request.op and self.line_writes is not None:
            self.line_writes.pads[request.scratchpad][request.place] += 1

    def preempted(self, bank: int, request: Request, cycle: int) -> None:
        """Count a preempted write and subtract the rest of its occupancy, which is not busy time after all."""
        left = request.free_at - cycle
        self.preempted_writes[bank] += 1
        self.busy_cycles[bank] -= left
        self.timeline.busy[bank, request.bin] -= left

    def waited(self, bank: int) -> None:
        """Count a cycle in which a request waits at a bank."""
        self.conflict_cycles[bank] += 1
        self.timeline.conflict[bank, self.timeline.bin] += 1


@dataclass(frozen=True)
class Stall:
    """Why the array does not advance in a cycle, and where: the port that it waits for, the scratchpad, the bank (of all banks).

    Where a request waits at a bank of the scratchpad, ``waiter`` is the request's port (that of the array by default, or the
    DMA), and ``holder`` the port whose request holds the bank.
    """

    cause: Cause
    port: Port
    scratchpad: int | None = None
    bank: int | None = None
    waiter: int = NEVER
    holder: int | None = None


class Tally(BankTally):
    """All counters of an Outcome, for one layer."""

    def __init__(
        self,
        machine: Machine,
        program: Program,
        start_cycle: int,
        line_writes: LineWrites | None = None,
        trace: ArrayTrace | None = None,
    ) -> None:
        """Start with zeros for the scratchpads and banks of a machine, and for the ports and regions of one layer.

        Writes of lines are added to ``line_writes``, and what the array does is told to ``trace``. Both outlive the layer.
        """
        self.trace, self._first_banks = trace, [pad.first_bank for pad in machine.scratchpads]
        banks, scratchpads = machine.banks, len(machine.scratchpads)
        super().__init__(banks, program.bin_steps, start_cycle, line_writes)
        self.start_cycle, self.compute_cycles = start_cycle, 0
        self.stall_cycles = _zeros(len(Cause), len(Port))
        self.bank_stall_cycles = _zeros(banks, len(Cause))
        self.scratchpad_stall_cycles = _zeros(scratchpads, len(Cause))
        self.wait_cycles = _zeros(scratchpads, len(Port), len(Port))
        self.buffer_cycles: list[Counter[int]] = [Counter() for _ in range(scratchpads)]
        self.port_elements, self.port_words, self.port_lines = (_zeros(len(Port) - 1) for _ in range(3))
        self.dma_read_bytes, self.dma_write_bytes = _zeros(len(program.regions)), _zeros(len(program.regions))

    def computed(self, cycle: int) -> None:
        """Count a cycle in which the array made a step."""
        self.compute_cycles += 1
        if self.trace is not None:
            self.trace.note(cycle, (NOTHING,) * 5)

    def stalled(self, stall: Stall, cycle: int) -> None:
        """Count a cycle in which the array did not advance."""
        if self.trace is not None:
            self.trace.note(cycle, self._traced(stall))
        self.stall_cycles[stall.cause, stall.port] += 1
        if stall.bank is not None:
            self.bank_stall_cycles[stall.bank, stall.cause] += 1
        if stall.scratchpad is not None:
            self.scratchpad_stall_cycles[stall.scratchpad, stall.cause] += 1
            if stall.holder is not None:
                self.wait_cycles[stall.scratchpad, stall.waiter, stall.holder] += 1

    def _traced(self, stall: Stall) -> tuple[int, ...]:
        """Return a stall as the trace keeps it."""
        pad = NOTHING if stall.scratchpad is None else stall.scratchpad
        bank = NOTHING if stall.bank is None else stall.bank - self._first_banks[pad]
        return stall.cause, stall.port, pad, bank, NOTHING if stall.holder is None else stall.holder

    def buffered(self, entries: Sequence[int]) -> None:
        """Count a cycle in which the write buffer of each scratchpad holds so many entries."""
        for counter, held in zip(self.buffer_cycles, entries, strict=True):
            counter[held] += 1

    def _buffer_cycles(self) -> Int64Array:
        cycles = _zeros(len(self.buffer_cycles), 1 + max(max(counter, default=0) for counter in self.buffer_cycles))
        for scratchpad, counter in enumerate(self.buffer_cycles):
            cycles[scratchpad, list(counter.keys())] = list(counter.values())
        return cycles

    def outcome(self, end_cycle: int) -> Outcome:
        """Return the finished counts."""
        return Outcome(
            start_cycle=self.start_cycle,
            cycles=end_cycle - self.start_cycle,
            compute_cycles=self.compute_cycles,
            stall_cycles=self.stall_cycles,
            bank_stall_cycles=self.bank_stall_cycles,
            scratchpad_stall_cycles=self.scratchpad_stall_cycles,
            wait_cycles=self.wait_cycles,
            buffer_cycles=self._buffer_cycles(),
            reads=self.reads,
            writes=self.writes,
            dma_reads=self.dma_reads,
            dma_writes=self.dma_writes,
            forwarded_reads=self.forwarded_reads,
            preempted_writes=self.preempted_writes,
            conflict_cycles=self.conflict_cycles,
            busy_cycles=self.busy_cycles,
            conflict_timeline=self.timeline.conflict,
            busy_timeline=self.timeline.busy,
            bin_start_cycles=self.timeline.start_cycles,
            port_elements=self.port_elements,
            port_words=self.port_words,
            port_lines=self.port_lines,
            dma_read_bytes=self.dma_read_bytes,
            dma_write_bytes=self.dma_write_bytes,
        )
