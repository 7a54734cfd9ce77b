"""Uses of ifmap tiles by a stream over pixels: which tiles each fold touches, and when.

Folds that read the same taps of the same pixels use the same tiles: they are of one kind, and its uses serve all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.dataflow import Side
from workloads.dataflow.folds import Folds
from workloads.dataflow.ifmap_uses import IfmapTiles, Taps, joined_rows, of_every_group, taps_of, touched_rows
from workloads.dataflow.plan_kernels import compiled_pays, plan_kernel
from workloads.dataflow.plan_memory import BYTES_PER_USE, require_memory
from workloads.dataflow.use_columns import ROOM_ROWS, USE_ROWS
from workloads.dataflow.uses import Uses, joined_by_owner, ragged


@dataclass(frozen=True)
class Pixels:
    """A stream over pixels: one fold of each kind, the ``kind`` of each fold, and what the uses of a kind follow from.

    ``rows`` are those of `touched_rows`. An element is ``joined`` vectors of taps.
    """

    tiles: IfmapTiles
    folds: Folds
    fold_of: Int64Array
    kind: Int64Array
    taps: Taps
    rows: tuple[Int64Array, ...]
    skewed: bool
    joined: int

    @property
    def joins_tiles(self) -> bool:
        """Return whether a fold has several runs of taps, which may touch one tile."""
        return not (self.taps.count == 1).all()

    def sizes(self) -> Int64Array:
        """Return the most uses that each kind may have: a use for each row tile that a run of taps touches, and each group."""
        block, row = self.folds.block[self.fold_of], self.folds.row[self.fold_of]
        owner, run = ragged(self.taps.start[row], self.taps.count[row])
        key = block[owner] * self.tiles.shape.kernel[0] + self.taps.kernel_row[run]
        touched = np.bincount(owner, weights=self.rows[1][key], minlength=len(block)).astype(np.int64)
        return np.asarray(touched * self.folds.groups[self.fold_of])


@dataclass(frozen=True)
class UsesOfKinds:
    """The uses of one fold of each kind, kind by kind, in the order of their first element, which is counted from the fold's.

    ``uses`` has a row each for tile, first and last element; those of a kind begin at ``starts``, where those before it end.
    """

    starts: Int64Array
    uses: Int64Array


def pixel_uses(tiles: IfmapTiles, folds: Folds, first_element: Int64Array, taps_per_fold: int, skewed: bool, joined: int) -> Uses:
    """Return the uses of a stream over pixels, where each element is ``joined`` vectors of taps. Blocks are whole output rows."""
    shape = tiles.shape
    place = (folds.part * folds.row_folds + folds.row) * folds.blocks + folds.block
    _, fold_of, kind = np.unique(place, return_index=True, return_inverse=True)
    taps, out_row = taps_of(tiles, taps_per_fold, fine=False), np.arange(shape.out_rows, dtype=np.int64)
    rows = touched_rows(tiles, out_row, out_row * shape.out_width // folds.block_size, folds.blocks)
    pixels = Pixels(tiles, folds, fold_of, kind, taps, rows, skewed, joined)
    sizes = pixels.sizes()
    require_memory(int(sizes.sum()), BYTES_PER_USE)
    is_compiled = compiled_pays(int(sizes.sum()))
    of_kinds = (uses_of_kinds_compiled if is_compiled else uses_of_kinds)(pixels, sizes)
    count = of_kinds.starts[kind + 1] - of_kinds.starts[kind]
    require_memory(int(count.sum()), BYTES_PER_USE)
    return (uses_of_folds_compiled if is_compiled else uses_of_folds)(of_kinds, kind, first_element)


def uses_of_kinds(pixels: Pixels, sizes: Int64Array) -> UsesOfKinds:
    """Return the uses of one fold of each kind, at most ``sizes`` of each."""
    folds, taps, rows, out_width = pixels.folds, pixels.taps, pixels.rows, pixels.tiles.shape.out_width
    fold_of, joined = pixels.fold_of, pixels.joined
    kind, run, touched = joined_rows(taps, folds.block[fold_of], folds.row[fold_of], rows, pixels.tiles.shape.kernel[0])
    begin, end = (rows[3] * out_width)[touched], ((rows[4] + 1) * out_width - 1)[touched]
    m0 = folds.m0[fold_of][kind]
    first, last = (begin - m0) // joined, (end - m0) // joined
    if pixels.skewed:
        last = last + folds.extent(Side.TAPS)[fold_of][kind] - 1
    group, _, (kind, row_tile, channel_tile, first, last) = of_every_group(
        folds, fold_of[kind], kind, rows[2][touched], taps.channel_tile[run], first, last
    )
    tile = pixels.tiles.numbers(row_tile, group, channel_tile)
    if pixels.joins_tiles:
        tile, first, last, kind = joined_by_owner(tile, first, last, kind)
    most = int(first.max(initial=0)) + 1
    order = np.argsort(kind * most + first, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(kind, minlength=len(sizes)))))
    return UsesOfKinds(starts, np.stack((tile[order], first[order], last[order])))


def uses_of_kinds_compiled(pixels: Pixels, sizes: Int64Array) -> UsesOfKinds:
    """Return what `uses_of_kinds` returns, found by compiled code."""
    tiles, folds, taps, rows, fold_of = pixels.tiles, pixels.folds, pixels.taps, pixels.rows, pixels.fold_of
    row, shape = folds.row[fold_of], tiles.shape
    skew = folds.extent(Side.TAPS)[fold_of] - 1 if pixels.skewed else np.zeros_like(row)
    key = folds.block[fold_of] * shape.kernel[0]
    kinds = np.stack(
        (key, taps.start[row], taps.count[row], folds.m0[fold_of], skew, folds.group[fold_of], folds.groups[fold_of]), axis=1
    )
    runs = np.stack((taps.channel_tile, taps.kernel_row), axis=1)
    keys = np.stack((rows[0], rows[0] + rows[1]), axis=1)
    touched = np.stack((rows[3] * shape.out_width, (rows[4] + 1) * shape.out_width - 1, rows[2]), axis=1)
    group_tiles = shape.group_channels // tiles.channels
    numbers = np.array([pixels.joined, pixels.joins_tiles, tiles.channel_tiles, group_tiles], dtype=np.int64)
    uses, starts = np.empty((USE_ROWS, int(sizes.sum())), dtype=np.int64), np.empty(len(sizes) + 1, dtype=np.int64)
    room = np.full((ROOM_ROWS, max(tiles.tiles, int(sizes.max(initial=0)))), -1, dtype=np.int64)
    plan_kernel("use_loops", "uses_of_kinds")(kinds, runs, keys, touched, numbers, uses, starts, room)
    return UsesOfKinds(starts, uses)


def uses_of_folds(of_kinds: UsesOfKinds, kind: Int64Array, first_element: Int64Array) -> Uses:
    """Return the uses of folds of a ``kind`` each, whose elements count from ``first_element``."""
    starts, uses = of_kinds.starts, of_kinds.uses
    of_folds = [slice(begin, end) for begin, end in zip(starts[kind].tolist(), starts[kind + 1].tolist(), strict=True)]
    tile, first, last = (np.concatenate([values[part] for part in of_folds]) for values in uses)
    base = np.repeat(first_element, starts[kind + 1] - starts[kind])
    return Uses(tile, first + base, last + base)


def uses_of_folds_compiled(of_kinds: UsesOfKinds, kind: Int64Array, first_element: Int64Array) -> Uses:
    """Return what `uses_of_folds` returns, found by compiled code: in the same place if each fold is the next kind."""
    starts, count = of_kinds.starts, int((of_kinds.starts[kind + 1] - of_kinds.starts[kind]).sum())
    one_each = len(kind) == len(starts) - 1 and (kind[1:] > kind[:-1]).all()
    uses = of_kinds.uses if one_each else np.empty((USE_ROWS, count), dtype=np.int64)
    plan_kernel("use_loops", "uses_of_folds")(of_kinds.uses, starts, kind, first_element, uses)
    return Uses(*uses[:, :count])
