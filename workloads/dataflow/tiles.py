"""Tile sizes: the largest useful tiles of which a share holds enough, including double buffering."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.ifmap_uses import IfmapTiles
from workloads.dataflow.regions import Region, Share, region
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.uses import Uses

#: One number, or an array of them.
Amount = Any

#: Tiles may leave this much more of their slots empty than tiles of the best size.
SNUG = 1.02

#: Larger tiles delay the first element more than they save later.
LARGE_TILE_BYTES = 4096
SMALL_TILE_BYTES = 64


def target_bytes(capacity_bytes: Amount) -> Amount:
    """Return the preferred tile size in bytes in a share of this capacity: a sixteenth of it, within bounds."""
    return np.clip(capacity_bytes // 16, SMALL_TILE_BYTES, LARGE_TILE_BYTES)


def tile_target_bytes(share: Share) -> int:
    """Return the preferred tile size in bytes in a share."""
    return int(target_bytes(share.capacity_bytes))


@dataclass(frozen=True)
class Runs:
    """A tensor stored in the order of its stream: ``count`` runs of ``times`` rows of ``lanes`` words.

    With ``skewed`` the lanes of a row are read one after another. Some runs may have fewer rows: ``lengths`` has
    (rows, folds that read so many), if given. An element joins ``joined`` rows.
    """

    count: int
    times: int
    lanes: int
    word_bytes: int
    skewed: bool = False
    lengths: tuple[tuple[int, int], ...] = ()
    joined: int = 1

    @property
    def row_bytes(self) -> int:
        """Return the bytes of a row."""
        return self.lanes * self.word_bytes

    def tiles(self, chunk: int) -> int:
        """Return the tiles of a run that is cut every ``chunk`` rows."""
        return -(-self.times // chunk)

    def slot_bytes(self, share: Share, chunk: int) -> float:
        """Return the bytes of the slots that all tiles take, in proportion to those of the slots of other sizes of tile."""
        slot = share.slot_lines(chunk * self.row_bytes, self.count * self.tiles(chunk)) * share.line_bytes
        return slot * sum(-(-times // chunk) * count for times, count in self.lengths or ((self.times, self.count),))

    def tiles_at_once(self, chunk: int) -> int:
        """Return the tiles of ``chunk`` rows that one element of the stream can touch."""
        return min(self.tiles(chunk), 1 + -(-((self.lanes if self.skewed else self.joined) - 1) // chunk))


def linear_chunk(share: Share, layer: str, tensor: str, runs: Runs, chunk: int) -> int:
    """Return the rows per tile of a tensor: about ``chunk`` at most, and so few that enough tiles fit the share.

    Tiles that fill their slots better are preferred, unless all tiles fit. Raise InputError if not even tiles of one row can
    serve one element.
    """
    sizes = _chunks(share, runs, chunk)
    least = min(runs.slot_bytes(share, size) for size in sizes)
    spare = 0
    for size in sizes:
        tiles, needed = runs.count * runs.tiles(size), runs.tiles_at_once(size)
        slots = share.slots(size * runs.row_bytes, tiles)
        if slots == tiles or (slots > needed and runs.slot_bytes(share, size) <= SNUG * least):
            return size
        if slots >= needed and not spare:
            spare = size
    if spare:
        return spare
    needed = runs.tiles_at_once(1) * share.slot_lines(runs.row_bytes, runs.count * runs.tiles(1)) * share.line_bytes
    raise share.too_small(layer, tensor, needed)


def _chunks(share: Share, runs: Runs, chunk: int) -> list[int]:
    """Return the rows per tile to try, most first: halves of ``chunk`` in whole lines, as long as these are possible."""
    lines = share.line_bytes // gcd(share.line_bytes, runs.row_bytes)
    size = max(1, min(-(-chunk // lines) * lines, runs.times))
    sizes = [size]
    while size > 1:
        half = -(-size // 2)
        size = -(-half // lines) * lines if half > lines else half
        sizes.append(_evenly(runs.times, size))
    return sorted(set(sizes), reverse=True)


def whole_rows(chunk: int, out_width: int) -> int:
    """Return ``chunk`` pixels rounded down to whole output rows, or ``chunk`` itself if it is shorter than a row."""
    return chunk - chunk % out_width if chunk >= out_width else chunk


def _evenly(extent: int, part: int) -> int:
    """Return the smallest part size that needs no more parts than ``part`` does."""
    return -(-extent // -(-extent // part))


def _divisor(extent: int, part: int) -> int:
    """Return the largest divisor of ``extent`` that is at most ``part``."""
    return next(size for size in range(min(extent, part), 0, -1) if extent % size == 0)


@dataclass(frozen=True)
class Heights:
    """Limits of ifmap tiles: the ``most`` rows, and the ``step`` by which streams move on, or 0 if none matters.

    ``fold_channels`` are the channels that a fold reads at once if it reads few, or 0. With ``fold_starts``, the first element of
    each fold of a stream of pixels, the share must hold all tiles that two folds in sequence read.
    """

    most: int
    step: int = 0
    fold_channels: int = 0
    fold_starts: Int64Array | None = None

    def needed(self, uses: Uses) -> int:
        """Return the slots that uses need. Each fold uses a tile at most once if ``fold_starts`` are given."""
        return uses.at_once if self.fold_starts is None else uses.of_two_runs(self.fold_starts)

    def best(self, height: int, rows: int, line_rows: float) -> int:
        """Return at most ``rows`` rows: tiles of like size, or those that take the fewest lines for each step.

        A line holds ``line_rows`` rows of a tile.
        """
        rows = min(rows, self.most)
        if self.step == 0 or rows >= height:
            return _evenly(height, rows)

        def lines(size: int) -> float:
            tiles = (self.step + size - gcd(self.step, size)) / size
            return tiles * -(-size // line_rows)

        return min(range(min(rows, self.step), 0, -1), key=lines) if rows < 2 * self.step else rows // self.step * self.step


def _first_ifmap_tiles(shape: ConvShape, target_words: int, lanes: int, planar: bool) -> tuple[int, int]:
    """Return (rows, channels) of the tile to try first.

    Streams of pixels take the channels that one fold reads, then as many rows as fit. Planar tensors take the rows for one vector
    of pixels, then as many channels as fit.
    """
    channels, width, height = shape.group_channels, shape.width, shape.height
    if planar:
        rows = min(height, -(-lanes // width))
        depth = max(1, min(channels, target_words // (rows * width)))
        if depth == channels:
            rows = max(rows, min(height, target_words // (width * channels)))
    else:
        depth = min(channels, lanes)
        rows = max(1, min(height, target_words // (width * depth)))
        if rows == height:
            depth = min(channels, depth * max(1, target_words // (height * width * depth)))
    used = shape.used_rows()
    inner = used[: int(used.nonzero()[0][-1]) + 1] if used.any() else used
    if not inner.all():
        rows = 1
    depth = _evenly(channels, depth) if planar else depth
    return rows, depth if shape.groups == 1 else _divisor(channels, depth)


def _smaller(shape: ConvShape, rows: int, channels: int, planar: bool, heights: Heights) -> tuple[int, int] | None:
    """Return the (rows, channels) to try next, or None. Tiles that two folds read together have the channels of one at least."""
    less_rows, half = -(-rows // 2), -(-channels // 2)
    less_channels = half if shape.groups == 1 else _divisor(shape.group_channels, half)
    steps = [(rows, less_channels), (less_rows, channels)] if planar else [(less_rows, channels), (rows, less_channels)]
    if heights.fold_starts is not None:
        steps = [(rows, less_channels) if channels > heights.fold_channels else (less_rows, channels)]
    return next((step for step in steps if step != (rows, channels)), None)


def _sizes(shape: ConvShape, first: tuple[int, int], planar: bool, heights: Heights, line_words: int) -> Iterator[IfmapTiles]:
    """Yield the tiles to try, largest first."""
    size: tuple[int, int] | None = first
    while size is not None:
        rows, channels = size
        yield IfmapTiles(shape, heights.best(shape.height, rows, line_words / (shape.width * channels)), channels)
        size = _smaller(shape, rows, channels, planar, heights)


def _even_depths(tiles: IfmapTiles, line_words: int, fold_channels: int) -> Iterator[IfmapTiles]:
    """Yield ``tiles``, and after them tiles of fewer channels, but more than half as many, that may fill their slots better."""
    yield tiles
    shape = tiles.shape
    if shape.groups > 1:
        return
    fewest = -(-shape.channels // tiles.channels)
    row_words = tiles.rows * shape.width
    step = line_words // gcd(line_words, row_words)
    depths = {-(-shape.channels // count) for count in range(fewest, 2 * fewest)}
    depths |= {-(-depth // step) * step for depth in depths}
    for depth in sorted(depths, reverse=True):
        whole_folds = not fold_channels or depth % fold_channels == 0 or fold_channels % depth == 0
        if whole_folds and 2 * depth > tiles.channels > depth:
            yield IfmapTiles(shape, tiles.rows, depth)


def _snug(share: Share, word_bytes: int, sizes: list[IfmapTiles]) -> list[IfmapTiles]:
    """Return the tiles, those first that fill their slots well, or all fit, and are not much smaller than the largest."""
    lines = [share.slot_lines(tiles.words * word_bytes, tiles.tiles) * tiles.tiles for tiles in sizes]
    large = [4 * tiles.words >= sizes[0].words for tiles in sizes]
    least = min(taken for taken, is_large in zip(lines, large, strict=True) if is_large)
    snug = [is_large and taken <= max(SNUG * least, share.lines) for taken, is_large in zip(lines, large, strict=True)]
    return [sizes[index] for index in sorted(range(len(sizes)), key=lambda index: not snug[index])]


def ifmap_tiles(
    shape: ConvShape,
    share: Share,
    layer: str,
    word_bytes: int,
    lanes: int,
    planar: bool,
    heights: Heights,
    find_uses: Sequence[Callable[[IfmapTiles], Uses]],
) -> tuple[IfmapTiles, Uses, Region]:
    """Return the ifmap's tiles, their uses and their region.

    Each function in ``find_uses`` returns the uses of some tiles; later ones need fewer tiles at once. Take the first size that
    fills its slots well and of which the share holds one more tile than is needed at once (double buffering), or else one that
    just fits; if two folds' do not fit at any size, the smallest. Raise InputError if the share cannot hold the data of one
    element at any size.
    """
    first = _first_ifmap_tiles(shape, tile_target_bytes(share) // word_bytes, lanes, planar)
    line_words = share.line_bytes // word_bytes
    sizes = list(_sizes(shape, first, planar, heights, line_words))
    if planar:
        sizes = _snug(
            share, word_bytes, [other for tiles in sizes for other in _even_depths(tiles, line_words, heights.fold_channels)]
        )
    spare: tuple[IfmapTiles, Uses] | None = None
    smallest: tuple[IfmapTiles, Uses] | None = None
    needed_bytes = 0
    for find in find_uses:
        for tiles in sizes:
            tile_bytes = tiles.words * word_bytes
            slots = share.slots(tile_bytes, tiles.tiles)
            if slots == 0:
                needed_bytes = tile_bytes
                continue
            uses = find(tiles)
            needed = 0 if slots == tiles.tiles else heights.needed(uses)
            if needed < slots:
                return tiles, uses, region(share, tile_bytes, word_bytes, tiles.tile_words())
            if needed == slots and spare is None:
                spare = tiles, uses
            if needed > slots > uses.at_once and heights.fold_starts is not None:
                smallest = tiles, uses
            needed_bytes = needed * share.slot_lines(tile_bytes, tiles.tiles) * share.line_bytes
    spare = spare or smallest
    if spare is None:
        raise share.too_small(layer, "ifmap", needed_bytes)
    return *spare, region(share, spare[0].words * word_bytes, word_bytes, spare[0].tile_words())
