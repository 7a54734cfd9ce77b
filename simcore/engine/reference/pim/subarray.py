"""A subarray as a process: it asks for the commands of its operations, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import simpy

from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.pim.bank import Bank
from simcore.pim.limits import CAUSES
from simcore.pim.sequence import NONE, Sequence
from simcore.pim.work import Node


class Step(NamedTuple):
    """One operation, by the columns of `Sequence.operations`."""

    first: int
    second: int
    first_row: int
    second_row: int
    transfer: int
    bursts: int
    hold: int

    @property
    def copies(self) -> bool:
        """Return whether it copies a row to the other subarray of the pair."""
        return self.second != NONE and self.bursts > 0

    @property
    def moves(self) -> bool:
        """Return whether it moves data over the channel's bus."""
        return self.second == NONE and self.bursts > 0


class Ask(NamedTuple):
    """A command that a subarray wants, or that its row be given to the periphery (``command`` is NONE).

    ``begins`` says that it is the first command of its operation, ``ends`` that it is the last, the precharge. What it waits for
    is charged to the precharge if it comes ``between``. ``elsewhere`` says that it goes to the other subarray of the pair.
    """

    command: int
    row: int
    column: int = -1
    begins: bool = False
    ends: bool = False
    between: bool = False
    elsewhere: bool = False


@dataclass(eq=False)
class Pace:
    """Subarrays that keep step: how many operations each has begun and has in all."""

    members: list[Subarray]

    def level(self) -> float:
        """Return the highest operation that a member may begin now: all members must have begun the one before."""
        return min((member.begun for member in self.members if member.begun < len(member.sequence)), default=float("inf"))


class Subarray:
    """One subarray that computes. ``ask`` is what it wants; the channel grants it, and notes what it waited for in ``stalls``.

    ``unit`` is its number in the work. ``step`` is the operation that it asks for or has begun. ``row_ready`` is the cycle in
    which its row can be given to the periphery, ``row_free`` the cycle in which the periphery needs it no more.
    """

    def __init__(self, clock: DramClock, unit: tuple[int, Node], sequence: Sequence, rows: int, bank: Bank) -> None:
        self.clock, self.sequence = clock, sequence
        self.unit, self.node = unit
        self.other = (*self.node[:-1], self.node[-1] ^ 1)
        self.rows, self.bank = rows, bank
        self.ask: Ask | None = None
        self.granted = clock.event()
        self.begun = 0
        self.stalls = dict.fromkeys(CAUSES, 0)
        self.finished = self.row_ready = self.row_free = 0
        self.step = Step(*[NONE] * 7)
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
        for operations in repeat(self.sequence.operations.tolist(), self.sequence.repeats):
            for row in operations:
                self.step = Step(*row)
                for ask in self._asks(self.step):
                    self.ask, self.granted = ask, self.clock.event()
                    yield self.granted

    def _asks(self, step: Step) -> Iterator[Ask]:
        row = self.node[-1] * self.rows + step.first_row
        yield Ask(step.first, row, begins=True)
        if step.copies:
            yield from self._copies(step, row)
        elif step.second != NONE:
            row = self.node[-1] * self.rows + step.second_row
            yield Ask(step.second, row)
        for column in range(step.bursts if step.moves else 0):
            yield Ask(step.transfer, row, column, between=True)
        if step.hold:
            yield Ask(NONE, row)
        yield Ask(self.bank.precharge, row, ends=True)

    def _copies(self, step: Step, row: int) -> Iterator[Ask]:
        to_row = self.other[-1] * self.rows + step.second_row
        for _ in range(step.bursts):
            yield Ask(step.transfer, row, between=True)
        yield Ask(step.second, to_row, between=True, elsewhere=True)
        yield Ask(self.bank.precharge, to_row, between=True, elsewhere=True)
