"""Folds: the fillings of the array that a layer takes, in the order they run, and the array step at which each begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simcore.program.program import Fold, Int64Array
from simcore.spec.system import ArraySpec
from workloads.dataflow.plan_memory import BYTES_PER_FOLD, require_memory
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tap_order import reuse_order, there_and_back


@dataclass(frozen=True)
class Loops:
    """Order of the loops around a layer's folds.

    ``block`` is the size of a block of the streamed dimension (ws: pixels, is: filters; os streams taps, never cut). ``outer``
    names what changes slowest inside a group: "column" (column folds) or "block" (ws, is: blocks; os: row folds). Row folds of ws
    and is are innermost, so that partial sums live for one column fold of one block. ``taps`` is their order: "storage", or
    "reuse" (ws; see ``tap_order``).
    """

    block: int
    outer: str = "column"
    taps: str = "storage"


@dataclass(frozen=True)
class Folds:
    """Folds in order, one entry of each array per fold.

    ``group``, ``block``, ``column``, ``row`` are loop indices; ``turn`` counts the row folds of a column and block in the order
    they come. ``rows``, ``columns``, ``times`` carry data, beginning at GEMM
    indices ``m0``, ``n0``, ``k0``. ``start`` is the array step at which the first streamed element is due. The scalars count a
    group's folds and blocks, and the layer's steps.
    """

    dataflow: str
    group: Int64Array
    block: Int64Array
    column: Int64Array
    row: Int64Array
    turn: Int64Array
    rows: Int64Array
    columns: Int64Array
    times: Int64Array
    m0: Int64Array
    n0: Int64Array
    k0: Int64Array
    start: Int64Array
    row_folds: int
    column_folds: int
    blocks: int
    block_size: int
    steps: int

    def __len__(self) -> int:
        return len(self.group)

    @property
    def accumulates(self) -> bool:
        """Whether partial sums leave the array: ws and is with more than one row fold."""
        return self.dataflow != "os" and self.row_folds > 1

    @property
    def finishes(self) -> npt.NDArray[np.bool_]:
        """Whether each fold of ws and is adds the last products to its results."""
        return np.asarray(self.turn == self.row_folds - 1)


def sides(shape: ConvShape, dataflow: str) -> tuple[int, int, int]:
    """GEMM extents along the array's rows, its columns, and time."""
    m, n, k = shape.pixels, shape.group_filters, shape.taps
    return {"ws": (k, n, m), "os": (m, n, k), "is": (k, m, n)}[dataflow]


def _loop_indices(counts: tuple[int, int, int, int], dataflow: str, outer: str) -> list[Int64Array]:
    """(group, block, column, row) of each fold, in order. Counts come in the same order."""
    orders = {"column": (0, 2, 1, 3), "block": (0, 3, 2, 1) if dataflow == "os" else (0, 1, 2, 3)}
    order = orders[outer]
    flat = np.indices([counts[axis] for axis in order], dtype=np.int64).reshape(4, -1)
    return [flat[order.index(axis)] for axis in range(4)]


def stream_starts(times: Int64Array, array: ArraySpec) -> tuple[Int64Array, int]:
    """Step at which each fold's stream begins, and the layer's steps.

    Without overlap a fold takes 2R + C + T - 2 steps (ws, is) or T + R + C - 2 (os), as in SCALE-Sim. With overlap the next fold
    streams as soon as the array's edge is free and, for ws and is, the wave that swaps the weights has passed the last PE. Skewed
    fetch holds the edge until its last lane is done.
    """
    rows, columns = array.rows, array.columns
    preload = 0 if array.dataflow == "os" else rows
    drain = rows + columns - 2
    if not array.fold_overlap:
        ends = np.cumsum(times + preload + drain)
        return ends - times - drain, int(ends[-1])
    skew = max(rows, columns) - 1 if array.edge == "skewed-fetch" else 0
    free = rows + skew if array.dataflow == "os" else 2 * rows + columns - 2
    gaps = np.maximum(times + skew, free)
    starts = preload + np.cumsum(gaps) - gaps
    return starts, int(starts[-1] + times[-1]) + drain


def build_folds(shape: ConvShape, array: ArraySpec, loops: Loops) -> Folds:
    """All folds of a layer. Raises PlanTooLargeError for more than fit into memory."""
    along_rows, along_columns, along_time = sides(shape, array.dataflow)
    row_folds, column_folds = -(-along_rows // array.rows), -(-along_columns // array.columns)
    blocks = -(-along_time // loops.block)
    require_memory(shape.groups * blocks * column_folds * row_folds, BYTES_PER_FOLD)
    group, block, column, turn = _loop_indices((shape.groups, blocks, column_folds, row_folds), array.dataflow, loops.outer)
    row = turn
    if loops.taps == "reuse":
        row = there_and_back(reuse_order(shape, array.rows), len(turn) // row_folds)
    row0, column0, time0 = row * array.rows, column * array.columns, block * loops.block
    times = np.minimum(loops.block, along_time - time0)
    first = {
        "ws": (time0, column0, row0),
        "os": (row0, column0, time0),
        "is": (column0, time0, row0),
    }[array.dataflow]
    start, steps = stream_starts(times, array)
    return Folds(
        dataflow=array.dataflow,
        group=group,
        block=block,
        column=column,
        row=row,
        turn=turn,
        rows=np.minimum(array.rows, along_rows - row0),
        columns=np.minimum(array.columns, along_columns - column0),
        times=times,
        m0=first[0],
        n0=first[1],
        k0=first[2],
        start=start,
        row_folds=row_folds,
        column_folds=column_folds,
        blocks=blocks,
        block_size=min(loops.block, along_time),
        steps=steps,
    )


def fold_records(folds: Folds, array: ArraySpec) -> tuple[Fold, ...]:
    """The folds as the reference engine's PEs take them."""
    before = 0 if folds.dataflow == "os" else array.rows
    preload = folds.start - before if before else np.full(len(folds), -1, dtype=np.int64)
    columns = (preload, folds.start, folds.rows, folds.columns, folds.times, folds.m0, folds.n0, folds.k0, folds.group)
    return tuple(Fold(*values) for values in zip(*(column.tolist() for column in columns), strict=True))
