"""Placement of tiles in slots: which slot each use takes and which tile is evicted, by Belady's rule with double buffering."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.uses import Uses

#: How many late-released tiles are passed over in search of one released early enough to load behind the previous use.
SEARCH_DEPTH = 16


@dataclass(frozen=True)
class TilePlacement:
    """The uses whose tile must be brought in, as indices into the Uses, in order, with the slot that each takes.

    ``released`` is the last element that needs the tile that held the slot before, or -1 for an empty slot. ``victim`` is the
    last use of that tile so far, or -1 for an empty slot; ``victim_returns`` says whether that tile is used again.
    """

    use: Int64Array
    slot: Int64Array
    released: Int64Array
    victim: Int64Array
    victim_returns: Int64Array


def place(uses: Uses, slots: int) -> TilePlacement:
    """Place ``uses`` in ``slots`` slots, which must be at least ``uses.at_once()``.

    A tile takes an empty slot if there is one. Otherwise it takes the slot of the tile whose next use is farthest in the future,
    among the tiles released before the use begins. Tiles released before the previous use began are preferred, so that the load
    overlaps with that use.
    """
    tiles, index = np.unique(uses.tile, return_index=True)
    if len(tiles) <= slots:
        return _once_each(np.sort(index))
    if len(tiles) == len(uses) and bool((uses.last[1:] >= uses.last[:-1]).all()):
        return _ring(uses, slots)
    return _farthest(uses, slots)


def _once_each(use: Int64Array) -> TilePlacement:
    none = np.full(len(use), -1, dtype=np.int64)
    return TilePlacement(use, np.arange(len(use), dtype=np.int64), none, none, none)


def _ring(uses: Uses, slots: int) -> TilePlacement:
    """Place tiles that are each used once and are released in the order of use: they take the slots in turn."""
    use = np.arange(len(uses), dtype=np.int64)
    victim = np.maximum(use - slots, -1)
    released = np.where(victim >= 0, uses.last[victim], -1)
    return TilePlacement(use, use % slots, released, victim, np.zeros(len(use), dtype=np.int64))


def _next_use(tile: Int64Array) -> Int64Array:
    """Return for each use the index of the next use of its tile, or the number of uses if there is none."""
    order = np.argsort(tile, kind="stable")
    following = np.full(len(tile), len(tile), dtype=np.int64)
    same = tile[order[1:]] == tile[order[:-1]]
    following[order[:-1][same]] = order[1:][same]
    return following


def _begin_before(first: Int64Array) -> Int64Array:
    """Return for each use the first element of the latest use that began strictly earlier, or its own if there is none."""
    begins = np.unique(first)
    return np.asarray(begins[np.maximum(np.searchsorted(begins, first) - 1, 0)])


def _farthest(uses: Uses, slots: int) -> TilePlacement:
    following = _next_use(uses.tile).tolist()
    early = _begin_before(uses.first).tolist()
    tiles, first, last = uses.tile.tolist(), uses.first.tolist(), uses.last.tolist()
    home: dict[int, int] = {}
    latest, released = [-1] * slots, [-1] * slots
    # Entries are (-next use, release, use, slot). The top one is used again farthest in the future; among equals, released first.
    waiting: list[tuple[int, int, int, int]] = []
    # Slots used since the last tile was brought in. Only their latest use deserves an entry, so entries are made late.
    touched: set[int] = set()
    rows: list[tuple[int, int, int, int, int]] = []
    uses_in_all, most_waiting = len(tiles), 4 * slots + 64
    for use, tile in enumerate(tiles):
        slot = home.get(tile, -1)
        end = last[use]
        if slot >= 0:
            if released[slot] < end:
                released[slot] = end
        else:
            for old in touched:
                heappush(waiting, (-following[latest[old]], released[old], latest[old], old))
            touched.clear()
            slot = len(home) if len(home) < slots else _victim(waiting, latest, early[use], first[use])
            gone = latest[slot]
            returns = 0
            if gone >= 0:
                del home[tiles[gone]]
                returns = int(following[gone] < uses_in_all)
            rows.append((use, slot, released[slot], gone, returns))
            home[tile], released[slot] = slot, end
        latest[slot] = use
        touched.add(slot)
        if len(waiting) > most_waiting:
            waiting = [entry for entry in waiting if latest[entry[3]] == entry[2]]
            heapify(waiting)
    return TilePlacement(*np.array(rows, dtype=np.int64).reshape(-1, 5).T.copy())


def _victim(waiting: list[tuple[int, int, int, int]], latest: list[int], early: int, begin: int) -> int:
    """Return the slot to take over, and remove its entry from ``waiting``."""
    passed: list[tuple[int, int, int, int]] = []
    fallback = -1
    chosen = None
    while waiting and chosen is None and not (fallback >= 0 and len(passed) >= SEARCH_DEPTH):
        entry = heappop(waiting)
        if latest[entry[3]] != entry[2]:
            continue
        if entry[1] < early:
            chosen = entry
            continue
        if fallback < 0 and entry[1] < begin:
            fallback = len(passed)
        passed.append(entry)
    if chosen is None:
        if fallback < 0:
            raise AssertionError("more tiles needed at once than slots")
        chosen = passed.pop(fallback)
    for entry in passed:
        heappush(waiting, entry)
    return chosen[3]
