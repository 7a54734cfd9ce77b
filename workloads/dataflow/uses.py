"""Tile uses: the first and last element during which a port needs each tile, in the order of the elements."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.plan_kernels import compiled_pays, plan_kernel
from workloads.dataflow.plan_memory import BYTES_PER_USE, require_memory


@dataclass(frozen=True)
class Uses:
    """Elements ``first`` to ``last`` of a port need tile ``tile``. Entries are sorted by ``first``.

    Tiles are counted within their region, and elements through the layer.
    """

    tile: Int64Array
    first: Int64Array
    last: Int64Array

    def __len__(self) -> int:
        return len(self.tile)

    @cached_property
    def first_of_tiles(self) -> Int64Array:
        """The first use of each tile, tile by tile."""
        found = np.full(int(self.tile.max(initial=-1)) + 1, len(self), dtype=np.int64)
        if compiled_pays(len(self)):
            plan_kernel("use_loops", "first_of_tiles")(self.tile, found)
        else:
            found[self.tile[::-1]] = np.arange(len(self))[::-1]  # of several uses of a tile, the last that is assigned stays
        return found[found < len(self)]

    @cached_property
    def tile_by_tile(self) -> Int64Array:
        """The uses in the order of their tiles, those of a tile in their own order."""
        return ordered(self.tile)

    @cached_property
    def end_in_order(self) -> bool:
        """Whether uses end in the order in which they begin."""
        return bool((self.last[1:] >= self.last[:-1]).all())

    @cached_property
    def at_once(self) -> int:
        """The most uses that are active at the same element: the fewest slots that can serve them.

        At most ``n`` are active if each use begins after all but ``n`` of the earlier ones ended, whichever these are.
        """
        ends = self.last if self.end_in_order else np.sort(self.last)

        def suffices(n: int) -> bool:
            return not (self.first[n:] <= ends[: max(0, len(self) - n)]).any()

        least, most = min(1, len(self)), 1
        while not suffices(most):
            least, most = most + 1, 2 * most
        return bisect_left(range(most), True, least, key=suffices)

    def of_two_runs(self, starts: Int64Array) -> int:
        """Return the most tiles that two runs of elements in sequence need. A run begins at each of ``starts``.

        A tile has at most one use in a run.
        """
        begins = np.append(np.searchsorted(self.first, starts), len(self))
        if compiled_pays(len(self)):
            latest = np.full(int(self.tile.max(initial=-1)) + 1, -2, dtype=np.int64)
            return plan_kernel("use_loops", "of_two_runs")(self.tile, begins, latest)
        count = np.diff(begins)
        run = np.repeat(np.arange(len(starts)), count)[self.tile_by_tile]
        tile = self.tile[self.tile_by_tile]
        shared = np.bincount(run[1:][(tile[1:] == tile[:-1]) & (run[1:] - run[:-1] == 1)], minlength=len(starts))
        return int((count + np.append(0, count[:-1]) - shared).max())


def ragged(starts: Int64Array, lengths: Int64Array) -> tuple[Int64Array, Int64Array]:
    """For runs ``starts[i] .. starts[i] + lengths[i] - 1`` laid end to end, return the run of each entry, and its value.

    A plan grows to its full size here, so raise PlanTooLargeError if the entries do not fit into memory.
    """
    require_memory(int(lengths.sum()), BYTES_PER_USE)
    owner = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    ends = np.cumsum(lengths)
    value = np.arange(len(owner), dtype=np.int64) + np.repeat(starts - (ends - lengths), lengths)
    return owner, value


def ordered(keys: Int64Array) -> Int64Array:
    """Return the places of keys from 0 up in sorted order, equal ones in their own order. numpy sorts short words much faster."""
    short = len(keys) and int(keys.max()) < 1 << 16
    return np.argsort(keys.astype(np.uint16) if short else keys, kind="stable")


def first_of_each(keys: Int64Array) -> Int64Array:
    """Return where in sorted ``keys`` each of them occurs first."""
    return np.flatnonzero(np.concatenate(([len(keys) > 0], keys[1:] != keys[:-1])))


def in_order(tile: Int64Array, first: Int64Array, last: Int64Array) -> Uses:
    """Return uses sorted by their first element."""
    if (first[1:] >= first[:-1]).all():
        return Uses(tile, first, last)
    order = np.argsort(first, kind="stable")
    return Uses(tile[order], first[order], last[order])


def joined_by_owner(
    tile: Int64Array, first: Int64Array, last: Int64Array, owner: Int64Array
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Return (tile, first, last, owner) with all uses of one tile by one owner joined to one, sorted by owner and tile."""
    place = owner * (int(tile.max(initial=0)) + 1) + tile
    order = np.argsort(place, kind="stable")
    begins = first_of_each(place[order])
    kept = order[begins]
    if not len(kept):
        return tile, first, last, owner
    return tile[kept], np.minimum.reduceat(first[order], begins), np.maximum.reduceat(last[order], begins), owner[kept]


def merged(tile: Int64Array, first: Int64Array, last: Int64Array, owner: Int64Array) -> Uses:
    """Return uses in which all uses of one tile by one owner (a fold) are joined into a single one that spans them."""
    return in_order(*joined_by_owner(tile, first, last, owner)[:3])


@dataclass(frozen=True)
class LinearTiles:
    """A tensor stored in the order of its stream, as runs of rows that are cut into tiles of ``chunk`` rows.

    Run ``i`` has ``times[i]`` rows of ``lanes[i]`` words. It begins with tile ``first_tile[i]``, and its elements begin with
    ``first_element[i]``. With ``reverse`` the last row comes first. With ``skewed`` a row extends over as many elements as it has
    lanes. An element joins ``joined`` rows.
    """

    first_element: Int64Array
    times: Int64Array
    lanes: Int64Array
    first_tile: Int64Array
    chunk: int
    tiles: int
    reverse: bool = False
    skewed: bool = False
    joined: int = 1

    def uses(self) -> Uses:
        """Return the uses of the tiles, in the order of the elements."""
        owner, part = ragged(np.zeros_like(self.times), -(-self.times // self.chunk))
        times = self.times[owner]
        first = part * self.chunk
        last = np.minimum(first + self.chunk, times) - 1
        if self.reverse:
            first, last = times - 1 - last, times - 1 - first
        if self.skewed:
            last = last + self.lanes[owner] - 1
        base = self.first_element[owner]
        return in_order(self.first_tile[owner] + part, base + first // self.joined, base + last // self.joined)

    def tile_words(self) -> Int64Array:
        """Return the words that each tile holds, and 0 for a tile number that no run takes."""
        owner, part = ragged(np.zeros_like(self.times), -(-self.times // self.chunk))
        words = np.zeros(self.tiles, dtype=np.int64)
        rows = np.minimum(self.chunk, self.times[owner] - part * self.chunk)
        words[self.first_tile[owner] + part] = rows * self.lanes[owner]
        return words
