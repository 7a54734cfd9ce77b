"""Room in the scratchpads over time: tensors that stay take lines from the top, and each layer works in the lines below them."""

from __future__ import annotations

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

    def meets(self, other: Stay) -> bool:
        """Return whether both take a line at one time."""
        return self.first <= other.last and other.first <= self.last and self.place.meets(other.place)


class Room:
    """The scratchpads of a machine, and what stays in them while a network's layers run."""

    def __init__(self, system: System, layers: int) -> None:
        """Begin with empty scratchpads."""
        self.line_bytes = {str(name): pad.line_bytes for name, pad in system.scratchpads.items()}
        self.lines = {str(name): pad.capacity_bytes // pad.line_bytes for name, pad in system.scratchpads.items()}
        self._banks = {str(name): pad.banks for name, pad in system.scratchpads.items()}
        self._stays: dict[str, list[Stay]] = {name: [] for name in self.lines}
        #: For each layer the lowest line that is taken.
        self._lowest = {name: np.full(layers, lines, dtype=np.int64) for name, lines in self.lines.items()}

    def lines_for(self, pad: str, size_bytes: int) -> int:
        """Return the lines of a place for so many bytes, in whole rows of banks."""
        row = self.line_bytes[pad] * self._banks[pad]
        return -(-size_bytes // row) * self._banks[pad]

    def add(self, stay: Stay) -> None:
        """Take a place."""
        pad, span = stay.place.pad, slice(stay.first, stay.last + 1)
        self._stays[pad].append(stay)
        self._lowest[pad][span] = np.minimum(self._lowest[pad][span], stay.place.base_line)

    def remove(self, stay: Stay) -> None:
        """Give a place back."""
        pad = stay.place.pad
        others = [other for other in self._stays[pad] if other is not stay]
        self._stays[pad] = []
        self._lowest[pad][:] = self.lines[pad]
        for other in others:
            self.add(other)

    def staying(self, pad: str, position: int) -> int:
        """Return how many tensors stay in a scratchpad while a layer runs."""
        return sum(stay.first <= position <= stay.last for stay in self._stays[pad])

    def working(self, pad: str, position: int) -> Place:
        """Return the lines in which a layer may work, in whole rows of banks."""
        lines = int(self._lowest[pad][position])
        return Place(pad, 0, lines - lines % self._banks[pad])

    def place_for(self, pad: str, lines: int, first: int, last: int, reserved: Int64Array) -> Stay | None:
        """Return the highest free place of so many lines from one layer to another, or None.

        ``reserved`` are the lines that are to be left for each layer's work.
        """
        others = [stay for stay in self._stays[pad] if stay.first <= last and first <= stay.last]
        for end in sorted({self.lines[pad], *(other.place.base_line for other in others)}, reverse=True):
            stay = Stay(first, last, Place(pad, end - lines, lines))
            if end < lines or any(stay.meets(other) for other in others):
                continue
            left = np.minimum(self._lowest[pad][first : last + 1], stay.place.base_line)
            return stay if (left >= reserved[first : last + 1]).all() else None
        return None
