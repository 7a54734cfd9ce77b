"""The loop nest around the folds of a layer, which is the choice that a dataflow leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import Int64Array

#: The loops of a nest. Row folds, column folds and blocks of the streamed dimension are the axes of a layer's folds.
ROW, COLUMN, BLOCK = "row", "column", "block"
AXES = (ROW, COLUMN, BLOCK)


@dataclass(frozen=True)
class Loops:
    """Order and sizes of the loops around a layer's folds, outermost first. Groups of a convolution are outside all of them.

    ``block`` is the size of a block of the streamed dimension, which is never cut if taps stream. ``tile`` counts the row folds
    and the column folds that a tile joins. ``outer`` is the order of the loops over tiles and blocks, and ``inner`` that of the
    loops over the folds of a tile. ``taps`` is the order of the row folds: "storage" or "reuse" (see ``tap_order``).
    """

    block: int
    tile: tuple[int, int] = (1, 1)
    outer: tuple[str, str, str] = (COLUMN, BLOCK, ROW)
    inner: tuple[str, str] = (COLUMN, ROW)
    taps: str = "storage"

    def sequence(self, row_folds: int, column_folds: int, blocks: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return (row, column, block) of each fold of a group in order of execution. ``row`` counts in the order of ``taps``."""
        row, column, block = (axis.ravel() for axis in np.indices((row_folds, column_folds, blocks), dtype=np.int64))
        fold = {ROW: row, COLUMN: column, BLOCK: block}
        tile = {ROW: row // self.tile[0], COLUMN: column // self.tile[1], BLOCK: block}
        keys = [tile[axis] for axis in self.outer] + [fold[axis] for axis in self.inner]
        order = np.lexsort(keys[::-1])
        return row[order], column[order], block[order]

    def described(self, row_folds: int, column_folds: int, blocks: int) -> str:
        """Return the loops that turn more than once, outermost first, as in "column / block / row x 4 / column"."""
        folds = {ROW: row_folds, COLUMN: column_folds, BLOCK: blocks}
        joined = {ROW: min(self.tile[0], row_folds), COLUMN: min(self.tile[1], column_folds), BLOCK: 1}
        named = [f"{axis} x {joined[axis]}" if joined[axis] > 1 else axis for axis in self.outer if folds[axis] > joined[axis]]
        named += [axis for axis in self.inner if joined[axis] > 1]
        return " / ".join(named) or "one fold"

    @property
    def turns_back(self) -> bool:
        """Return whether every second run over the row folds goes backwards, so that the last data read are read again first."""
        return self.taps == "reuse" and self.outer[-1] == ROW and self.tile == (1, 1)
