"""Uses of ifmap tiles: which tiles a stream over taps or windows touches, and when. `pixel_uses` has streams over pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import Int64Array, Port
from workloads.dataflow.dataflow import Side
from workloads.dataflow.folds import Folds
from workloads.dataflow.plan_memory import BYTES_PER_USE, require_memory
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.uses import Uses, in_order, merged, ragged


@dataclass(frozen=True)
class IfmapTiles:
    """The ifmap, cut into tiles of ``rows`` input rows x ``channels`` channels of one image."""

    shape: ConvShape
    rows: int
    channels: int

    @property
    def row_tiles(self) -> int:
        """Return the number of tiles along the height of an image."""
        return -(-self.shape.height // self.rows)

    @property
    def channel_tiles(self) -> int:
        """Return the number of tiles along the channels."""
        return -(-self.shape.channels // self.channels)

    @property
    def tiles(self) -> int:
        """Return the number of tiles in the batch."""
        return self.shape.batch * self.row_tiles * self.channel_tiles

    @property
    def words(self) -> int:
        """Return the words that a slot must hold."""
        return self.rows * self.shape.width * self.channels

    def tile_words(self) -> Int64Array:
        """Return the words of each tile, counting only rows that main memory holds and that a tap uses."""
        used = self.shape.used_rows()
        rows = np.add.reduceat(used, np.arange(0, self.shape.height, self.rows))
        starts = np.arange(0, self.shape.channels, self.channels)
        channels = np.minimum(self.channels, self.shape.channels - starts)
        one_image = np.outer(rows, channels).ravel() * (self.shape.row_words() // self.shape.channels)
        return np.tile(one_image, self.shape.batch)

    def numbers(self, row_tile: Int64Array, group: Int64Array, channel_tile: Int64Array) -> Int64Array:
        """Return tile numbers. ``row_tile`` counts through the batch, and ``channel_tile`` counts within the group."""
        return row_tile * self.channel_tiles + group * (self.shape.group_channels // self.channels) + channel_tile


@dataclass(frozen=True)
class Taps:
    """Runs of taps that share row fold, channel tile and filter row (and filter column, with ``fine``).

    A run spans taps ``first`` to ``last`` of its fold. The runs of row fold ``r`` are ``start[r] .. start[r] + count[r] - 1``.
    """

    channel_tile: Int64Array
    kernel_row: Int64Array
    first: Int64Array
    last: Int64Array
    start: Int64Array
    count: Int64Array


def taps_of(tiles: IfmapTiles, taps_per_fold: int, fine: bool) -> Taps:
    """Return the runs of taps of all row folds, each of which holds ``taps_per_fold``."""
    shape = tiles.shape
    tap = np.arange(shape.taps, dtype=np.int64)
    fold = tap // taps_per_fold
    position, channel = np.divmod(tap, shape.group_channels)
    kernel_row = position // shape.kernel[1]
    channel_tile = channel // tiles.channels
    place = position if fine else kernel_row
    order = np.lexsort((tap, channel_tile, place, fold))
    sorted_keys = np.stack((fold, place, channel_tile))[:, order]
    begins = np.flatnonzero(np.concatenate(([True], (sorted_keys[:, 1:] != sorted_keys[:, :-1]).any(axis=0))))
    ends = np.concatenate((begins[1:], [len(tap)])) - 1
    runs = order[begins]
    folds = -(-shape.taps // taps_per_fold)
    count = np.bincount(fold[runs], minlength=folds)
    offset = fold[runs] * taps_per_fold
    return Taps(
        channel_tile=channel_tile[runs],
        kernel_row=kernel_row[runs],
        first=tap[runs] - offset,
        last=tap[order[ends]] - offset,
        start=np.cumsum(count) - count,
        count=count,
    )


def touched_rows(tiles: IfmapTiles, out_row: Int64Array, place: Int64Array, places: int) -> tuple[Int64Array, ...]:
    """Return the row tiles that each place touches through each filter row, sorted and without duplicates.

    ``out_row`` counts output rows through the batch; ``place`` gives the place of each. The first two arrays of the result say,
    by key ``place * kernel rows + filter row``, where the key's entries start and how many there are. The other three give the
    row tile, the first and the last output row of each entry.
    """
    shape = tiles.shape
    kernel = shape.kernel[0]
    image, row = np.divmod(out_row, shape.out_height)
    rows = shape.input_rows()[row]
    ok = (rows >= 0) & (rows < shape.height)
    key = (place[:, None] * kernel + np.arange(kernel)[None, :])[ok]
    row_tile = (image[:, None] * tiles.row_tiles + rows // tiles.rows)[ok]
    source = np.broadcast_to(out_row[:, None], rows.shape)[ok]
    order = np.lexsort((source, row_tile, key))
    key, row_tile, source = key[order], row_tile[order], source[order]
    changes = np.concatenate(([True], (key[1:] != key[:-1]) | (row_tile[1:] != row_tile[:-1])))[: len(key)]
    begins = np.flatnonzero(changes)
    ends = np.concatenate((begins[1:], [len(key)])).astype(np.int64) - 1
    lengths = np.bincount(key[begins], minlength=places * kernel)
    return np.cumsum(lengths) - lengths, lengths, row_tile[begins], source[begins], source[ends[: len(begins)]]


def joined_rows(
    taps: Taps, place: Int64Array, tap_fold: Int64Array, rows: tuple[Int64Array, ...], kernel: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return (fold, run of taps, touched row) for each run of a fold's taps and each row tile that its pixels touch there."""
    owner, run = ragged(taps.start[tap_fold], taps.count[tap_fold])
    key = place[owner] * kernel + taps.kernel_row[run]
    which, touched = ragged(rows[0][key], rows[1][key])
    return owner[which], run[which], touched


