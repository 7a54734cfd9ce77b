"""The record of the DRAM devices of the reference engine: commands, counts per rank, and the time with an open bank per rank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram

#: The numbers per level of a node, from the channel on.
Node = tuple[int, ...]


@dataclass(slots=True)
class CommandRecord:
    """The record of all channels. It keeps the commands themselves only with ``keeps_commands``, and tells them to ``tell``."""

    dram: ResolvedDram
    keeps_commands: bool
    last_command: int = 0
    tell: Callable[[list[int]], None] | None = None
    _commands: list[list[int]] = field(default_factory=list)
    _issued: dict[tuple[Node, int], int] = field(default_factory=dict)
    #: Per rank: the number of open banks, the cycle since which there is one, and the cycles in which there was one.
    _open_banks: dict[Node, int] = field(default_factory=dict)
    _open_since: dict[Node, int] = field(default_factory=dict)
    _open_cycles: dict[Node, int] = field(default_factory=dict)

    def note(self, command: int, bank: Node, row: int, column: int, now: int) -> None:
        """Note a command. ``bank`` is the first bank that it addresses."""
        rank, self.last_command = bank[: self.dram.rank_level + 1], now
        self._issued[rank, command] = self._issued.get((rank, command), 0) + 1
        if not self.keeps_commands and self.tell is None:
            return
        level = int(self.dram.command_level[command])
        address = [number if at <= level else -1 for at, number in enumerate(bank[: self.dram.bank_level + 1])]
        found = [now, command, *address, row, column]
        if self.keeps_commands:
            self._commands.append(found)
        if self.tell is not None:
            self.tell(found)

    def note_open(self, bank: Node, more: int, now: int) -> None:
        """Note that a bank was opened (``more`` 1) or closed (-1)."""
        rank = bank[: self.dram.rank_level + 1]
        before = self._open_banks.get(rank, 0)
        self._open_banks[rank] = before + more
        if before == 0:
            self._open_since[rank] = now
        elif before + more == 0:
            self._open_cycles[rank] = self._open_cycles.get(rank, 0) + now - self._open_since[rank]

    def commands(self) -> IntArray:
        """Return the commands as `DramOutcome.commands`. Channels record in any order; a sort keeps the order on each bus."""
        found = sorted(self._commands, key=lambda row: (row[0], row[2]))
        return np.array(found, dtype=np.int64).reshape(-1, 2 + len(self.dram.levels))

    def issued(self) -> IntArray:
        """Return the number of issued commands as [rank, command]."""
        counts = [[self._issued.get((rank, command), 0) for command in range(len(self.dram.commands))] for rank in self._ranks()]
        return np.array(counts, dtype=np.int64)

    def open_cycles(self, end: int) -> IntArray:
        """Return, per rank, the cycles before ``end`` in which one of its banks was open."""
        still_open = {rank: end - self._open_since[rank] for rank, banks in self._open_banks.items() if banks}
        return np.array([self._open_cycles.get(rank, 0) + still_open.get(rank, 0) for rank in self._ranks()], dtype=np.int64)

    def _ranks(self) -> list[Node]:
        return list(np.ndindex(*self.dram.counts[: self.dram.rank_level + 1]))
