"""A subarray as a process: it asks for the commands of its operations, one after the other."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

import simpy

from simcore.engine.reference.dram.clock import DramClock
from simcore.pim.limits import CAUSES
from simcore.pim.sequence import NONE, Sequence
from simcore.pim.work import Node


class Ask(NamedTuple):
    """A command that a subarray wants. ``begins`` says that it is the first of its operation."""

    command: int
    row: int
    begins: bool


@dataclass(eq=False)
class Pace:
    """Subarrays that keep step: how many operations each has begun and has in all."""

    members: list[Subarray]

    def level(self) -> float:
        """Return the highest operation that a member may begin now: all members must have begun the one before."""
        return min((member.begun for member in self.members if member.begun < len(member.sequence)), default=float("inf"))


class Subarray:
    """One subarray that computes. ``ask`` is what it wants; the channel grants it, and notes what it waited for in ``stalls``."""

    def __init__(self, clock: DramClock, node: Node, sequence: Sequence, rows: int, precharge: int) -> None:
        self.clock, self.node, self.sequence = clock, node, sequence
        self.precharge, self.first_row = precharge, node[-1] * rows
        self.ask: Ask | None = None
        self.granted = clock.event()
        self.begun = 0
        self.stalls = dict.fromkeys(CAUSES, 0)
        self.finished = 0
        clock.process(self._run())

    @property
    def begins(self) -> bool:
        """Return whether it asks for the first command of an operation."""
        return self.ask is not None and self.ask.begins

    @property
    def operation(self) -> int:
        """Return the number of the operation of the command that it asks for."""
        return self.begun if self.begins else self.begun - 1

    def grant(self) -> None:
        """Tell the process that its command was issued."""
        if self.begins:
            self.begun += 1
        self.ask = None
        self.granted.succeed()

    def _run(self) -> Generator[simpy.Event, object, None]:
        for first, second, first_row, second_row in self.sequence.operations.tolist():
            yield self._asking(Ask(first, self.first_row + first_row, begins=True))
            if second != NONE:
                yield self._asking(Ask(second, self.first_row + second_row, begins=False))
            yield self._asking(Ask(self.precharge, self.first_row + (first_row if second == NONE else second_row), begins=False))

    def _asking(self, ask: Ask) -> simpy.Event:
        self.ask, self.granted = ask, self.clock.event()
        return self.granted
