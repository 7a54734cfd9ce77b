"""Tile uses: which tile a port needs from which element to which, in the order the elements come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.plan_memory import BYTES_PER_USE, require_memory


@dataclass(frozen=True)
class Uses:
    """Tile ``tile`` (counted within its region) is needed by elements ``first`` to ``last`` of a port, counted through the layer.

    Sorted by ``first``.
    """

    tile: Int64Array
    first: Int64Array
    last: Int64Array

    def __len__(self) -> int:
        return len(self.tile)

    def at_once(self) -> int:
        """Most uses under way at the same element: the fewest slots that can serve them."""
        if len(self) == 0:
            return 0
        ended = np.searchsorted(np.sort(self.last), self.first, side="left")
        return int((np.arange(1, len(self) + 1) - ended).max())


def ragged(starts: Int64Array, lengths: Int64Array) -> tuple[Int64Array, Int64Array]:
    """For runs ``starts[i] .. starts[i] + lengths[i] - 1`` laid end to end: the run of each entry, and its value.

    Here a plan grows to its size: raises PlanTooLargeError for entries that do not fit into memory.
    """
    require_memory(int(lengths.sum()), BYTES_PER_USE)
    owner = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    ends = np.cumsum(lengths)
    value = np.arange(len(owner), dtype=np.int64) + np.repeat(starts - (ends - lengths), lengths)
    return owner, value


def in_order(tile: Int64Array, first: Int64Array, last: Int64Array) -> Uses:
    """Uses sorted by their first element."""
    order = np.argsort(first, kind="stable")
    return Uses(tile[order], first[order], last[order])


def merged(tile: Int64Array, first: Int64Array, last: Int64Array, owner: Int64Array) -> Uses:
    """Uses with those of one tile inside one owner (a fold) joined into one that spans them."""
    if len(tile) == 0:
        return Uses(tile, first, last)
    order = np.lexsort((first, tile, owner))
    tile, first, last, owner = tile[order], first[order], last[order], owner[order]
    begins = np.flatnonzero(np.concatenate(([True], (tile[1:] != tile[:-1]) | (owner[1:] != owner[:-1]))))
    return in_order(tile[begins], first[begins], np.maximum.reduceat(last, begins))


@dataclass(frozen=True)
class LinearTiles:
    """A tensor stored as streamed: run ``i`` has ``times[i]`` rows of ``lanes[i]`` words, cut in tiles of ``chunk`` rows.

    Run ``i`` begins with tile ``first_tile[i]`` and its elements with ``first_element[i]``. ``reverse``: the last row comes
    first. ``skewed``: a row is spread over as many elements as it has lanes.
    """

    first_element: Int64Array
    times: Int64Array
    lanes: Int64Array
    first_tile: Int64Array
    chunk: int
    tiles: int
    reverse: bool = False
    skewed: bool = False

    def uses(self) -> Uses:
        """Uses of the tiles, in the order of the elements."""
        owner, part = ragged(np.zeros_like(self.times), -(-self.times // self.chunk))
        times = self.times[owner]
        first = part * self.chunk
        last = np.minimum(first + self.chunk, times) - 1
        if self.reverse:
            first, last = times - 1 - last, times - 1 - first
        if self.skewed:
            last = last + self.lanes[owner] - 1
        base = self.first_element[owner]
        return in_order(self.first_tile[owner] + part, base + first, base + last)

    def tile_words(self) -> Int64Array:
        """Words each tile holds; 0 for a tile number that no run takes."""
        owner, part = ragged(np.zeros_like(self.times), -(-self.times // self.chunk))
        words = np.zeros(self.tiles, dtype=np.int64)
        rows = np.minimum(self.chunk, self.times[owner] - part * self.chunk)
        words[self.first_tile[owner] + part] = rows * self.lanes[owner]
        return words
