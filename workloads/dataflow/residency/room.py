"""Room in the scratchpads over time: tensors that stay take lines from the top, and each layer works in the lines below them."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

import numpy as np

from simcore.program.program import Int64Array
from simcore.spec.system import System
from workloads.dataflow.residency.views import Place


@dataclass(frozen=True)
class Stay:
    """A place that is taken from the layer at position ``first`` to that at ``last``, both included."""

    first: int
    last: int
    place: Place


class Room:
    """The scratchpads of a machine, and what stays in them while a network's layers run."""

    def __init__(self, system: System, layers: int) -> None:
        """Begin with empty scratchpads."""
        self.line_bytes = {str(name): pad.line_bytes for name, pad in system.scratchpads.items()}
        self.lines = {str(name): pad.capacity_bytes // pad.line_bytes for name, pad in system.scratchpads.items()}
        self._banks = {str(name): pad.banks for name, pad in system.scratchpads.items()}
        #: The places that are taken, the highest first.
        self._stays: dict[str, list[Stay]] = {name: [] for name in self.lines}
        #: For each layer the lowest line that is taken, and how many tensors stay.
        self._lowest = {name: np.full(layers, lines, dtype=np.int64) for name, lines in self.lines.items()}
        self._staying = {name: np.zeros(layers, dtype=np.int64) for name in self.lines}

    def lines_for(self, pad: str, size_bytes: int) -> int:
        """Return the lines of a place for so many bytes, in whole rows of banks."""
        row = self.line_bytes[pad] * self._banks[pad]
        return -(-size_bytes // row) * self._banks[pad]

    def add(self, stay: Stay) -> None:
        """Take a place."""
        pad, span = stay.place.pad, slice(stay.first, stay.last + 1)
        insort(self._stays[pad], stay, key=_from_the_top)
        self._lowest[pad][span] = np.minimum(self._lowest[pad][span], stay.place.base_line)
        self._staying[pad][span] += 1

    def remove(self, stay: Stay) -> None:
        """Give a place back."""
        pad, lowest = stay.place.pad, self._lowest[stay.place.pad]
        self._stays[pad] = [other for other in self._stays[pad] if other is not stay]
        self._staying[pad][stay.first : stay.last + 1] -= 1
        lowest[stay.first : stay.last + 1] = self.lines[pad]
        for other in self._meeting(pad, stay.first, stay.last):
            span = slice(max(stay.first, other.first), min(stay.last, other.last) + 1)
            lowest[span] = np.minimum(lowest[span], other.place.base_line)

    def staying(self, pad: str) -> Int64Array:
        """Return how many tensors stay in a scratchpad while each layer runs."""
        return self._staying[pad]

    def working(self, pad: str, position: int) -> Place:
        """Return the lines in which a layer may work, in whole rows of banks."""
        lines = int(self._lowest[pad][position])
        return Place(pad, 0, lines - lines % self._banks[pad])

    def place_for(self, pad: str, lines: int, first: int, last: int, reserved: Int64Array) -> Stay | None:
        """Return the highest free place of so many lines from one layer to another, or None.

        ``reserved`` are the lines that are to be left for each layer's work.
        """
        end = self.lines[pad]
        for other in self._meeting(pad, first, last):
            if other.place.end <= end - lines:
                break  # so does each that follows
            end = min(end, other.place.base_line)
        if end < lines:
            return None
        left = np.minimum(self._lowest[pad][first : last + 1], end - lines)
        if (left < reserved[first : last + 1]).any():
            return None
        return Stay(first, last, Place(pad, end - lines, lines))

    def _meeting(self, pad: str, first: int, last: int) -> list[Stay]:
        """Return the places that are taken while one of these layers runs, the highest first."""
        return [stay for stay in self._stays[pad] if stay.first <= last and first <= stay.last]


def _from_the_top(stay: Stay) -> int:
    return -stay.place.end
