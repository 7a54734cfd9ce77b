"""What the DRAM devices of the reference engine took: commands, counts per rank, and how long a rank had an open bank."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram

#: The numbers per level of a node, from the channel on.
Node = tuple[int, ...]


@dataclass(slots=True)
class CommandRecord:
    """All channels together; the commands themselves are kept only where ``keeps_commands`` asks for it."""

    dram: ResolvedDram
    keeps_commands: bool
    last_command: int = 0
    _commands: list[list[int]] = field(default_factory=list)
    _issued: dict[tuple[Node, int], int] = field(default_factory=dict)
    #: Per rank: open banks, since when there is one, and for how long there was one.
    _open_banks: dict[Node, int] = field(default_factory=dict)
    _open_since: dict[Node, int] = field(default_factory=dict)
    _open_cycles: dict[Node, int] = field(default_factory=dict)

    def note(self, command: int, bank: Node, row: int, column: int, now: int) -> None:
        """A command was issued; ``bank`` is the first it addresses."""
        rank, self.last_command = bank[: self.dram.rank_level + 1], now
        self._issued[rank, command] = self._issued.get((rank, command), 0) + 1
        if self.keeps_commands:
            level = int(self.dram.command_level[command])
            address = [number if at <= level else -1 for at, number in enumerate(bank[: self.dram.bank_level + 1])]
            self._commands.append([now, command, *address, row, column])

    def note_open(self, bank: Node, more: int, now: int) -> None:
        """A bank was opened (``more`` 1) or closed (-1)."""
        rank = bank[: self.dram.rank_level + 1]
        before = self._open_banks.get(rank, 0)
        self._open_banks[rank] = before + more
        if before == 0:
            self._open_since[rank] = now
        elif before + more == 0:
            self._open_cycles[rank] = self._open_cycles.get(rank, 0) + now - self._open_since[rank]

    def commands(self) -> IntArray:
        """The commands as `DramOutcome.commands`. Channels issue in any order; sorted, each bus keeps its own."""
        found = sorted(self._commands, key=lambda row: (row[0], row[2]))
        return np.array(found, dtype=np.int64).reshape(-1, 2 + len(self.dram.levels))

    def issued(self) -> IntArray:
        """Commands issued: [rank, command]."""
        counts = [[self._issued.get((rank, command), 0) for command in range(len(self.dram.commands))] for rank in self._ranks()]
        return np.array(counts, dtype=np.int64)

    def open_cycles(self, end: int) -> IntArray:
        """Per rank: the cycles before ``end`` in which a bank of it was open."""
        still_open = {rank: end - self._open_since[rank] for rank, banks in self._open_banks.items() if banks}
        return np.array([self._open_cycles.get(rank, 0) + still_open.get(rank, 0) for rank in self._ranks()], dtype=np.int64)

    def _ranks(self) -> list[Node]:
        return list(np.ndindex(*self.dram.counts[: self.dram.rank_level + 1]))
