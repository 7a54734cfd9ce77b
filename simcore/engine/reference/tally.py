"""The counts of one layer, kept by the processes while they run, and the bins of its bank timeline."""

from __future__ import annotations

import numpy as np

from simcore.engine.reference.requests import Request
from simcore.outcome import TIME_BINS, Cause, Outcome
from simcore.program import Int64Array, Port


def _zeros(*shape: int) -> Int64Array:
    return np.zeros(shape, dtype=np.int64)


class Timeline:
    """Cycles per bank in TIME_BINS bins from the start; when time runs past them, bins are folded in pairs."""

    def __init__(self, banks: int, start_cycle: int) -> None:
        self.start_cycle, self.shift = start_cycle, 0
        self.conflict, self.busy = _zeros(banks, TIME_BINS), _zeros(banks, TIME_BINS)

    def bin(self, cycle: int) -> int:
        """The bin of a cycle."""
        while (cycle - self.start_cycle) >> self.shift >= TIME_BINS:
            for table in (self.conflict, self.busy):
                folded = table[:, 0::2] + table[:, 1::2]
                table[:] = 0
                table[:, : TIME_BINS // 2] = folded
            self.shift += 1
        return (cycle - self.start_cycle) >> self.shift


class Tally:
    """All counters of an Outcome, for one layer."""

    def __init__(self, banks: int, regions: int, start_cycle: int) -> None:
        self.start_cycle, self.compute_cycles = start_cycle, 0
        self.stall_cycles = _zeros(len(Cause), len(Port))
        self.bank_stall_cycles = _zeros(banks, len(Cause))
        self.reads, self.writes, self.dma_reads, self.dma_writes = (_zeros(banks) for _ in range(4))
        self.forwarded_reads, self.preempted_writes, self.conflict_cycles, self.busy_cycles = (_zeros(banks) for _ in range(4))
        self.port_elements, self.port_words, self.port_lines = (_zeros(len(Port) - 1) for _ in range(3))
        self.dma_read_bytes, self.dma_write_bytes = _zeros(regions), _zeros(regions)
        self.timeline = Timeline(banks, start_cycle)

    def granted(self, bank: int, request: Request, cycle: int) -> None:
        """A bank took a request."""
        busy = request.free_at - cycle
        self.busy_cycles[bank] += busy
        self.timeline.busy[bank, self.timeline.bin(cycle)] += busy
        if request.was_counted:
            return
        request.was_counted = True
        (self.writes if request.op else self.reads)[bank] += 1
        if request.port == Port.DMA:
            (self.dma_writes if request.op else self.dma_reads)[bank] += 1

    def preempted(self, bank: int, request: Request, cycle: int) -> None:
        """A write was sent back: what was left of its occupancy is not busy time after all."""
        left = request.free_at - cycle
        self.preempted_writes[bank] += 1
        self.busy_cycles[bank] -= left
        self.timeline.busy[bank, self.timeline.bin(request.granted_at)] -= left

    def waited(self, bank: int, cycle: int) -> None:
        """A request waits at a bank in this cycle."""
        self.conflict_cycles[bank] += 1
        self.timeline.conflict[bank, self.timeline.bin(cycle)] += 1

    def stalled(self, cause: Cause, port: Port, bank: int | None) -> None:
        """The array did not advance in this cycle."""
        self.stall_cycles[cause, port] += 1
        if bank is not None:
            self.bank_stall_cycles[bank, cause] += 1

    def outcome(self, end_cycle: int) -> Outcome:
        """The finished counts; the timeline's bins cover the whole layer."""
        self.timeline.bin(max(end_cycle - 1, self.start_cycle))
        return Outcome(
            start_cycle=self.start_cycle,
            cycles=end_cycle - self.start_cycle,
            compute_cycles=self.compute_cycles,
            stall_cycles=self.stall_cycles,
            bank_stall_cycles=self.bank_stall_cycles,
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
            bin_shift=self.timeline.shift,
            port_elements=self.port_elements,
            port_words=self.port_words,
            port_lines=self.port_lines,
            dma_read_bytes=self.dma_read_bytes,
            dma_write_bytes=self.dma_write_bytes,
        )
