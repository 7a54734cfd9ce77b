"""Tile sizes: the largest useful tiles of which a share holds enough, including double buffering."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from workloads.dataflow.ifmap_uses import IfmapTiles
from workloads.dataflow.regions import Region, Share, region
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.uses import Uses

#: Larger tiles delay the first element more than they save later.
LARGE_TILE_BYTES = 4096
SMALL_TILE_BYTES = 512


def tile_target_bytes(share: Share) -> int:
    """Return the preferred tile size in bytes: a sixteenth of the share, within bounds."""
    return max(SMALL_TILE_BYTES, min(LARGE_TILE_BYTES, share.capacity_bytes // 16))


@dataclass(frozen=True)
class Runs:
    """A tensor stored in the order of its stream: ``count`` runs of ``times`` rows of ``lanes`` words.

    With ``skewed`` the lanes of a row are read one after another.
    """

    count: int
    times: int
    lanes: int
    word_bytes: int
    skewed: bool = False

    @property
    def row_bytes(self) -> int:
        """Return the bytes of a row."""
        return self.lanes * self.word_bytes

    def tiles(self, chunk: int) -> int:
        """Return the tiles of a run that is cut every ``chunk`` rows."""
        return -(-self.times // chunk)

    def tiles_at_once(self, chunk: int) -> int:
        """Return the tiles of ``chunk`` rows that one element of the stream can touch."""
        return min(self.tiles(chunk), 1 + (-(-(self.lanes - 1) // chunk) if self.skewed else 0))


def linear_chunk(share: Share, layer: str, tensor: str, runs: Runs, chunk: int) -> int:
    """Return the rows per tile of a tensor: ``chunk``, halved until enough tiles fit the share.

    Raise InputError if not even tiles of one row can serve one element.
    """
    chunk = max(1, min(chunk, runs.times))
    while True:
        tiles, needed = runs.count * runs.tiles(chunk), runs.tiles_at_once(chunk)
        slots = share.slots(chunk * runs.row_bytes, tiles)
        if slots >= min(needed + 1, tiles):
            return chunk
        if chunk == 1:
            if slots >= needed:
                return 1
            raise share.too_small(layer, tensor, needed * share.slot_lines(runs.row_bytes, tiles) * share.line_bytes)
        chunk = -(-chunk // 2)


def psum_chunk(share: Share, runs: Runs, chunk: int) -> int:
    """Return the rows per tile of partial sums: small tiles that let a whole run stay in the share, or ``chunk`` if none do."""
    for parts in (8, 4, 2, 1):
        size = -(-runs.times // parts)
        if share.slots(size * runs.row_bytes, runs.count * runs.tiles(size)) >= runs.tiles(size):
            return size
    return chunk


def whole_rows(chunk: int, out_width: int) -> int:
    """Return ``chunk`` pixels rounded down to whole output rows, or ``chunk`` itself if it is shorter than a row."""
    return chunk - chunk % out_width if chunk >= out_width else chunk


def _evenly(extent: int, part: int) -> int:
    """Return the smallest part size that needs no more parts than ``part`` does."""
    return -(-extent // -(-extent // part))


def _divisor(extent: int, part: int) -> int:
    """Return the largest divisor of ``extent`` that is at most ``part``."""
    return next(size for size in range(min(extent, part), 0, -1) if extent % size == 0)


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
    return _evenly(height, rows), depth if shape.groups == 1 else _divisor(channels, depth)


def _smaller(shape: ConvShape, rows: int, channels: int, planar: bool) -> tuple[int, int] | None:
    less_rows, half = -(-rows // 2), -(-channels // 2)
    less_channels = half if shape.groups == 1 else _divisor(shape.group_channels, half)
    steps = [(rows, less_channels), (less_rows, channels)] if planar else [(less_rows, channels), (rows, less_channels)]
    return next((step for step in steps if step != (rows, channels)), None)


def _sizes(shape: ConvShape, first: tuple[int, int], planar: bool) -> Iterator[tuple[int, int]]:
    size: tuple[int, int] | None = first
    while size is not None:
        yield size
        size = _smaller(shape, *size, planar)


def ifmap_tiles(
    shape: ConvShape,
    share: Share,
    layer: str,
    word_bytes: int,
    lanes: int,
    planar: bool,
    most_rows: int,
    find_uses: Sequence[Callable[[IfmapTiles], Uses]],
) -> tuple[IfmapTiles, Uses, Region]:
    """Return the ifmap's tiles, their uses and their region.

    Each function in ``find_uses`` returns the uses of some tiles; later ones need fewer tiles at once. No tile holds more than
    ``most_rows`` ifmap rows. Take the first size of which the share holds one more tile than is needed at once (double
    buffering), or else one that just fits. Raise InputError if the share cannot hold the data of one element at any size.
    """
    rows, channels = _first_ifmap_tiles(shape, tile_target_bytes(share) // word_bytes, lanes, planar)
    first = min(rows, most_rows), channels
    spare: tuple[IfmapTiles, Uses] | None = None
    needed_bytes = 0
    for find in find_uses:
        for size in _sizes(shape, first, planar):
            tiles = IfmapTiles(shape, *size)
            tile_bytes = tiles.words * word_bytes
            slots = share.slots(tile_bytes, tiles.tiles)
            if slots == 0:
                needed_bytes = tile_bytes
                continue
            uses = find(tiles)
            needed = 0 if slots == tiles.tiles else uses.at_once()
            if needed < slots:
                return tiles, uses, region(share, tile_bytes, word_bytes, tiles.tile_words())
            if needed == slots and spare is None:
                spare = tiles, uses
            needed_bytes = needed * share.slot_lines(tile_bytes, tiles.tiles) * share.line_bytes
    if spare is None:
        raise share.too_small(layer, "ifmap", needed_bytes)
    return *spare, region(share, spare[0].words * word_bytes, word_bytes, spare[0].tile_words())
