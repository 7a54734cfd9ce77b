"""The path of numbers from the elements that ports deliver to the PEs, and from the PEs to the words of the results."""

from __future__ import annotations

from collections.abc import Sequence

from simcore.engine.reference.operands import Operands
from simcore.engine.reference.pe import PeArray
from simcore.engine.reference.requests import Element
from simcore.errors import WrongValuesError
from simcore.program.arrays import columns_each
from simcore.program.program import Port, Program, Seg


class ValueFlow:
    """The flow that feeds the PEs of one or several arrays and collects their results.

    What enters from the west goes to every array, what enters from the north to the array that has the column. A result is
    written after the COMPUTE phase in which it left its array.
    """

    def __init__(self, program: Program, arrays: Sequence[PeArray], operands: Operands) -> None:
        self.program, self.arrays, self.operands = program, arrays, operands
        self._partial_sums: list[int] = []
        self._posted: list[tuple[Element, list[int]]] = []

    def consumed(self, port: Port, element: Element) -> None:
        """Pass the values of a read element that the array consumed to the lanes' edge registers."""
        values = self.operands.values(element)
        if port == Port.PSUM:
            self._partial_sums = values
            return
        segment = self.program.segments[port][element.segment]
        for lane, value in enumerate(values):
            time = self._time(port, element, lane)
            if time is not None:
                times = int(segment[Seg.TIMES]) - 1 - time if segment[Seg.REVERSE] else time
                self._feed(port, lane, element.segment, times, value)

    def _feed(self, port: Port, lane: int, fold: int, time: int, value: int) -> None:
        if port == self.arrays[0].roles.north:
            array, column = self._place(fold, lane)
            array.from_north[column, fold, time] = value
            return
        for array in self.arrays:
            array.from_west[lane, fold, time] = value

    def _place(self, fold: int, lane: int) -> tuple[PeArray, int]:
        """Return the array and its column in which a column of the fold lies."""
        array, column = divmod(lane, columns_each(self.program.folds[fold], len(self.arrays)))
        return self.arrays[array], column

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
            for lane, word in enumerate(element.words):
                time = self._time(Port.OUTPUT, element, lane)
                if word is not None and time is not None:
                    array, column = self._place(element.segment, lane)
                    value = array.results.pop((element.segment, time, column), None)
                    if value is None:
                        raise WrongValuesError(f"no result left lane {lane} of the array: time {time}, fold {element.segment}")
                    value += partial_sums[lane] if partial_sums else 0
                    self.operands.write(element.region, *word, value)
        self._posted = []

    def _time(self, port: Port, element: Element, lane: int) -> int | None:
        segment = self.program.segments[port][element.segment]
        if not segment[Seg.SKEWED]:
            return element.number
        time = element.number - lane
        return time if 0 <= time < segment[Seg.TIMES] else None
