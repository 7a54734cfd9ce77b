"""What the next operations of a sequence are, as numbers: equal numbers mean operations that are equal but for their rows.

Rows cost no time; the class of an operation is everything that does. A window is the classes of the next operations, in each of
several lengths, every one twice the one before. What comes after the last operation has the class END.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.pim.sequence import BURSTS, FIRST, HOLD, SECOND, TRANSFER, Sequence
from simcore.program.program import Int64Array

#: The lengths of windows, and the longest.
LENGTHS = tuple(1 << power for power in range(1, 11))
LONGEST = LENGTHS[-1]
#: The class of what comes after the last operation.
END = 0
#: The bits of a number in a pair of two.
_HALF = 31


@dataclass
class Contexts:
    """The numbers of classes, and those of windows: a window is a pair of windows of half its length."""

    classes: dict[tuple[int, ...], int] = field(default_factory=dict)
    windows: dict[tuple[int, int], int] = field(default_factory=dict)
    known: dict[tuple[bytes, int], tuple[Int64Array, Int64Array]] = field(default_factory=dict)

    def of(self, sequence: Sequence) -> tuple[Int64Array, Int64Array]:
        """Return the numbers of windows, [length, place]: those at each place of one repeat, and those at the last places.

        The first column of the latter is for the place ``len(sequence) - LONGEST``, the last one for the place after the end.
        """
        facts = sequence.operations[:, [FIRST, SECOND, TRANSFER, BURSTS, HOLD]]
        # All ends of sequences that are longer than a window look alike.
        key = facts.tobytes(), min(len(sequence), LONGEST)
        if key not in self.known:
            self.known[key] = self._found(facts, sequence)
        return self.known[key]

    def _found(self, facts: Int64Array, sequence: Sequence) -> tuple[Int64Array, Int64Array]:
        numbers = [self.classes.setdefault(tuple(row), len(self.classes) + 1) for row in facts.tolist()]
        classes, length = np.array(numbers, dtype=np.int64), len(numbers)
        body = classes[np.arange(length + LONGEST) % max(length, 1)] if length else classes
        places = len(sequence) - LONGEST + np.arange(2 * LONGEST + 1)
        tail = np.full(len(places), END, dtype=np.int64)
        inside = (places >= 0) & (places < len(sequence))
        tail[inside] = classes[places[inside] % max(length, 1)]
        return self._windows(body, length), self._windows(tail, LONGEST + 1)

    def _windows(self, classes: Int64Array, count: int) -> Int64Array:
        found = np.zeros((len(LENGTHS), count), dtype=np.int64)
        if count:
            halves = classes
            for at, length in enumerate(LENGTHS):
                halves = self._paired(at, halves[: -length // 2], halves[length // 2 :])
                found[at] = halves[:count]
        return found

    def _paired(self, at: int, first: Int64Array, second: Int64Array) -> Int64Array:
        """Return the numbers of pairs of numbers, each new or known."""
        pairs, places = np.unique(first << _HALF | second, return_inverse=True)
        numbers = [self.windows.setdefault((at, pair), len(self.windows)) for pair in pairs.tolist()]
        return np.array(numbers, dtype=np.int64)[places.reshape(-1)]
