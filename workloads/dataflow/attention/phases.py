"""Phases of attention: what each port moves while a tile of scores is made, turned into weights, multiplied and added up.

All tensors of a tile lie in the order in which the array or the vector unit streams them. A phase begins when the one before has
ended. It is the same for all tiles of its size, except for its beginning and for the tiles of its regions. The words of groups
that are worked on at once lie side by side: those of all arrays for a step of a fold are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simcore.program.compact import Column, CompactTable
from simcore.program.program import SEG_COLUMNS, Int64Array, Kind, Port, Seg
from simcore.spec.system import System
from workloads.dataflow.attention.choice import as_stored, product_sharing, vector_steps
from workloads.dataflow.dataflow import Side
from workloads.dataflow.folds import build_folds
from workloads.dataflow.loops import Loops
from workloads.dataflow.registry import dataflow_named
from workloads.dataflow.segments import NO_SEGMENTS, Stream, fold_streams, linear_segments
from workloads.dataflow.shape import matrix_product

#: The regions of attention, in the order of ``Program.regions``.
QUERIES, WEIGHTS, KEYS, SCORES, SUMS, RESULTS = range(6)


@dataclass(frozen=True)
class Phase:
    """Segments by port, with steps, tiles and elements of the output port counted from the beginning of the phase.

    ``steps`` is its length. ``busy`` counts the places of the array that hold work, over all ``folds``.
    """

    segments: tuple[Int64Array, ...]
    steps: int
    folds: int = 0
    busy: int = 0
    vector_words: int = 0

    @cached_property
    def elements(self) -> Int64Array:
        """The elements of each port."""
        return np.array([int(rows[:, Seg.COUNT].sum()) for rows in self.segments], dtype=np.int64)

    def first_step(self, region: int) -> int:
        """Return the step in which the first element of a region is due."""
        steps = [rows[rows[:, Seg.REGION] == region, Seg.DUE] for rows in self.segments]
        return int(np.concatenate(steps).min())


@dataclass(frozen=True)
class Places:
    """The regions of a product's operands and results. ``adds`` says whether the results are added to what lies there."""

    ifmap: int
    filter: int
    output: int
    adds: bool = False


def product_phase(groups: int, extents: tuple[int, int, int], places: Places, system: System) -> Phase:
    """Return the phase of ``groups`` products, each (rows x taps) by (taps x filters) on an array of its own.

    ``extents`` are rows, taps and filters.
    """
    rows, taps, filters = extents
    shape, sharing = matrix_product(rows, taps, filters), product_sharing(rows, taps, filters, system)
    flow = sharing.flow
    folds = build_folds(shape, sharing, Loops(flow.extents(shape)[2]))
    streams = fold_streams(folds)
    along = {Side.PIXELS: rows, Side.FILTERS: filters, Side.TAPS: taps}

    def segments(port: Port, stream: Stream, region: int, after: Column = -1, chosen: Int64Array | None = None) -> Int64Array:
        """Return the rows of a port's segments, of all folds or of those that are ``chosen``."""
        time, lane = flow.stream(port)
        first = {Side.PIXELS: folds.m0, Side.FILTERS: folds.n0, Side.TAPS: folds.k0}
        offset = groups * (first[time] * along[lane] + first[lane])
        linear = replace(stream, kind=Kind.LINEAR, lanes=groups * stream.lanes)
        if chosen is not None:
            linear, offset = linear.only(chosen), offset[chosen]
        columns: dict[Seg, Column] = {Seg.OFFSET: offset, Seg.STRIDE: groups * along[lane], Seg.AFTER_WRITE: after}
        return _rows(linear_segments(linear, region, 0, linear.times, columns))

    output = segments(Port.OUTPUT, streams.output, places.output)
    adding = np.flatnonzero((folds.turn > 0) | places.adds)
    # What an earlier fold of the phase wrote must be there; what an earlier phase wrote is there with its tile.
    written = np.where(folds.turn > 0, streams.output.first_element[folds.before], -1)[adding]
    sums = segments(Port.OUTPUT, streams.output, places.output, written, adding) if len(adding) else _rows(NO_SEGMENTS)
    ifmap, weights = (
        segments(port, stream, region)
        for port, stream, region in ((Port.IFMAP, streams.ifmap, places.ifmap), (Port.FILTER, streams.filter, places.filter))
    )
    busy = groups * int((folds.rows * folds.columns).sum())
    return Phase((ifmap, weights, sums, output), folds.steps, len(folds), busy)


def softmax_phase(groups: int, rows: int, keys: int, system: System) -> Phase:
    """Return two passes over the scores: one for the largest of each row, one for the exponentials and their sums."""
    steps = vector_steps(groups, rows, keys, system)
    read = [_vectors((groups, rows, keys), SCORES, turn * steps, system) for turn in (0, 1)]
    written = _vectors((groups, rows, keys), WEIGHTS, steps, system)
    none = _rows(NO_SEGMENTS)
    return Phase((none, none, np.concatenate(read), written), 2 * steps, vector_words=2 * groups * rows * keys)


def scaling_phase(groups: int, rows: int, width: int, system: System, to: int = SUMS) -> Phase:
    """Return a pass over the sums so far that multiplies each row by a factor, and writes it back or as results."""
    read, written = (_vectors((groups, rows, width), region, 0, system) for region in (SUMS, to))
    none = _rows(NO_SEGMENTS)
    return Phase((none, none, read, written), vector_steps(groups, rows, width, system), vector_words=groups * rows * width)


def _vectors(extents: tuple[int, int, int], region: int, due: int, system: System) -> Int64Array:
    """Return segments that go once through a tile of results in vectors of the unit's lanes. ``extents``: groups, rows, others.

    Where rows do not divide into vectors, the first vectors of all rows come first.
    """
    groups, rows, others = extents
    outer, inner = as_stored(rows, others, dataflow_named(system.array.dataflow))
    inner, lanes = groups * inner, system.vector_unit.lanes
    full, rest = divmod(inner, lanes)
    if rest == 0:
        parts = [(outer * full, lanes, lanes, 0)]
    else:
        parts = [(outer, lanes, inner, number * lanes) for number in range(full)] + [(outer, rest, inner, full * lanes)]
    times, width, stride, offset = np.array(parts, dtype=np.int64).T
    begins = due + np.cumsum(times) - times
    columns = {Seg.OFFSET: offset, Seg.STRIDE: stride}
    return _rows(linear_segments(Stream(begins, times, width, Kind.LINEAR), region, 0, times, columns))


def _rows(table: CompactTable) -> Int64Array:
    """Return the segments of a table row by row."""
    rows = np.empty((table.rows, SEG_COLUMNS), dtype=np.int64)
    table.write_to(rows)
    return rows
