"""An engine's result for one layer: plain int64 arrays, which are equal from both engines, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum

import numpy as np

from simcore.program.program import Int64Array


class Cause(IntEnum):
    """Why the array did not advance in a cycle. ARCHITECTURE.md says to which cause a cycle is charged."""

    FIRST_FILL = 0
    DRAM_WAIT = 1
    READ_LATENCY = 2
    READ_CONFLICT = 3
    WRITE_CONFLICT = 4
    DMA_COLLISION = 5
    WRITE_BACKPRESSURE = 6
    DRAIN = 7


#: Names of the causes in tables.
CAUSE_NAMES = tuple(cause.name.lower() for cause in Cause)


@dataclass(frozen=True)
class DramCounts:
    """Counts of a DRAM, since the start or in a layer.

    cycles: of its own clock. commands: [rank, command] issued. banks: [bank, 6] read hits, misses, conflicts, then those of
    writes, by the bank's state at the first command of a transaction. open_cycles: [rank], in which a bank of it was open.
    forwarded_reads: transactions answered by a waiting write; coalesced_writes: merged into one.
    """

    cycles: int
    commands: Int64Array
    banks: Int64Array
    open_cycles: Int64Array
    forwarded_reads: int
    coalesced_writes: int

    def since(self, before: DramCounts) -> DramCounts:
        """Return the counts that were added after ``before``."""
        return DramCounts(**{item.name: getattr(self, item.name) - getattr(before, item.name) for item in fields(self)})

    def plus(self, more: DramCounts) -> DramCounts:
        """Return the sum of both counts."""
        return DramCounts(**{item.name: getattr(self, item.name) + getattr(more, item.name) for item in fields(self)})


@dataclass(frozen=True)
class Outcome:
    """Counts of one layer. The banks of all scratchpads are numbered in one sequence, in the order of the System.

    start_cycle: the core cycle at which the layer began. cycles = compute_cycles + stall_cycles.sum().
    stall_cycles: [cause, port]. bank_stall_cycles: [bank, cause] of those stalls that have a bank. scratchpad_stall_cycles:
    [scratchpad, cause] of those that have a scratchpad, which are all but the DMA's share of drain. wait_cycles: [scratchpad,
    waiter, holder] (ports), stalled cycles in which a request of the waiter waits at a bank that a request of the holder holds.
    buffer_cycles: [scratchpad, entries], cycles in which the write buffer holds so many entries in ADVANCE, before the step; its
    last column is the largest number that occurs.
    reads, writes: requests granted per bank (a preempted write counts once); of these dma_reads, dma_writes by the DMA.
    forwarded_reads: psum reads answered by the write buffer; preempted_writes: times a write was sent back.
    conflict_cycles: cycles in which a request waited at the bank after granting; busy_cycles: sum of port occupancy.
    conflict_timeline, busy_timeline: [bank, bin], cycles (busy time counts where it was granted). A bin is some whole folds, or
    an equal share of the steps of a layer without folds (``Program.bin_steps``); bin_start_cycles: the core cycle of its start.
    port_elements, port_words, port_lines: per port 0..3. dma_read_bytes, dma_write_bytes: moved with main memory, per region.
    dram: what main memory did, where it is a DRAM.
    counters: name -> [bank], what bank timings counted by themselves; -1 for a bank whose timing has no such counter.
    """

    start_cycle: int
    cycles: int
    compute_cycles: int
    stall_cycles: Int64Array
    bank_stall_cycles: Int64Array
    scratchpad_stall_cycles: Int64Array
    wait_cycles: Int64Array
    buffer_cycles: Int64Array
    reads: Int64Array
    writes: Int64Array
    dma_reads: Int64Array
    dma_writes: Int64Array
    forwarded_reads: Int64Array
    preempted_writes: Int64Array
    conflict_cycles: Int64Array
    busy_cycles: Int64Array
    conflict_timeline: Int64Array
    busy_timeline: Int64Array
    bin_start_cycles: Int64Array
    port_elements: Int64Array
    port_words: Int64Array
    port_lines: Int64Array
    dma_read_bytes: Int64Array
    dma_write_bytes: Int64Array
    dram: DramCounts | None = None
    counters: Mapping[str, Int64Array] = field(default_factory=dict)

    def differences(self, other: Outcome) -> list[str]:
        """Return the names of the fields in which two outcomes differ, with both values."""
        mine, theirs = dict(self._cells()), dict(other._cells())
        return [
            f"{name}: {mine.get(name)} != {theirs.get(name)}"
            for name in {**mine, **theirs}
            if name not in mine or name not in theirs or not np.array_equal(mine[name], theirs[name])
        ]

    def _cells(self) -> Iterator[tuple[str, Int64Array | int]]:
        """Yield all counts by name, including those of the DRAM and the counters of bank timings."""
        for item in fields(self):
            if item.name not in ("dram", "counters"):
                yield item.name, getattr(self, item.name)
        for name, counted in self.counters.items():
            yield f"counters.{name}", counted
        for item in fields(DramCounts) if self.dram is not None else ():
            yield f"dram.{item.name}", getattr(self.dram, item.name)


def without_banks(
    start_cycle: int, compute_cycles: int, stall_cycles: Int64Array, *, read_bytes: int, written_bytes: int
) -> Outcome:
    """Return the outcome of a layer on a machine without scratchpads, banks and ports; ``stall_cycles`` is [cause, port].

    The layer takes ``compute_cycles`` plus all stalled cycles. It reads ``read_bytes`` from main memory and writes
    ``written_bytes`` to it.
    """
    none, nothing = np.zeros(0, np.int64), np.zeros(4, np.int64)
    no_bins = np.zeros((0, 0), np.int64)
    causes, ports = stall_cycles.shape
    return Outcome(
        start_cycle=start_cycle,
        cycles=compute_cycles + int(stall_cycles.sum()),
        compute_cycles=compute_cycles,
        stall_cycles=stall_cycles,
        bank_stall_cycles=np.zeros((0, causes), np.int64),
        scratchpad_stall_cycles=np.zeros((0, causes), np.int64),
        wait_cycles=np.zeros((0, ports, ports), np.int64),
        buffer_cycles=np.zeros((0, 1), np.int64),
        reads=none,
        writes=none,
        dma_reads=none,
        dma_writes=none,
        forwarded_reads=none,
        preempted_writes=none,
        conflict_cycles=none,
        busy_cycles=none,
        conflict_timeline=no_bins,
        busy_timeline=no_bins,
        bin_start_cycles=none,
        port_elements=nothing,
        port_words=nothing,
        port_lines=nothing,
        dma_read_bytes=np.array([read_bytes], np.int64),
        dma_write_bytes=np.array([written_bytes], np.int64),
    )
