"""Segments: arrays that describe the streams of an array layer's folds, one segment per fold and port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import SEG_COLUMNS, Int64Array, Kind, Port, Seg
from workloads.dataflow.folds import Folds


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

    @property
    def count(self) -> Int64Array:
        """Return the elements per fold."""
        return self.times + self.lanes - 1 if self.skewed else -(-self.times // self.joined)

    @property
    def first_element(self) -> Int64Array:
        """Return the number of elements of the port before each fold, if every fold has a segment."""
        return np.asarray(np.cumsum(self.count) - self.count)


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


def _segments(stream: Stream, region: int | Int64Array) -> Int64Array:
    segments = np.zeros((len(stream.due), SEG_COLUMNS), dtype=np.int64)
    segments[:, Seg.DUE] = stream.due
    segments[:, Seg.DUE_STRIDE] = 1
    segments[:, Seg.COUNT] = stream.count
    segments[:, Seg.LANES] = stream.lanes
    segments[:, Seg.TIMES] = stream.times
    segments[:, Seg.KIND] = int(stream.kind)
    segments[:, Seg.SKEWED] = int(stream.skewed)
    segments[:, Seg.REVERSE] = int(stream.reverse)
    segments[:, Seg.REGION] = region
    segments[:, Seg.AFTER_WRITE] = -1
    segments[:, Seg.CHUNK] = 1
    segments[:, Seg.SETS] = 1
    segments[:, Seg.JOINED] = stream.joined
    segments[:, Seg.GROUPS] = 1
    return segments


def due_steps(segments: Int64Array, elements: Int64Array) -> Int64Array:
    """Return the array step in which each of some elements of a port is due."""
    first = np.cumsum(segments[:, Seg.COUNT]) - segments[:, Seg.COUNT]
    segment = np.searchsorted(first, elements, side="right") - 1
    return np.asarray(segments[segment, Seg.DUE] + (elements - first[segment]) * segments[segment, Seg.DUE_STRIDE])


def ifmap_segments(stream: Stream, region: int, folds: Folds, group_channels: int) -> Int64Array:
    """Return the segments that read the ifmap."""
    segments = _segments(stream, region)
    segments[:, Seg.M0] = folds.m0
    segments[:, Seg.K0] = folds.k0
    segments[:, Seg.CHANNEL_BASE] = folds.group * group_channels
    segments[:, Seg.GROUPS] = folds.groups
    return segments


def linear_segments(stream: Stream, region: int | Int64Array, tile: Int64Array, chunk: int | Int64Array) -> Int64Array:
    """Return the segments over a tensor that is stored in the order of its stream."""
    segments = _segments(stream, region)
    segments[:, Seg.TILE] = tile
    segments[:, Seg.CHUNK] = chunk
    segments[:, Seg.STRIDE] = stream.lanes
    return segments
