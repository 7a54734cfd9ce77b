"""What a micro-program costs before any clock: operations, activations and rows raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from simcore.pim.language import Kind, Operation


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of operations: ``aap`` with a second activation (shifts, too), ``ap`` without (read-outs, too).

    ``activations_by_rows`` is the number of activations that raise so many rows, as pairs (rows, activations).
    """

    aap: int
    ap: int
    activations: int
    rows_raised: int
    activations_by_rows: tuple[tuple[int, int], ...]

    @property
    def operations(self) -> int:
        """Return the number of all operations."""
        return self.aap + self.ap


def counts_of(operations: Iterable[Operation]) -> Counts:
    """Return the counts of these operations."""
    aap = ap = 0
    raised: Counter[int] = Counter()
    for operation in operations:
        both = operation.kind in (Kind.AAP, Kind.SHIFT)
        aap, ap = aap + both, ap + (not both)
        raised[len(operation.first)] += 1
        if both:
            raised[len(operation.second)] += 1
    return Counts(aap, ap, raised.total(), sum(rows * times for rows, times in raised.items()), tuple(sorted(raised.items())))
