"""How several equal arrays share the folds of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simcore.program.program import Fold


@dataclass(frozen=True)
class Split:
    """The arrays that work on a layer: ``groups`` times ``dealt`` times ``columns`` of them, numbered in this order.

    Each of ``groups`` arrays takes one of the groups that a fold holds. Among ``dealt`` arrays one side of the results is dealt
    out in turn: index i belongs to array i % dealt, where it is index i // dealt. This side lies along the rows if the PEs keep
    their sums, and runs in time otherwise. Each of ``columns`` arrays takes an equal part of the fold's columns, in order.
    """

    columns: int = 1
    dealt: int = 1
    groups: int = 1

    @property
    def arrays(self) -> int:
        """Return the number of arrays that work on the layer."""
        return self.columns * self.dealt * self.groups

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Yield (group, dealt, column) of each array, by its number."""
        return product(range(self.groups), range(self.dealt), range(self.columns))

    def number(self, group: int, dealt: int, column: int) -> int:
        """Return the number of the array at a place."""
        return (group * self.dealt + dealt) * self.columns + column

    def columns_each(self, fold: Fold) -> int:
        """Return the columns of a fold that each array takes. The last ones may take fewer or none."""
        return -(-fold.columns // self.columns)

    def share(self, fold: Fold, place: tuple[int, int, int], *, sums_stay: bool) -> Fold:
        """Return the part of a fold that the array at a place takes. ``sums_stay`` says whether the PEs keep their sums."""
        group, dealt, column = place
        if group >= fold.groups:
            return replace(fold, rows=0, columns=0, groups=0)
        each = self.columns_each(fold)
        columns = max(0, min(each, fold.columns - column * each))
        part = max(0, -(-((fold.rows if sums_stay else fold.times) - dealt) // self.dealt))
        return replace(fold, columns=columns, groups=1, **{"rows" if sums_stay else "times": part})


#: A layer on one array.
ONE_ARRAY = Split()
