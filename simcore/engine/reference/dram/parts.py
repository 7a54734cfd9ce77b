"""What the reference engine's DRAM controllers work with: requests, the clock of two turns per cycle, and the counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import simpy

from simcore.dram.tables import ResolvedDram
from simcore.dram.write_pulse import Pulse
from simcore.engine.reference.dram.device import Address, Node


@dataclass(slots=True, eq=False)
class DramRequest:
    """A read or write on its way, with what is noted about it."""

    op: int
    earliest: int
    line: int
    bank: Node
    row: int
    column: int
    arrive: int = -1
    depart: int = -1
    kind: int = 0
    counted: bool = False
    pulse: Pulse = "worst"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """An entry of the priority queue: a refresh, or a precharge of the row policy."""

    command: int
    address: Address


class DramClock(simpy.Environment):
    """In every cycle the controllers come first, then the frontend: what it offers is seen a cycle later."""

    def controllers(self, cycle: int) -> simpy.Event:
        """The controllers' turn in a cycle."""
        return self._at(cycle, 10)

    def frontend(self, cycle: int) -> simpy.Event:
        """The frontend's turn in a cycle."""
        return self._at(cycle, 11)

    @property
    def cycle(self) -> int:
        """The current cycle."""
        return int(self.now)

    def _at(self, cycle: int, priority: Any) -> simpy.Event:
        event = simpy.Event(self)
        event._ok, event._value = True, None
        self.schedule(event, priority, cycle - self.cycle)
        return event


@dataclass(slots=True)
class Tally:
    """What all controllers count together."""

    dram: ResolvedDram
    record: bool
    commands: list[list[int]] = field(default_factory=list)
    issued: dict[tuple[Node, int], int] = field(default_factory=dict)
    banks: dict[tuple[Node, int], int] = field(default_factory=dict)
    open_cycles: dict[Node, int] = field(default_factory=dict)
    last_command: int = 0

    def note(self, command: int, bank: Node, row: int, column: int, now: int) -> None:
        """A command was issued; ``bank`` is the first it addresses."""
        rank, self.last_command = bank[: self.dram.rank_level + 1], now
        self.issued[rank, command] = self.issued.get((rank, command), 0) + 1
        if self.record:
            level = int(self.dram.command_level[command])
            address = [number if at <= level else -1 for at, number in enumerate(bank)]
            self.commands.append([now, command, *address, row, column])
