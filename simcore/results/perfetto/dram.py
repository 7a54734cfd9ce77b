"""The tracks of a DRAM: ranks with an open row or a refresh, their bursts on the data bus, and the open row of every bank."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.dram.outcome import COMMAND_CLOCK, COMMAND_LEVELS, COMMAND_NUMBER
from simcore.dram.tables import FOLLOWING, LATENCY, PRECEDING, SIBLING, IntArray, ResolvedDram
from simcore.results.perfetto.writer import PerfettoFile

#: The numbers of a node per level of the standard, from the channel on.
Node = tuple[int, ...]


@dataclass(eq=False)
class DramTracks:
    """The tracks of a DRAM, one of whose cycles lasts ``clock[0] / clock[1]`` core cycles.

    Slices are cut to core cycles from ``first`` up to, not with, ``end``; ``dram_cycles`` of a slice is its whole length. A row
    is open from its activation to the command that closes it. Banks have tracks only where they keep one row open.
    """

    out: PerfettoFile
    dram: ResolvedDram
    clock: tuple[int, int] = (1, 1)
    first: int = 0
    end: int | None = None
    #: The open row of each node that keeps one, and since which DRAM cycle.
    _open: dict[Node, tuple[int, int]] = field(default_factory=dict)
    #: Per rank: the open rows, and since which DRAM cycle there is one.
    _rows: dict[Node, int] = field(default_factory=dict)
    _since: dict[Node, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._per_bank = self.dram.row_level == self.dram.bank_level
        self._refreshing = {number: refresh_cycles(self.dram, number) for number in np.flatnonzero(self.dram.refreshes).tolist()}
        self._root = self.out.track("DRAM")

    def commands(self, rows: IntArray, at: int = 0) -> None:
        """Add commands (`simcore.dram.outcome.DramOutcome.commands`) in the order in which a channel issued them.

        Their clock counts from DRAM cycle ``at``.
        """
        depth = self.dram.bank_level + 1
        for values in rows.tolist():
            now, command = values[COMMAND_CLOCK] + at, values[COMMAND_NUMBER]
            node, row, column = tuple(values[COMMAND_LEVELS : COMMAND_LEVELS + depth]), values[-2], values[-1]
            reached = tuple(number for number in node if number >= 0)
            if self.dram.opens[command]:
                self._opens(node, row, now)
            if self.dram.closes[command]:
                self._closes(reached, row, now)
            if self.dram.reads[command] or self.dram.writes[command]:
                self._burst(node, row, column, now, reads=bool(self.dram.reads[command]))
            if self.dram.refreshes[command]:
                self._put(self._node(reached), "refresh", now, now + self._refreshing[command], {})

    def close(self, end: int) -> None:
        """End what is open after core cycle ``end``, through which the DRAM ran last. No slice goes on beyond its begin."""
        self.end, cycle = end, domain_cycle_at(end + 1, *self.clock)
        for node in list(self._open):
            self._close(node, cycle)

    def _opens(self, bank: Node, row: int, now: int) -> None:
        node, rank = self._keeper(bank, row), bank[: self.dram.rank_level + 1]
        if node in self._open:  # a further row of a subarray is raised
            return
        self._open[node] = row, now
        if not self._rows.get(rank):
            self._since[rank] = now
        self._rows[rank] = self._rows.get(rank, 0) + 1

    def _keeper(self, bank: Node, row: int) -> Node:
        """Return what keeps a row open: the bank, or the row's subarray."""
        return bank if self._per_bank else (*bank, row // self.dram.rows_per_subarray)

    def _closes(self, reached: Node, row: int, now: int) -> None:
        depth = self.dram.bank_level + 1
        exact = self._keeper(reached, row) if len(reached) == depth else reached
        for node in [node for node in self._open if node[: len(exact)] == exact]:
            self._close(node, now)

    def _close(self, node: Node, now: int) -> None:
        row, since = self._open.pop(node)
        rank = node[: self.dram.rank_level + 1]
        if self._per_bank:
            self._put(self._node(node), f"row {row}", since, now, {"row": row})
        self._rows[rank] -= 1
        if not self._rows[rank]:
            self._put(self._node(rank), "a row is open", self._since[rank], now, {})

    def _burst(self, bank: Node, row: int, column: int, now: int, *, reads: bool) -> None:
        begin = now + (self.dram.read_latency if reads else self.dram.write_latency)
        more: dict[str, str | int] = {"bank": self._name(bank, 1), "row": row, "column": column}
        name = "read" if reads else "write"
        bus = self.out.child("data bus", self._node(bank[: self.dram.rank_level + 1]), 0)
        self._put(bus, name, begin, begin + self.dram.burst_cycles, more)

    def _put(self, track: int, name: str, begin: int, end: int, more: dict[str, str | int]) -> None:
        """Add a slice, as far as it lies in the wanted cycles."""
        first, last = core_cycle_of(begin, *self.clock), core_cycle_of(end, *self.clock)
        if last <= self.first or (self.end is not None and first >= self.end) or self.out.is_full(first):
            return
        last = last if self.end is None else min(last, self.end)
        self.out.slice(track, name, max(first, self.first), last, {**more, "dram_cycles": end - begin})

    # Tracks -------------------------------------------------------------------------------------------------------------------

    def _node(self, node: Node) -> int:
        """Return the track of a channel, rank or bank."""
        if not node:
            return self._root
        rank = self.dram.rank_level + 1
        above = rank if len(node) > rank else 1 if len(node) > 1 else 0
        place = 1  # behind a data bus
        for number, nodes in zip(node, self.dram.counts, strict=False):
            place = place * nodes + number
        return self.out.child(self._name(node, above), self._node(node[:above]), place)

    def _name(self, node: Node, above: int) -> str:
        """Return the name of a node without the numbers of the first levels, such as ``bankgroup 1 bank 2``."""
        return " ".join(f"{level} {number}" for level, number in list(zip(self.dram.levels, node, strict=False))[above:])


def refresh_cycles(dram: ResolvedDram, command: int) -> int:
    """Return the cycles from a refresh until what it refreshes may be activated."""
    table = dram.constraints
    ends = (table[:, PRECEDING] == command) & (table[:, FOLLOWING] == dram.roles["activate"]) & (table[:, SIBLING] == 0)
    return int(table[ends, LATENCY].max(initial=0))
