"""How the arrays of a machine share a layer: what one fold of all of them together holds, and the ways among which to choose."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.program.split import Split
from simcore.spec.array import ArraySpec
from workloads.dataflow.dataflow import Dataflow, Side, drain_steps
from workloads.dataflow.shape import ConvShape


@dataclass(frozen=True)
class Sharing:
    """A dataflow on the arrays of a machine, and the split of a layer among them.

    Arrays side by side share the columns of a fold. The other side of the results is dealt out among arrays: it lies along the
    rows if taps run in time, and runs in time otherwise. Arrays may also work on several groups at once.
    """

    flow: Dataflow
    array: ArraySpec
    split: Split

    @property
    def dealt_side(self) -> Side:
        """Return the side of the results that does not lie along the columns."""
        return self.flow.rows if self.flow.time is Side.TAPS else self.flow.time

    @property
    def rows(self) -> int:
        """Return the rows of a fold, of all arrays that work on one group."""
        return self.array.rows * (self.split.dealt if self.dealt_side is self.flow.rows else 1)

    @property
    def columns(self) -> int:
        """Return the columns of a fold, of all arrays that work on one group."""
        return self.array.columns * self.split.columns

    def joined(self, side: Side) -> int:
        """Return how many indices of a side that runs in time a step takes."""
        return self.split.dealt if side is self.dealt_side else 1

    def folds_along(self, shape: ConvShape) -> tuple[int, int]:
        """Return the row folds and the column folds of a group."""
        along_rows, along_columns, _ = self.flow.extents(shape)
        return -(-along_rows // self.rows), -(-along_columns // self.columns)

    def group_folds(self, shape: ConvShape) -> int:
        """Return how many turns the groups of a layer take."""
        return -(-shape.groups // self.split.groups)

    def elements(self, times: int) -> int:
        """Return the elements of a fold that streams ``times`` indices."""
        return -(-times // self.joined(self.flow.time))

    def fold_steps(self, times: int) -> int:
        """Return the steps of a fold that streams ``times`` indices: with overlap, those until the next fold streams."""
        if times == 0:
            return 0
        elements = self.elements(times)
        return self.flow.gap(elements, self.array) if self.array.fold_overlap != "none" else elements + self._ends

    def least_steps(self, shape: ConvShape) -> int:
        """Return the steps of a layer in which every fold streams its whole dimension."""
        row_folds, column_folds = self.folds_along(shape)
        folds, times = self.group_folds(shape) * row_folds * column_folds, self.flow.extents(shape)[2]
        if self.array.fold_overlap == "none":
            return folds * self.fold_steps(times)
        return (folds - 1) * self.fold_steps(times) + self.elements(times) + self._ends

    @property
    def _ends(self) -> int:
        return self.flow.preload_steps(self.array) + drain_steps(self.array)

    def split_by(self) -> str:
        """Return what the arrays share, as in "filters x 2", or "-" if one array does all the work."""
        shared = (
            (self.flow.columns.value, self.split.columns),
            (self.dealt_side.value, self.split.dealt),
            ("groups", self.split.groups),
        )
        return ", ".join(f"{what} x {arrays}" for what, arrays in shared if arrays > 1) or "-"


def sharings(shape: ConvShape, array: ArraySpec, flow: Dataflow) -> list[Sharing]:
    """Return the ways in which the arrays can share a layer, the one of the fewest steps first. The last is one array alone.

    Among those of equal steps the first has the most arrays side by side, which fetch what enters from the west only once. Ways
    that leave an array without any work are left out.
    """
    count = array.count
    ways = [
        Sharing(flow, array, Split(columns, dealt, groups))
        for columns in range(count, 0, -1)
        for dealt in range(count // columns, 0, -1)
        for groups in range(count // (columns * dealt), 0, -1)
    ]
    *several, alone = [way for way in ways if _gives_each_work(way, shape)]
    return [*sorted(several, key=lambda way: way.least_steps(shape)), alone]


def _gives_each_work(way: Sharing, shape: ConvShape) -> bool:
    """Return whether each array has work in at least one fold."""
    along_columns, split = way.flow.extents(shape)[1], way.split
    most = min(along_columns, way.columns)
    every_column = -(-most // -(-most // split.columns)) == split.columns
    return every_column and split.dealt <= way.dealt_side.extent(shape) and split.groups <= shape.groups
