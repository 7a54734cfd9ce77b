"""Placement of tiles in slots: which slot each use takes, and which tile is evicted for it.

Belady's rule evicts the tile whose next use is farthest in the future. Where a tensor larger than its share is read again and
again, that is the tile just used, and a load into its slot could not start before that use ends: the array would wait for all of
main memory's latency. A tile therefore only takes a slot that was released before the tiles on their way were loaded, and so
early that its own load can be done in time (see ``lead``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.uses import Uses


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


@dataclass(frozen=True)
class Lead:
    """How long before a use its slot must be released, as far as possible.

    The slot was released before the use began for which ``ahead`` loads earlier a tile was brought in, and within the first
    ``begins`` [use] elements, but ``most`` loads earlier is always early enough.
    """

    ahead: int = 1
    most: int = 1
    begins: Int64Array | None = None


def place(uses: Uses, slots: int, lead: Lead) -> TilePlacement:
    """Place ``uses`` in ``slots`` slots, which must be at least ``uses.at_once()``.

    A tile takes an empty slot if there is one. Otherwise it takes the slot of the tile whose next use is farthest in the future,
    among the tiles released as early as ``lead`` says. If there is no such tile, it takes the slot that was released first.
    """
    tiles, index = np.unique(uses.tile, return_index=True)
    if len(tiles) <= slots:
        return _once_each(np.sort(index))
    if len(tiles) == len(uses) and bool((uses.last[1:] >= uses.last[:-1]).all()):
        return _ring(uses, slots)
    return _farthest(uses, slots, lead)


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


def _farthest(uses: Uses, slots: int, lead: Lead) -> TilePlacement:
    following = _next_use(uses.tile).tolist()
    tiles, first, last = uses.tile.tolist(), uses.first.tolist(), uses.last.tolist()
    home: dict[int, int] = {}
    latest, released = [-1] * slots, [-1] * slots
    # Entries of ``late`` are (release, use, slot), and those of ``early`` are (-next use, release, use, slot). An entry is valid
    # while ``use`` is the latest of its slot. It moves from late to early once its slot was released early enough.
    late: list[tuple[int, int, int]] = []
    early: list[tuple[int, int, int, int]] = []
    # Slots used since the last tile was brought in. Only their latest use deserves an entry, so entries are made late.
    touched: set[int] = set()
    ahead, most = lead.ahead, max(lead.ahead, lead.most)
    brought_in = deque([0] * most, maxlen=most)
    begins = lead.begins.tolist() if lead.begins is not None else [0] * len(tiles)
    rows: list[tuple[int, int, int, int, int]] = []
    uses_in_all = len(tiles)
    for use, tile in enumerate(tiles):
        slot = home.get(tile, -1)
        end = last[use]
        if slot >= 0:
            if released[slot] < end:
                released[slot] = end
        else:
            for old in touched:
                heappush(late, (released[old], latest[old], old))
            touched.clear()
            if len(home) < slots:
                slot = len(home)
            else:
                by_then = min(brought_in[-ahead], max(brought_in[0], begins[use]))
                while late and late[0][0] < by_then:
                    release, by, held = heappop(late)
                    if latest[held] == by:
                        heappush(early, (-following[by], release, by, held))
                slot = _victim(early, late, latest)
            gone = latest[slot]
            returns = 0
            if gone >= 0:
                del home[tiles[gone]]
                returns = int(following[gone] < uses_in_all)
            rows.append((use, slot, released[slot], gone, returns))
            home[tile], released[slot] = slot, end
            brought_in.append(first[use])
        latest[slot] = use
        touched.add(slot)
    return TilePlacement(*np.array(rows, dtype=np.int64).reshape(-1, 5).T.copy())


def _victim(early: list[tuple[int, int, int, int]], late: list[tuple[int, int, int]], latest: list[int]) -> int:
    """Return the slot to take over: the one used again farthest in the future, or the one released first if all are late."""
    while early:
        entry = heappop(early)
        if latest[entry[3]] == entry[2]:
            return entry[3]
    while True:
        _, use, slot = heappop(late)
        if latest[slot] == use:
            return slot
