"""Conversion between tensors and the tiles of a Program, so that the reference engine's PEs can multiply real numbers.

The layout follows the description of Geo and Seg in ``simcore.program.program``. This module does not use the addresses of
``simcore.program.streams``, so each of the two checks the other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simcore.errors import InputError
from simcore.program.program import Fold, Geo, Int64Array, PeRoles, Port, Program, Reg, Seg

IFMAP_REGION, FILTER_REGION = 0, 1


def convolution_images(program: Program, pixels: Int64Array, weights: Int64Array) -> dict[int, Int64Array]:
    """Return the contents of each tile of the ifmap's and the filters' regions: by region, int64 [tiles, words].

    ``pixels`` is [batch, channels, height, width] and ``weights`` is [filters, channels of a group, height, width] of the loop
    nest. Raise InputError for a Program that was not lowered ``with_folds``.
    """
    if not program.folds:
        raise InputError("expected a Program of an array layer, lowered with_folds=True", where=f"layer '{program.name}'")
    return {IFMAP_REGION: _ifmap_image(program, pixels), FILTER_REGION: _filter_image(program, weights)}


def convolution_result(program: Program, read: Callable[[int, int, int], int]) -> Int64Array:
    """Return the result of a loop nest, [batch, filters, rows, columns], from the words of the ofmap.

    ``read(region, tile, word)`` returns one word; it is called once for each word.
    """
    product = _group_products(program, read)
    batch, rows, columns = (int(program.geometry[g]) for g in (Geo.BATCH, Geo.OUT_H, Geo.OUT_W))
    return product.transpose(1, 0, 2).reshape(batch, rows, columns, -1).transpose(0, 3, 1, 2)


def _group_products(program: Program, read: Callable[[int, int, int], int]) -> Int64Array:
    """Return the result as [group, pixel of the batch, filter of the group]."""
    ofmap = len(program.facts["tiling"]["tiles"]) - 1  # behind it are regions of the next layer
    groups = int(program.geometry[Geo.C] // program.geometry[Geo.GROUP_CHANNELS])
    rows = int(np.prod(program.geometry[[Geo.BATCH, Geo.OUT_H, Geo.OUT_W]]))
    roles = program.roles
    assert roles is not None
    most = max(fold.n0 + _filters_and_taps(roles, fold)[0] for fold in program.folds)
    product = np.zeros((groups, rows, most), dtype=np.int64)
    for fold, segment in zip(program.folds, program.segments[Port.OUTPUT], strict=True):
        if segment[Seg.REGION] == ofmap:
            tiles, words = _places(segment)
            places = zip(tiles.ravel().tolist(), words.ravel().tolist(), strict=True)
            part: Int64Array = np.array([read(ofmap, *place) for place in places], dtype=np.int64).reshape(tiles.shape)
            for group, each in enumerate(np.hsplit(part, fold.groups), fold.group):
                own: Int64Array = each.T if roles.north is Port.IFMAP else each
                pixels, filters = own.shape
                product[group, fold.m0 : fold.m0 + pixels, fold.n0 : fold.n0 + filters] = own
    return product


def _ifmap_image(program: Program, ifmap: Int64Array) -> Int64Array:
    geometry = program.geometry
    height, width, rows, channels = (int(geometry[g]) for g in (Geo.H, Geo.W, Geo.ROWS_PER_TILE, Geo.CHANNELS_PER_TILE))
    batch, all_channels = ifmap.shape[:2]
    row_tiles, channel_tiles = -(-height // rows), -(-all_channels // channels)
    whole = np.zeros((batch, channel_tiles * channels, row_tiles * rows, width), dtype=np.int64)
    whole[:, :all_channels, :height] = ifmap
    tiles = whole.reshape(batch, channel_tiles, channels, row_tiles, rows, width)
    order = (0, 3, 1, 2, 4, 5) if geometry[Geo.PLANAR] else (0, 3, 1, 4, 5, 2)
    return np.ascontiguousarray(tiles.transpose(order)).reshape(batch * row_tiles * channel_tiles, -1)


def _filter_image(program: Program, filters: Int64Array) -> Int64Array:
    geometry, segments = program.geometry, program.segments[Port.FILTER]
    assert program.roles is not None
    groups = int(geometry[Geo.C] // geometry[Geo.GROUP_CHANNELS])
    # The order of the taps is filter row, filter column, channel of the group.
    taps = filters.transpose(2, 3, 1, 0).reshape(-1, groups, filters.shape[0] // groups).transpose(1, 0, 2)
    words = int((np.minimum(segments[:, Seg.CHUNK], segments[:, Seg.TIMES]) * segments[:, Seg.STRIDE]).max())
    image = np.zeros((int(program.regions[FILTER_REGION, Reg.TILES]), words), dtype=np.int64)
    for fold, segment in zip(program.folds, segments, strict=True):
        own = taps[fold.group : fold.group + fold.groups]
        image[_places(segment)] = np.hstack([_filter_block(program.roles, fold, group) for group in own])
    return image


def _filter_block(roles: PeRoles, fold: Fold, taps: Int64Array) -> Int64Array:
    """Return the part of a group's filters [taps, filters] that a fold reads, as [times, lanes]."""
    filters, depth = _filters_and_taps(roles, fold)
    block = taps[fold.k0 : fold.k0 + depth, fold.n0 : fold.n0 + filters]
    return block.T if roles.held is Port.IFMAP else block


def _filters_and_taps(roles: PeRoles, fold: Fold) -> tuple[int, int]:
    """Return the filters and taps of a fold. Taps lie along the rows, or in time if the PEs keep their sums."""
    if roles.held is Port.OUTPUT:
        return fold.rows if roles.north is Port.IFMAP else fold.columns, fold.times
    return fold.times if roles.held is Port.IFMAP else fold.columns, fold.rows


def _places(segment: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return tile and word of each (time, lane) of a LINEAR segment, without skew and reversal, which move no word."""
    time = np.arange(segment[Seg.TIMES], dtype=np.int64)[:, None]
    lane = np.arange(segment[Seg.LANES], dtype=np.int64)[None, :]
    tile = segment[Seg.TILE] + time // segment[Seg.CHUNK] + 0 * lane
    return tile, segment[Seg.OFFSET] + time % segment[Seg.CHUNK] * segment[Seg.STRIDE] + lane
