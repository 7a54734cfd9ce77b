"""The outcome of a run of a DRAM controller, from either engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram

# Operations of a trace.
READ, WRITE = 0, 1

# Columns of `DramOutcome.commands`: the clock, the command, then the numbers per level of the standard (-1 below the addressed
# node).
COMMAND_CLOCK, COMMAND_NUMBER, COMMAND_LEVELS = 0, 1, 2

# Columns of `DramOutcome.banks`.
BANK_COLUMNS = ("read_hits", "read_misses", "read_conflicts", "write_hits", "write_misses", "write_conflicts")


@dataclass(frozen=True, slots=True)
class LatencyStatistics:
    """Latencies in cycles, from arrival in the queue to the end of the data (reads) or to the write command (writes).

    Percentiles are nearest-rank: the smallest latency that this percentage of the requests does not exceed.
    """

    requests: int
    mean: float
    p50: int
    p95: int
    p99: int
    max: int


@dataclass(frozen=True, slots=True)
class DramOutcome:
    """Cycles, commands, and the times at which each request arrived in a queue and was done.

    ``arrive`` and ``depart`` have one value per request, in trace order. A read departs when its data has arrived; a forwarded
    read departs a cycle after it came. A write departs in the cycle of its WR command; a write merged into a waiting one departs
    when it arrives. ``kind`` is 0 for a request served by a command, 1 for a read forwarded from a waiting write, 2 for a merged
    write.
    """

    dram: ResolvedDram
    cycles: int  # up to the last data and the last write command
    last_command_cycle: int
    arrive: IntArray
    depart: IntArray
    kind: IntArray
    op: IntArray
    commands: IntArray  # [n, 2 + levels], empty unless recorded
    command_counts: IntArray  # [ranks, commands]
    open_cycles: IntArray  # [ranks]: cycles in which a bank of the rank was open
    banks: IntArray  # [banks, 6]: BANK_COLUMNS, by the bank's state at the first command of a request

    @property
    def row_hits(self) -> int:
        """Return the number of requests whose row was open at their first command."""
        return int(self.banks[:, 0].sum() + self.banks[:, 3].sum())

    @property
    def row_misses(self) -> int:
        """Return the number of requests whose bank was closed at their first command."""
        return int(self.banks[:, 1].sum() + self.banks[:, 4].sum())

    @property
    def row_conflicts(self) -> int:
        """Return the number of requests whose bank had another row open at their first command."""
        return int(self.banks[:, 2].sum() + self.banks[:, 5].sum())

    @property
    def counts(self) -> dict[str, int]:
        """Return the commands issued, by name."""
        totals = self.command_counts.sum(axis=0)
        return {name: int(total) for name, total in zip(self.dram.commands, totals, strict=True)}

    @property
    def forwarded_reads(self) -> int:
        """Return the number of reads answered from a waiting write."""
        return int((self.kind == 1).sum())

    @property
    def coalesced_writes(self) -> int:
        """Return the number of writes merged into a waiting one."""
        return int((self.kind == 2).sum())

    @property
    def bytes_moved(self) -> int:
        """Return the bytes of all read and write commands."""
        columns = (self.dram.reads != 0) | (self.dram.writes != 0)
        return int(self.command_counts[:, columns].sum()) * self.dram.transaction_bytes

    @property
    def bandwidth_bytes_per_s(self) -> float:
        """Return the bytes moved, divided by the time of all cycles."""
        return self.bytes_moved * 1e12 / (self.cycles * self.dram.tck_ps) if self.cycles else 0.0

    @property
    def read_latency(self) -> LatencyStatistics:
        """Return the latency of all reads, including forwarded ones."""
        return _statistics((self.depart - self.arrive)[self.op == READ])

    @property
    def write_latency(self) -> LatencyStatistics:
        """Return the latency of all writes, including merged ones."""
        return _statistics((self.depart - self.arrive)[self.op == WRITE])


def _statistics(latencies: IntArray) -> LatencyStatistics:
    if not len(latencies):
        return LatencyStatistics(0, 0.0, 0, 0, 0, 0)
    ranked = np.sort(latencies)
    p50, p95, p99 = (int(ranked[-(-len(ranked) * percent // 100) - 1]) for percent in (50, 95, 99))
    return LatencyStatistics(len(ranked), float(ranked.mean()), p50, p95, p99, int(ranked[-1]))
