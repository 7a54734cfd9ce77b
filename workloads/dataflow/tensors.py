"""The tensors of an array layer: how each is tiled in its share, and which fold uses which tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from simcore.program.program import Int64Array, Port
from simcore.spec.system import System
from workloads.dataflow.dataflow import Side
from workloads.dataflow.folds import Folds
from workloads.dataflow.ifmap_uses import IfmapTiles, tap_uses
from workloads.dataflow.pixel_uses import pixel_uses
from workloads.dataflow.regions import Region, Share, region
from workloads.dataflow.segments import Stream, Streams
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tap_order import row_classes
from workloads.dataflow.tiles import Heights, Runs, ifmap_tiles, linear_chunk, tile_target_bytes, whole_rows
from workloads.dataflow.uses import LinearTiles, Uses

#: A tile of filters takes at most this part of their share, so that several are on their way at once.
MOST_OF_A_SHARE = 16
#: Partial sums of a fold lie in about this many tiles, so that few of them wait for each other.
PARTS_OF_SUMS = 8


@dataclass(frozen=True)
class ArrayLayer:
    """The data that every step of the lowering of one layer reads. ``holds_folds`` is that of its tiling."""

    name: str
    shape: ConvShape
    system: System
    folds: Folds
    streams: Streams
    shares: dict[str, Share]
    holds_folds: bool = False


@dataclass(frozen=True)
class Tensor:
    """A tensor stored in the order of its stream: region, first tile of each fold's run, rows per tile, and uses of the tiles."""

    region: Region
    tile: Int64Array
    chunk: int
    uses: Uses


def ifmap(layer: ArrayLayer) -> tuple[IfmapTiles, Tensor]:
    """Return the ifmap's tiles, and the ifmap as a tensor. Raise InputError if its share is too small for one element."""
    folds, stream, array = layer.folds, layer.streams.ifmap, layer.system.array
    planar = folds.dataflow.planar
    lane = folds.dataflow.stream(Port.IFMAP)[1]
    taps_per_fold = array.rows if folds.dataflow.rows is Side.TAPS else layer.shape.taps
    first = stream.first_element

    find: list[Callable[[IfmapTiles], Uses]]
    if planar:
        find = [
            partial(tap_uses, folds=folds, first_element=first, taps_per_fold=taps_per_fold, skewed=stream.skewed, fine=fine)
            for fine in (False, True)
        ]
    else:
        find = [
            partial(
                pixel_uses,
                folds=folds,
                first_element=first,
                taps_per_fold=taps_per_fold,
                skewed=stream.skewed,
                joined=stream.joined,
            )
        ]
    lanes, word_bytes = int(folds.extent(lane).max()), layer.system.words.ifmap_bytes
    heights = _vector_heights(layer, lanes) if planar else _stream_heights(layer, lanes)
    if layer.holds_folds:
        heights = replace(heights, fold_channels=lanes, fold_starts=first)
    cut, uses, place_in = ifmap_tiles(layer.shape, layer.shares["ifmap"], layer.name, word_bytes, lanes, planar, heights, find)
    return cut, Tensor(place_in, np.zeros(len(folds), dtype=np.int64), 1, uses)


def _vector_heights(layer: ArrayLayer, lanes: int) -> Heights:
    """Return heights for vectors of pixels: the rows of one vector, if these are rows that no other vector reads."""
    shape = layer.shape
    fold_channels = layer.system.array.rows if layer.folds.dataflow.rows is Side.TAPS else 0
    if shape.kernel[0] > shape.stride[0] or lanes % shape.out_width:
        return Heights(shape.height, fold_channels=fold_channels)
    step = lanes // shape.out_width * shape.stride[0]
    return Heights(step, step, fold_channels)


