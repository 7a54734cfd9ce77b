"""Placement of tiles in slots: which slot each use takes, and which tile is evicted for it.

Belady's rule evicts the tile whose next use is farthest in the future. Where a tensor larger than its share is read again and
again, that is the tile just used, and a load into its slot could not start before that use ends: the array would wait for all of
main memory's latency. A tile therefore only takes a slot that was released before the tiles on their way were loaded, and so
early that its own load can be done in time (see ``lead``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

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


def _farthest(uses: Uses, slots: int, lead: Lead) -> TilePlacement:
    """Place uses by Belady's rule.

    Only the uses that bring in a tile are visited one by one. Hits between them are looked up where they matter.
    ``order`` has all uses, tile by tile. For the tile in each slot, ``at`` is the place in it of the latest use that was looked
    up, ``end`` the place behind its last use, and ``released`` the last element that needs the tile, as far as was looked up.
    """
    by_tile = np.argsort(uses.tile, kind="stable")
    order, last, none = by_tile.tolist(), uses.last[by_tile].tolist(), len(uses)
    begin = np.flatnonzero(np.concatenate(([True], uses.tile[by_tile[1:]] != uses.tile[by_tile[:-1]]))).tolist()
    at, end, released = [-1] * slots, [-1] * slots, [-1] * slots
    # (use, its place, the end of its tile's) for the next use of each tile that is in no slot.
    out = sorted(zip([order[place] for place in begin], begin, [*begin[1:], none], strict=True))
    # Each full slot stands in ``late`` as (release, use, slot), or in ``early`` as (-next use, release, use, slot) and in
    # ``asleep`` as (next use, use, slot). It moves to early once it was released early enough, and back when it is used again. An
    # entry counts if ``use`` is the latest of its slot.
    late: list[tuple[int, int, int]] = []
    early: list[tuple[int, int, int, int]] = []
    asleep: list[tuple[int, int, int]] = []
    ahead, most = lead.ahead, max(lead.ahead, lead.most)
    brought_in = deque([0] * most, maxlen=most)
    rows: list[tuple[int, int, int, int, int]] = []

    def look_up(slot: int, use: int) -> tuple[int, int, int]:
        """Look up the uses of a slot's tile before ``use``. Return its (release, latest use, slot)."""
        seen = at[slot] + 1
        found = bisect_left(order, use, seen, end[slot])
        if found > seen:
            at[slot], released[slot] = found - 1, max(released[slot], max(last[seen:found]))
        return released[slot], order[found - 1], slot

    while out:
        use, place, behind = heappop(out)
        slot, gone, returns = len(rows), -1, 0
        if slot >= slots:
            while asleep and asleep[0][0] < use:
                _, by, held = heappop(asleep)
                if order[at[held]] == by:
                    heappush(late, look_up(held, use))
            by_then = min(brought_in[-ahead], max(brought_in[0], 0 if lead.begins is None else int(lead.begins[use])))
            while late and late[0][0] < by_then:
                held = late[0][2]
                release, by, _ = entry = look_up(held, use)
                if release >= by_then:
                    heapreplace(late, entry)
                    continue
                heappop(late)
                following = order[at[held] + 1] if at[held] + 1 < end[held] else none
                heappush(early, (-following, release, by, held))
                if following < none:
                    heappush(asleep, (following, by, held))
            slot = -1
            while early and slot < 0:
                _, _, by, held = heappop(early)
                if order[at[held]] == by:
                    slot = held
            while slot < 0:
                entry = look_up(late[0][2], use)
                if entry == late[0]:
                    slot = heappop(late)[2]
                else:
                    heapreplace(late, entry)
            gone = order[at[slot]]
            if at[slot] + 1 < end[slot]:
                returns = 1
                heappush(out, (order[at[slot] + 1], at[slot] + 1, end[slot]))
        rows.append((use, slot, released[slot], gone, returns))
        at[slot], end[slot], released[slot] = place, behind, last[place]
        heappush(late, (last[place], use, slot))
        brought_in.append(int(uses.first[use]))
    return TilePlacement(*np.array(rows, dtype=np.int64).reshape(-1, 5).T.copy())
