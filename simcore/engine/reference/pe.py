"""The PEs, one SimPy process each, which multiply the values that their neighbours pass on.

Registers exist twice: in each step the PEs read one set and write the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from itertools import product

import simpy

from simcore.clock import Phase
from simcore.engine.reference.clock import PhaseClock
from simcore.errors import WrongValuesError
from simcore.program.program import Fold, PeRoles, Port

#: A value that moves through the array: (value, fold, time index).
Packet = tuple[int, int, int]


def _taken(source: dict[tuple[int, int, int], int], lane: int, fold: int, time: int) -> int:
    """Remove from ``source`` and return the operand for a lane and a time. Raise WrongValuesError if none came."""
    value = source.pop((lane, fold, time), None)
    if value is None:
        raise WrongValuesError(f"no operand reached lane {lane} of the array for time {time} of fold {fold}")
    return value


class PeArray:
    """R x C processing elements. :meth:`step` runs them in COMPUTE of each cycle in which the array advances."""

    def __init__(self, clock: PhaseClock, roles: PeRoles, rows: int, columns: int, folds: tuple[Fold, ...]) -> None:
        """Start ``rows`` x ``columns`` PE processes, with empty registers, for the folds of one layer."""
        self.clock, self.roles, self.folds, self.rows, self.columns = clock, roles, folds, rows, columns
        self.pulse = clock.event()
        #: Operand values that the ports delivered: (row or column, fold, time) -> value.
        self.from_west: dict[tuple[int, int, int], int] = {}
        self.from_north: dict[tuple[int, int, int], int] = {}
        #: Values that left the array: (fold, time, lane) -> value.
        self.results: dict[tuple[int, int, int], int] = {}
        self._starts = [fold.stream_start for fold in folds]
        self._preloads = [fold.preload_start for fold in folds]
        self.west: list[dict[tuple[int, int], Packet]] = [{}, {}]
        self.north: list[dict[tuple[int, int], Packet]] = [{}, {}]
        places = list(product(range(rows), range(columns)))
        self.shadow: list[dict[tuple[int, int], int]] = [dict.fromkeys(places, 0) for _ in range(2)]
        self.sums: list[dict[tuple[int, int], int]] = [dict.fromkeys(places, 0) for _ in range(2)]
        process = self._output_stationary if roles.held is Port.OUTPUT else self._preloaded
        for row, column in places:
            clock.process(process(row, column))

    def step(self, number: int) -> None:
        """Let every PE execute array step ``number`` in this cycle's COMPUTE phase."""
        pulse, self.pulse = self.pulse, self.clock.event()
        self.clock.trigger(pulse, Phase.COMPUTE, number)

    def _streamed(self, step: int, lane: int, source: dict[tuple[int, int, int], int], lanes: str) -> Packet | None:
        """Return the value that the edge passes to its lane in a step. Lane l gets time t at stream_start + t + l."""
        fold = bisect_right(self._starts, step - lane) - 1
        if fold < 0:
            return None
        time = step - lane - self._starts[fold]
        if time >= self.folds[fold].times:
            return None
        if lane >= getattr(self.folds[fold], lanes):
            return 0, fold, time
        return _taken(source, lane, fold, time), fold, time

    def _west_input(self, step: int, row: int, column: int, old: int) -> Packet | None:
        if column == 0:
            return self._streamed(step, row, self.from_west, "rows")
        return self.west[old].pop((row, column - 1), None)

    def _north_input(self, step: int, row: int, column: int, old: int) -> Packet | None:
        if row == 0:
            return self._streamed(step, column, self.from_north, "columns")
        return self.north[old].pop((row - 1, column), None)

    def _preload_input(self, step: int, row: int, column: int, old: int) -> int:
        """Return the value that enters a PE's shadow register in this step.

        The value comes from the north edge, from the PE above, or from the PE itself while its operand holds still. Behind a wave
        column c begins c steps later, and the PE of row r moves only once the first value has come down to it.
        """
        at = step - column if self.roles.behind_wave else step
        fold = bisect_right(self._preloads, at) - 1
        shifted = at - self._preloads[fold] if fold >= 0 else self.rows
        if shifted >= self.rows or (self.roles.behind_wave and shifted < row):
            return self.shadow[old][row, column]
        if row:
            return self.shadow[old][row - 1, column]
        entering = self.rows - 1 - shifted
        if entering >= self.folds[fold].rows or column >= self.folds[fold].columns:
            return 0
        return _taken(self.from_north, column, fold, entering)

    def _preloaded(self, row: int, column: int) -> Generator[simpy.Event, int, None]:
        """Run a PE whose stationary operand is shifted in from the north. Partial sums move south, operands east.

        The PE holds two operands: one that it multiplies by, and the next one, which the first streamed value of a fold swaps in.
        """
        stationary = 0
        while True:
            step = yield self.pulse
            old, new = step % 2, 1 - step % 2
            packet = self._west_input(step, row, column, old)
            if packet is not None:
                value, fold, time = packet
                if time == 0:
                    stationary = self.shadow[old][row, column]
                total = value * stationary + (self.sums[old][row - 1, column] if row else 0)
                self.sums[new][row, column] = total
                self.west[new][row, column] = packet
                if row == self.rows - 1 and column < self.folds[fold].columns:
                    self.results[fold, time, column] = total
            self.shadow[new][row, column] = self._preload_input(step, row, column, old)

    def _output_stationary(self, row: int, column: int) -> Generator[simpy.Event, int, None]:
        """Run a PE that keeps its sum. Operands move east and south; the finished sum leaves over the column's bus."""
        total = 0
        while True:
            step = yield self.pulse
            old, new = step % 2, 1 - step % 2
            west, north = self._west_input(step, row, column, old), self._north_input(step, row, column, old)
            if west is None or north is None:
                continue
            value, fold, time = west
            total = (total if time else 0) + value * north[0]
            self.west[new][row, column], self.north[new][row, column] = west, north
            if time == self.folds[fold].times - 1 and row < self.folds[fold].rows and column < self.folds[fold].columns:
                self.results[fold, row, column] = total
