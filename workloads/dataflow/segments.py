"""Segments: arrays that describe the streams of an array layer's folds, one segment per fold and port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simcore.program.compact import Column, CompactTable
from simcore.program.program import SEG_COLUMNS, Int64Array, Kind, Port, Seg
from workloads.dataflow.folds import Folds

NO_SEGMENTS = CompactTable(0, [0] * SEG_COLUMNS)


@dataclass(frozen=True)
class Stream:
    """The stream of one port in each fold: ``times`` time indices of ``lanes`` lanes, with the first element due at step ``due``.

    ``kind`` PIXELS or TAPS reads the ifmap. LINEAR reads a tensor that is stored in the order of its stream. An element joins
    ``joined`` time indices. Lanes are those of all groups that a fold holds.
    """

    due: Int64Array
    times: Int64Array
    lanes: Int64Array
    kind: Kind
    skewed: bool = False
    reverse: bool = False
    joined: int = 1

    @cached_property
    def count(self) -> Int64Array:
        """The elements per fold."""
        if self.joined == 1 and not self.skewed:
            return self.times
        return self.times + self.lanes - 1 if self.skewed else -(-self.times // self.joined)

    @cached_property
    def first_element(self) -> Int64Array:
        """The number of elements of the port before each fold, if every fold has a segment."""
        return np.asarray(np.cumsum(self.count) - self.count)

    def only(self, chosen: Int64Array) -> Stream:
        """Return the stream in the ``chosen`` folds."""
        return replace(self, due=self.due[chosen], times=self.times[chosen], lanes=self.lanes[chosen])


@dataclass(frozen=True)
class Streams:
    """The streams of a layer's folds. The output stream also describes the partial sums to which it adds."""

    ifmap: Stream
    filter: Stream
    output: Stream


def fold_streams(folds: Folds) -> Streams:
    """Return the streams of all ports of each fold. See ``ARCHITECTURE.md`` and the cycle model of SCALE-Sim."""
    ifmap_kind = Kind.TAPS if folds.dataflow.planar else Kind.PIXELS
    return Streams(_operand(folds, Port.IFMAP, ifmap_kind), _operand(folds, Port.FILTER, Kind.LINEAR), _results(folds))


def _operand(folds: Folds, port: Port, kind: Kind) -> Stream:
    """Return an operand's stream. A held operand is preloaded from its last row to its first; another one streams past it."""
    time, lane = folds.dataflow.stream(port)
    times, lanes = folds.extent(time), folds.extent(lane) * folds.groups
    if port is folds.dataflow.held:
        return Stream(folds.start - times, times, lanes, kind, reverse=True)
    skewed = folds.sharing.array.edge == "skewed-fetch"
    return Stream(folds.start, times, lanes, kind, skewed, joined=folds.sharing.joined(time))


def _results(folds: Folds) -> Stream:
    """Return the stream of the results. Sums that move down the columns leave during the stream, and held sums leave after it."""
    array, flow = folds.sharing.array, folds.dataflow
    time, lane = flow.stream(Port.OUTPUT)
    skewed, joined = array.edge == "skewed-fetch", folds.sharing.joined(time)
    first_out = folds.start + (array.rows if flow.sums_leave else folds.times) - 1
    due = first_out if skewed else first_out + array.columns - 1
    return Stream(due, folds.extent(time), folds.extent(lane) * folds.groups, Kind.LINEAR, skewed, joined=joined)


def _segments(stream: Stream, region: Column, columns: Mapping[Seg, Column]) -> CompactTable:
    """Return the segments of a stream. ``columns`` differ from what most segments have in them."""
    numbers: dict[Seg, Column] = {
        Seg.DUE: stream.due,
        Seg.DUE_STRIDE: 1,
        Seg.COUNT: stream.count,
        Seg.LANES: stream.lanes,
        Seg.TIMES: stream.times,
        Seg.KIND: int(stream.kind),
        Seg.SKEWED: int(stream.skewed),
        Seg.REVERSE: int(stream.reverse),
        Seg.REGION: region,
        Seg.AFTER_WRITE: -1,
        Seg.CHUNK: 1,
        Seg.SETS: 1,
        Seg.JOINED: stream.joined,
        Seg.GROUPS: 1,
        **columns,
    }
    return CompactTable(len(stream.due), [numbers.get(seg, 0) for seg in Seg])


def due_steps(segments: CompactTable, elements: Int64Array) -> Int64Array:
    """Return the array step in which each of some elements of a port is due."""
    count = segments.column(Seg.COUNT)
    first = np.cumsum(count) - count
    segment = np.searchsorted(first, elements, side="right") - 1
    return np.asarray(segments.column(Seg.DUE)[segment] + (elements - first[segment]) * segments.column(Seg.DUE_STRIDE)[segment])


def ifmap_segments(stream: Stream, region: int, folds: Folds, group_channels: int) -> CompactTable:
    """Return the segments that read the ifmap."""
    base = folds.group * group_channels
    return _segments(stream, region, {Seg.M0: folds.m0, Seg.K0: folds.k0, Seg.CHANNEL_BASE: base, Seg.GROUPS: folds.groups})


def linear_segments(
    stream: Stream, region: Column, tile: Column, chunk: Column, columns: Mapping[Seg, Column] | None = None
) -> CompactTable:
    """Return the segments over a tensor that is stored in the order of its stream, with the numbers of further ``columns``."""
    return _segments(stream, region, {Seg.TILE: tile, Seg.CHUNK: chunk, Seg.STRIDE: stream.lanes, **(columns or {})})
