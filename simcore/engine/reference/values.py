"""The path of numbers from the elements that ports deliver to the PEs, and from the PEs to the words of the results."""

from __future__ import annotations

from simcore.engine.reference.operands import Operands
from simcore.engine.reference.pe import PeArray
from simcore.engine.reference.requests import Element
from simcore.errors import WrongValuesError
from simcore.program.program import Port, Program, Seg


class ValueFlow:
    """The flow that feeds the PEs and collects their results.

    A result is written after the COMPUTE phase in which it left the array.
    """

    def __init__(self, program: Program, pes: PeArray, operands: Operands) -> None:
        self.program, self.pes, self.operands = program, pes, operands
        self._partial_sums: list[int] = []
        self._posted: list[tuple[Element, list[int]]] = []

    def consumed(self, port: Port, element: Element) -> None:
        """Pass the values of a read element that the array consumed to the lanes' edge registers."""
        values = self.operands.values(element)
        if port == Port.PSUM:
            self._partial_sums = values
            return
        segment = self.program.segments[port][element.segment]
        feed = self.pes.feed_of(port)
        for lane, value in enumerate(values):
            time = self._time(port, element, lane)
            if time is not None:
                feed[lane, element.segment, int(segment[Seg.TIMES]) - 1 - time if segment[Seg.REVERSE] else time] = value

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
                    value = self.pes.results.pop((element.segment, time, lane), None)
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