def of_every_group(folds: Folds, fold: Int64Array, *entries: Int64Array) -> tuple[Int64Array, Int64Array, tuple[Int64Array, ...]]:
    """Return (group, fold, entries) with each entry repeated for every group that its fold holds."""
    if folds.sharing.split.groups == 1:
        return folds.group[fold], fold, entries
    owner, group = ragged(folds.group[fold], folds.groups[fold])
    return group, fold[owner], tuple(entry[owner] for entry in entries)


def tap_uses(tiles: IfmapTiles, folds: Folds, first_element: Int64Array, taps_per_fold: int, skewed: bool, fine: bool) -> Uses:
    """Return the uses of a stream over taps, where each element is a vector of pixels.

    A held ifmap is preloaded in reverse. Without ``fine`` a tile has one use per fold.
    """
    shape, reverse = tiles.shape, folds.dataflow.held is Port.IFMAP
    (pixel_fold, _), (tap_fold, _) = folds.place(Side.PIXELS), folds.place(Side.TAPS)
    taps = taps_of(tiles, taps_per_fold, fine)
    m0, index = np.unique(folds.m0, return_index=True)
    pixels = folds.extent(Side.PIXELS)[index]
    first_row = m0 // shape.out_width
    place, out_row = ragged(first_row, (m0 + pixels - 1) // shape.out_width - first_row + 1)
    rows = touched_rows(tiles, out_row, place, len(m0))
    fold, run, touched = joined_rows(taps, pixel_fold, tap_fold, rows, shape.kernel[0])
    first, last = taps.first[run], taps.last[run]
    if reverse:
        times = folds.extent(Side.TAPS)[fold]
        first, last = times - 1 - last, times - 1 - first
    if skewed:
        last = last + folds.extent(Side.PIXELS)[fold] - 1
    base = first_element[fold]
    group, fold, (row_tile, channel_tile, first, last) = of_every_group(
        folds, fold, rows[2][touched], taps.channel_tile[run], base + first, base + last
    )
    tile = tiles.numbers(row_tile, group, channel_tile)
    return in_order(tile, first, last) if fine else merged(tile, first, last, fold)


def window_uses(tiles: IfmapTiles, lanes: int) -> Uses:
    """Return the uses of the vector unit's windows.

    Each block of ``lanes`` channels goes through all output pixels, and each pixel goes through its window.
    """
    shape = tiles.shape
    taps = shape.kernel[0] * shape.kernel[1]
    out_row = np.arange(shape.out_rows, dtype=np.int64)
    _, _, row_tile, first_row, last_row = touched_rows(tiles, out_row, np.zeros_like(out_row), 1)
    channel = np.arange(0, shape.channels, lanes, dtype=np.int64)
    first_tile = channel // tiles.channels
    last_tile = (np.minimum(channel + lanes, shape.channels) - 1) // tiles.channels
    block, channel_tile = ragged(first_tile, last_tile - first_tile + 1)
    base = (block * shape.pixels)[:, None]
    first = (base + first_row * shape.out_width) * taps
    last = (base + (last_row + 1) * shape.out_width) * taps - 1
    tile = row_tile * tiles.channel_tiles + channel_tile[:, None]
    return merged(tile.ravel(), first.ravel(), last.ravel(), np.repeat(block, len(row_tile)))


def window_row_uses(tiles: IfmapTiles, lanes: int) -> Uses:
    """Return the uses of the vector unit's windows whose rows need not be resident together.

    Each pixel of each block of ``lanes`` channels needs the tiles of a filter row only while it goes through that row.
    """
    shape = tiles.shape
    kernel_rows, kernel_columns = shape.kernel
    image, row = np.divmod(np.arange(shape.pixels, dtype=np.int64) // shape.out_width, shape.out_height)
    rows = shape.input_rows()[row]
    pixel, kernel_row = np.nonzero((rows >= 0) & (rows < shape.height))
    row_tile = image[pixel] * tiles.row_tiles + rows[pixel, kernel_row] // tiles.rows
    first = (pixel * kernel_rows + kernel_row) * kernel_columns
    channel = np.arange(0, shape.channels, lanes, dtype=np.int64)
    first_tile = channel // tiles.channels
    last_tile = (np.minimum(channel + lanes, shape.channels) - 1) // tiles.channels
    block, channel_tile = ragged(first_tile, last_tile - first_tile + 1)
    require_memory(len(block) * len(pixel), BYTES_PER_USE)
    base = (block * shape.pixels)[:, None]
    start = base * kernel_rows * kernel_columns + first
    tile = row_tile * tiles.channel_tiles + channel_tile[:, None]
    return merged(tile.ravel(), start.ravel(), start.ravel() + kernel_columns - 1, (base + pixel).ravel())
