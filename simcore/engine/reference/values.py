"""The path of numbers from the elements that ports deliver to the PEs, and from the PEs to the words of the results."""

from __future__ import annotations

from collections.abc import Sequence

from simcore.engine.reference.operands import Operands
from simcore.engine.reference.pe import PeArray
from simcore.engine.reference.requests import Element
from simcore.errors import WrongValuesError
from simcore.program.program import Port, Program, Seg


class ValueFlow:
    """The flow that feeds the PEs of one or several arrays and collects their results.

    ``arrays`` are the arrays of the Program's split, by their numbers. What enters from the west goes to all arrays side by side,
    what enters from the north to all arrays that have the column. A result is written after the COMPUTE phase in which it left
    its array.
    """

    def __init__(self, program: Program, arrays: Sequence[PeArray], operands: Operands) -> None:
        self.program, self.arrays, self.operands, self.split = program, arrays, operands, program.split
        self._partial_sums: list[int] = []
        self._posted: list[tuple[Element, list[int]]] = []

    def consumed(self, port: Port, element: Element) -> None:
        """Pass the values of a read element that the array consumed to the lanes' edge registers."""
        values = self.operands.values(element)
        if port == Port.PSUM:
            self._partial_sums = values
            return
        segment, fold = self.program.segments[port][element.segment], element.segment
        feed = self._feed_north if port == self.arrays[0].roles.north else self._feed_west
        for number, value in enumerate(values):
            place = self._place(segment, element, number)
            if place is not None:
                time, group, lane = place
                feed(fold, group, lane, int(segment[Seg.TIMES]) - 1 - time if segment[Seg.REVERSE] else time, value)

    def _feed_north(self, fold: int, group: int, lane: int, time: int, value: int) -> None:
        column, lane = divmod(lane, self.split.columns_each(self.program.folds[fold]))
        for dealt in range(self.split.dealt):
            self.arrays[self.split.number(group, dealt, column)].from_north[lane, fold, time] = value

    def _feed_west(self, fold: int, group: int, lane: int, time: int, value: int) -> None:
        if self.arrays[0].roles.held is Port.OUTPUT:
            lane, dealt = divmod(lane, self.split.dealt)
        else:
            time, dealt = divmod(time, self.split.dealt)
        for column in range(self.split.columns):
            self.arrays[self.split.number(group, dealt, column)].from_west[lane, fold, time] = value

    def step(self, number: int) -> None:
        """Let every PE of every array execute a step in this cycle's COMPUTE phase."""
        for array in self.arrays:
            array.step(number)

    def posted(self, element: Element) -> None:
        """Note an output element that the write buffer took. Its values leave the array in this cycle's COMPUTE phase."""
        self._posted.append((element, self._partial_sums))
        self._partial_sums = []

    def settle(self) -> None:
        """Write the results that left the array in the last cycle, each added to the partial sum read for it."""
        for element, partial_sums in self._posted:
            segment = self.program.segments[Port.OUTPUT][element.segment]
            for number, word in enumerate(element.words):
                place = self._place(segment, element, number)
                if word is not None and place is not None:
                    value = self._result(element.segment, *place) + (partial_sums[number] if partial_sums else 0)
                    self.operands.write(element.region, *word, value)
        self._posted = []

    def _result(self, fold: int, time: int, group: int, lane: int) -> int:
        """Take a result that left its array. Raise WrongValuesError if none did."""
        time, dealt = divmod(time, self.split.dealt)
        column, lane = divmod(lane, self.split.columns_each(self.program.folds[fold]))
        value = self.arrays[self.split.number(group, dealt, column)].results.pop((fold, time, lane), None)
        if value is None:
            raise WrongValuesError(f"no result left lane {lane} of the array: time {time}, fold {fold}")
        return value

    def _place(self, segment: Sequence[int], element: Element, number: int) -> tuple[int, int, int] | None:
        """Return (time index, group of the fold, lane) of one of an element's words, or None for a word that is not there."""
        vector, lane = divmod(number, int(segment[Seg.LANES]))
        time = element.number - lane if segment[Seg.SKEWED] else element.number * int(segment[Seg.JOINED]) + vector
        if not 0 <= time < segment[Seg.TIMES]:
            return None
        return time, *divmod(lane, int(segment[Seg.LANES]) // self.program.folds[element.segment].groups)
