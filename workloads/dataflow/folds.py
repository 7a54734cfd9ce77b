"""Folds: the fillings of the array that a layer needs, in the order of execution, with the array step at which each begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simcore.program.program import Fold, Int64Array
from workloads.dataflow.dataflow import Dataflow, Side, drain_steps, edge_skew
from workloads.dataflow.loops import Loops
from workloads.dataflow.plan_memory import BYTES_PER_FOLD, require_memory
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing
from workloads.dataflow.tap_order import reuse_order, there_and_back


@dataclass(frozen=True)
class Folds:
    """Folds in order of execution. Each array has one entry per fold.

    ``part``, ``block``, ``column`` and ``row`` are loop indices. A part of the groups, beginning with ``group``, has ``groups``
    groups, which are those that the arrays work on at once. ``turn`` counts the row folds of a column and block in the order in
    which they run, and ``before`` is the fold that added to the same sums before, or -1 if there was none. In each group a fold
    uses ``rows`` rows and ``columns`` columns for ``times`` indices of the streamed side, beginning at the GEMM indices ``m0``,
    ``n0`` and ``k0``. ``start`` is the array step at which its first streamed element is due. ``row_folds``, ``column_folds`` and
    ``blocks`` count the folds and blocks of a part; ``steps`` counts the steps of the layer.
    """

    sharing: Sharing
    part: Int64Array
    group: Int64Array
    groups: Int64Array
    block: Int64Array
    column: Int64Array
    row: Int64Array
    turn: Int64Array
    before: Int64Array
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
    def dataflow(self) -> Dataflow:
        """Return the dataflow."""
        return self.sharing.flow

    @property
    def accumulates(self) -> bool:
        """Return whether partial sums leave the array and come back, because one row fold does not hold all taps."""
        return self.dataflow.sums_leave and self.row_folds > 1

    @property
    def finishes(self) -> npt.NDArray[np.bool_]:
        """Return whether each fold adds the last products to its results, for dataflows whose partial sums leave the array."""
        return np.asarray(self.turn == self.row_folds - 1)

    def place(self, side: Side) -> tuple[Int64Array, int]:
        """Return the index of each fold along a side of the loop nest, and the number of such indices in a group."""
        dataflow = self.dataflow
        if side is dataflow.rows:
            return self.row, self.row_folds
        return (self.column, self.column_folds) if side is dataflow.columns else (self.block, self.blocks)

    def extent(self, side: Side) -> Int64Array:
        """Return the extent of each fold along a side."""
        dataflow = self.dataflow
        return self.rows if side is dataflow.rows else self.columns if side is dataflow.columns else self.times


def stream_starts(times: Int64Array, sharing: Sharing) -> tuple[Int64Array, int]:
    """Return the step at which the stream of each fold, of ``times`` elements, begins, and the steps of the layer.

    Without overlap a fold takes its preload, its stream and its drain, as in SCALE-Sim: 2R + C + T - 2 steps, or T + R + C - 2 if
    nothing is preloaded. With overlap the next fold streams as soon as the dataflow allows.
    """
    array, dataflow = sharing.array, sharing.flow
    preload, drain = dataflow.preload_steps(array), drain_steps(array)
    if array.fold_overlap == "none":
        ends = np.cumsum(times + preload + drain)
        return ends - times - drain, int(ends[-1])
    gaps = np.maximum(times + edge_skew(array), dataflow.least_gap(array))
    starts = preload + np.cumsum(gaps) - gaps
    return starts, int(starts[-1] + times[-1]) + drain


def build_folds(shape: ConvShape, sharing: Sharing, loops: Loops) -> Folds:
    """Return all folds of a layer. Raise PlanTooLargeError if they do not fit into memory."""
    dataflow, parts = sharing.flow, sharing.group_folds(shape)
    along_rows, along_columns, along_time = dataflow.extents(shape)
    row_folds, column_folds = sharing.folds_along(shape)
    blocks = -(-along_time // loops.block)
    require_memory(parts * blocks * column_folds * row_folds, BYTES_PER_FOLD)
    turn, column, block = (np.tile(axis, parts) for axis in loops.sequence(row_folds, column_folds, blocks))
    part = np.repeat(np.arange(parts, dtype=np.int64), row_folds * column_folds * blocks)
    group = part * sharing.split.groups
    row = turn
    if loops.taps == "reuse":
        order = reuse_order(shape, sharing.rows)
        row = there_and_back(order, len(turn) // row_folds) if loops.turns_back else order[turn]
    row0, column0, time0 = row * sharing.rows, column * sharing.columns, block * loops.block
    times = np.minimum(loops.block, along_time - time0)
    first = {dataflow.rows: row0, dataflow.columns: column0, dataflow.time: time0}
    start, steps = stream_starts(-(-times // sharing.joined(dataflow.time)), sharing)
    return Folds(
        sharing=sharing,
        part=part,
        group=group,
        groups=np.minimum(sharing.split.groups, shape.groups - group),
        block=block,
        column=column,
        row=row,
        turn=turn,
        before=_before(turn, (part * column_folds + column) * blocks + block, row_folds),
        rows=np.minimum(sharing.rows, along_rows - row0),
        columns=np.minimum(sharing.columns, along_columns - column0),
        times=times,
        m0=first[Side.PIXELS],
        n0=first[Side.FILTERS],
        k0=first[Side.TAPS],
        start=start,
        row_folds=row_folds,
        column_folds=column_folds,
        blocks=blocks,
        block_size=min(loops.block, along_time),
        steps=steps,
    )


def _before(turn: Int64Array, sums: Int64Array, row_folds: int) -> Int64Array:
    """Return for each fold the fold with the same ``sums`` and the turn before, or -1."""
    fold = np.empty(len(turn), dtype=np.int64)
    place = sums * row_folds + turn
    fold[place] = np.arange(len(turn))
    return np.where(turn > 0, fold[np.maximum(place - 1, 0)], -1)


def fold_records(folds: Folds) -> tuple[Fold, ...]:
    """Return the folds in the form that the reference engine's PEs take."""
    before = folds.dataflow.preload_steps(folds.sharing.array)
    preload = folds.start - before if before else np.full(len(folds), -1, dtype=np.int64)
    extents, first = (folds.rows, folds.columns, folds.times), (folds.m0, folds.n0, folds.k0)
    columns = (preload, folds.start, *extents, *first, folds.group, folds.groups)
    return tuple(Fold(*values) for values in zip(*(column.tolist() for column in columns), strict=True))
