"""The traces of the reference engine: rows that its processes write down, handed over piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simcore.clock import core_cycle_of
from simcore.dram.outcome import COMMAND_CLOCK
from simcore.engine.reference.dram.requests import DramRequest
from simcore.engine.reference.requests import Request
from simcore.program.traces import NOTHING, Event, State, Take, Traced, in_order

#: The rows after which those of past cycles are handed over.
PIECE = 1 << 16


class AccessTrace:
    """The trace of all scratchpads. ``layer`` is the name of the layer that runs."""

    def __init__(self, traced: Traced, take: Take) -> None:
        self.traced, self.take, self.layer = traced, take, ""
        self._rows: list[tuple[int, ...]] = []

    def note(self, event: Event, request: Request, bank_port: int, cycle: int) -> None:
        """Note an event of this cycle; ``bank_port`` is the port of the bank, or NOTHING."""
        if not self.traced.holds(cycle):
            return
        if len(self._rows) >= PIECE and self._rows[-1][0] < cycle:
            self.hand_over()
        done, free = request.done_at, request.free_at
        if event != Event.GRANTED:
            done, free = (done if event == Event.FORWARDED else NOTHING), NOTHING
        place = (request.scratchpad, request.bank, bank_port, request.row)
        self._rows.append((cycle, *place, request.port, request.op, event, request.arrive, done, free))

    def hand_over(self) -> None:
        """Hand over all rows."""
        if self._rows:
            self.take(self.layer, in_order(np.array(self._rows, dtype=np.int64)))
        self._rows = []


class ArrayTrace:
    """The trace of the array, to which every cycle of a layer is told once, and of the DMA's bursts.

    ``layer`` is the name of the layer that runs.
    """

    def __init__(self, traced: Traced, states: Take, bursts: Take) -> None:
        self.traced, self.take_states, self.take_bursts, self.layer = traced, states, bursts, ""
        self._states: list[list[int]] = []
        self._bursts: list[tuple[int, int]] = []

    def note(self, cycle: int, state: tuple[int, ...]) -> None:
        """Note what the array does in this cycle: the columns of State from CAUSE on."""
        if not self.traced.holds(cycle):
            return
        last = self._states[-1] if self._states else None
        if last is not None and last[State.CAUSE :] == list(state) and last[State.CYCLE] + last[State.CYCLES] == cycle:
            last[State.CYCLES] += 1
            return
        if len(self._states) >= PIECE:
            self.hand_over()
        self._states.append([cycle, 1, *state])

    def outstanding(self, cycle: int, bursts: int) -> None:
        """Note how many bursts are on their way in this cycle."""
        if self.traced.holds(cycle) and (not self._bursts or self._bursts[-1][1] != bursts):
            self._bursts.append((cycle, bursts))

    def hand_over(self) -> None:
        """Hand over all rows."""
        if self._states:
            self.take_states(self.layer, np.array(self._states, dtype=np.int64))
        if self._bursts:
            self.take_bursts(self.layer, np.array(self._bursts, dtype=np.int64))
        self._states, self._bursts = [], []


class _DramRows:
    """Rows about a DRAM, one of whose cycles lasts ``ratio[0] / ratio[1]`` core cycles. ``layer`` is the layer that runs."""

    def __init__(self, traced: Traced, take: Take, ratio: tuple[int, int]) -> None:
        self.traced, self.take, self.ratio, self.layer = traced, take, ratio, ""
        self._rows: list[Sequence[int]] = []

    def _add(self, row: Sequence[int]) -> None:
        self._rows.append(row)
        if len(self._rows) >= PIECE:
            self.hand_over()

    def hand_over(self) -> None:
        """Hand over all rows."""
        if self._rows:
            self.take(self.layer, np.array(self._rows, dtype=np.int64))
        self._rows = []


class DramTrace(_DramRows):
    """The trace of a DRAM's transactions."""

    def note(self, request: DramRequest, address: int) -> None:
        """Note a transaction that its controller has just accepted."""
        cycle = core_cycle_of(request.arrive, *self.ratio)
        if self.traced.holds(cycle):
            self._add((cycle, request.arrive, request.bank[0], address, request.op, request.kind))


class CommandTrace(_DramRows):
    """The trace of a DRAM's commands."""

    def note(self, command: list[int]) -> None:
        """Note a command that was just issued: a row of `simcore.dram.outcome.DramOutcome.commands`."""
        if not self.traced.is_over(core_cycle_of(command[COMMAND_CLOCK], *self.ratio)):
            self._add(command)