def _stream_heights(layer: ArrayLayer, lanes: int) -> Heights:
    """Return heights for streams of pixels that let consecutive folds read either all of a tile or nothing of it."""
    shape, folds = layer.shape, layer.folds
    if (folds.row != folds.turn).any() and row_classes(shape) > 1:
        return Heights(1)  # folds read alternate rows now and the other rows later
    fits = shape.ifmap_words() * layer.system.words.ifmap_bytes <= layer.shares["ifmap"].capacity_bytes
    if fits:
        return Heights(shape.height)
    whole_images = layer.holds_folds and folds.block_size % (shape.out_width * shape.out_height) == 0
    if folds.blocks > 1 and not whole_images:
        step = max(1, folds.block_size // shape.out_width * shape.stride[0])
        return Heights(step if shape.kernel[0] <= shape.stride[0] else 1, step)
    fold_rows = shape.fold_rows(lanes)
    # A fold that reads a small part of each image stays for the following folds if tiles are not higher than that part.
    return Heights(shape.height if 2 * fold_rows > shape.height else fold_rows)


def filters(layer: ArrayLayer) -> Tensor:
    """Return the filters, with a run of rows for each part that folds read. Raise InputError as :func:`ifmap` does."""
    folds, stream, share = layer.folds, layer.streams.filter, layer.shares["filter"]
    run, parts = _parts(folds, Side.FILTERS, Side.TAPS)
    runs = _runs(stream, parts * folds.sharing.group_folds(layer.shape), layer.system.words.filter_bytes)
    most = max(1, share.capacity_bytes // MOST_OF_A_SHARE // runs.row_bytes)
    chunk = linear_chunk(share, layer.name, "filter", runs, min(most, folds.dataflow.filter_chunk(layer.system.array)))
    return _tensor(share, stream, stream.first_element, run, runs, chunk)


def _runs(stream: Stream, count: int, word_bytes: int) -> Runs:
    lengths = tuple((int(times), int(count)) for times, count in zip(*np.unique(stream.times, return_counts=True), strict=True))
    return Runs(count, int(stream.times.max()), int(stream.lanes.max()), word_bytes, stream.skewed, lengths, stream.joined)


def _tensor(share: Share, stream: Stream, first_element: Int64Array, run: Int64Array, runs: Runs, chunk: int) -> Tensor:
    """Return the tensor in tiles of ``chunk`` rows. ``run`` is the run of each fold of the stream."""
    per_run = -(-int(stream.times.max()) // chunk)
    tiles = LinearTiles(
        first_element,
        stream.times,
        stream.lanes,
        run * per_run,
        chunk,
        runs.count * per_run,
        stream.reverse,
        stream.skewed,
        stream.joined,
    )
    slot_bytes = chunk * int(stream.lanes.max()) * runs.word_bytes
    return Tensor(region(share, slot_bytes, runs.word_bytes, tiles.tile_words()), run * per_run, chunk, tiles.uses())


def _parts(folds: Folds, outer: Side, inner: Side) -> tuple[Int64Array, int]:
    """Return which part of a tensor, cut along two sides, each fold moves, and how many parts the groups of a fold have."""
    (first, parts), (second, of_each) = folds.place(outer), folds.place(inner)
    return (folds.part * parts + first) * of_each + second, parts * of_each


def results(layer: ArrayLayer, tensor: str) -> Tensor:
    """Return the results ("ofmap") or the partial sums ("psum") of a layer.

    If sums leave the array, its last row fold writes the results, and all row folds use the partial sums. Uses count elements of
    the output port, because a partial sum is read in the step in which the sum that contains it is written. Raise InputError as
    :func:`ifmap` does.
    """
    folds, share, stream = layer.folds, layer.shares[tensor], layer.streams.output
    words = layer.system.words
    run, parts = _parts(folds, *folds.dataflow.stream(Port.OUTPUT))
    runs = _runs(
        stream, parts * folds.sharing.group_folds(layer.shape), words.psum_bytes if tensor == "psum" else words.ofmap_bytes
    )
    chunk = whole_rows(max(1, tile_target_bytes(share) // runs.row_bytes), folds.dataflow.block_unit(layer.shape))
    if tensor == "psum":
        chunk = min(chunk, max(1, -(-runs.times // PARTS_OF_SUMS)))
    chunk = linear_chunk(share, layer.name, tensor, runs, chunk)
    first_element = stream.first_element
    if tensor == "ofmap" and folds.accumulates:
        last = np.flatnonzero(folds.finishes)
        found = _tensor(share, stream.only(last), first_element[last], run[last], runs, chunk)
        return replace(found, tile=run * runs.tiles(chunk))
    return _tensor(share, stream, first_element, run, runs, chunk)
