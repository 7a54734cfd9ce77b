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
from workloads.dataflow.farthest_columns import FOUND_COLUMNS, OUTSIDE_COLUMNS, STATE_COLUMNS
from workloads.dataflow.plan_kernels import compiled_pays, plan_kernel
from workloads.dataflow.uses import Uses, first_of_each

#: Each tile counts as so many uses more where a compiled placement may pay, because bringing it in takes time.
TILES_COUNT = 8


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
    """Place ``uses`` in ``slots`` slots, which must be at least ``uses.at_once``.

    A tile takes an empty slot if there is one. Otherwise it takes the slot of the tile whose next use is farthest in the future,
    among the tiles released as early as ``lead`` says. If there is no such tile, it takes the slot that was released first.
    """
    first_uses = uses.first_of_tiles
    if len(first_uses) <= slots:
        return _once_each(np.sort(first_uses))
    if len(first_uses) == len(uses) and uses.end_in_order:
        return _ring(uses, slots)
    is_compiled = compiled_pays(len(uses) + TILES_COUNT * len(first_uses))
    return (_farthest_compiled if is_compiled else _farthest)(uses, slots, lead)


def _once_each(use: Int64Array) -> TilePlacement:
    none = np.full(len(use), -1, dtype=np.int64)
    return TilePlacement(use, np.arange(len(use), dtype=np.int64), none, none, none)


def _ring(uses: Uses, slots: int) -> TilePlacement:
    """Place tiles that are each used once and are released in the order of use: they take the slots in turn."""
    use = np.arange(len(uses), dtype=np.int64)
    victim = np.maximum(use - slots, -1)
    released = np.where(victim >= 0, uses.last[victim], -1)
    return TilePlacement(use, use % slots, released, victim, np.zeros(len(use), dtype=np.int64))


class _Slots:
    """The tiles in slots, while uses are placed by Belady's rule.

    Only the uses that bring in a tile are visited one by one. Hits between them are looked up where they matter. ``order`` has
    all uses, tile by tile. For the tile in each slot, ``at`` is the place in it of the latest use that was looked up, ``end`` the
    place behind its last use, and ``released`` the last element that needs the tile, as far as was looked up.

    Each full slot stands in ``late`` as (release, use, slot), or in ``early`` as (-next use, release, use, slot) and in
    ``asleep`` as (next use, use, slot). It moves to early once it was released early enough, and back when it is used again. An
    entry counts if ``use`` is the latest of its slot.
    """

    def __init__(self, uses: Uses, by_tile: Int64Array, slots: int) -> None:
        """Begin with empty slots. ``by_tile`` are the uses, tile by tile."""
        self.order, self.last = by_tile.data, uses.last[by_tile].data
        self.end_in_order = uses.end_in_order
        self.at, self.end, self.released = [-1] * slots, [-1] * slots, [-1] * slots
        self.late: list[tuple[int, int, int]] = []
        self.early: list[tuple[int, int, int, int]] = []
        self.asleep: list[tuple[int, int, int]] = []

    def look_up(self, slot: int, use: int) -> tuple[int, int, int]:
        """Look up the uses of a slot's tile before ``use``. Return its (release, latest use, slot)."""
        seen = self.at[slot] + 1
        found = bisect_left(self.order, use, seen, self.end[slot])
        if found > seen:
            self.at[slot] = found - 1
            last = self.last[found - 1] if self.end_in_order else max(self.last[seen:found])
            self.released[slot] = max(self.released[slot], last)
        return self.released[slot], self.order[found - 1], slot

    def sort_out(self, use: int, by_then: int) -> None:
        """Move slots that were used again before ``use`` to late, and those released before element ``by_then`` to early."""
        order, at, end, none = self.order, self.at, self.end, len(self.order)
        late, asleep, look_up = self.late, self.asleep, self.look_up
        while asleep and asleep[0][0] < use:
            _, by, slot = heappop(asleep)
            if order[at[slot]] == by:
                heappush(late, look_up(slot, use))
        while late and late[0][0] < by_then:
            slot = late[0][2]
            release, by, _ = entry = look_up(slot, use)
            if release >= by_then:
                heapreplace(late, entry)
                continue
            heappop(late)
            place = at[slot] + 1
            following = order[place] if place < end[slot] else none
            heappush(self.early, (-following, release, by, slot))
            if following < none:
                heappush(asleep, (following, by, slot))

    def taken(self, use: int) -> int:
        """Return the slot that ``use`` takes: of the early ones that used again last, or else the one released first."""
        while self.early:
            _, _, by, slot = heappop(self.early)
            if self.order[self.at[slot]] == by:
                return slot
        while (entry := self.look_up(self.late[0][2], use)) != self.late[0]:
            heapreplace(self.late, entry)
        return heappop(self.late)[2]

    def fill(self, slot: int, use: int, place: int, end: int) -> None:
        """Put the tile into a slot whose ``use`` stands at ``place`` in the order, and whose last use before ``end``."""
        self.at[slot], self.end[slot], self.released[slot] = place, end, self.last[place]
        heappush(self.late, (self.last[place], use, slot))


def _farthest(uses: Uses, slots: int, lead: Lead) -> TilePlacement:
    """Place uses by Belady's rule. ``farthest`` has the same rule for the compiler."""
    by_tile = uses.tile_by_tile
    begins = first_of_each(uses.tile[by_tile])
    state, ahead, most = _Slots(uses, by_tile, slots), lead.ahead, max(lead.ahead, lead.most)
    # (use, its place, the end of its tile's) for the next use of each tile that is in no slot.
    out = sorted(zip(by_tile[begins].tolist(), begins.tolist(), [*begins[1:].tolist(), len(uses)], strict=True))
    brought_in = deque([0] * most, maxlen=most)
    first, may_begin = uses.first.data, None if lead.begins is None else lead.begins.data
    order, rows = state.order, list[tuple[int, int, int, int, int]]()
    while out:
        use, place, end = heappop(out)
        slot, gone, returns = len(rows), -1, 0
        if slot >= slots:
            state.sort_out(use, min(brought_in[-ahead], max(brought_in[0], 0 if may_begin is None else may_begin[use])))
            slot = state.taken(use)
            latest = state.at[slot]
            gone = order[latest]
            if latest + 1 < state.end[slot]:
                returns = 1
                heappush(out, (order[latest + 1], latest + 1, state.end[slot]))
        rows.append((use, slot, state.released[slot], gone, returns))
        state.fill(slot, use, place, end)
        brought_in.append(first[use])
    return TilePlacement(*np.array(rows, dtype=np.int64).reshape(-1, 5).T.copy())


def _farthest_compiled(uses: Uses, slots: int, lead: Lead) -> TilePlacement:
    """Place uses by Belady's rule, as ``_farthest`` does, in compiled code."""
    numbers_of_tiles = int(uses.tile.max()) + 1
    order, outside = np.empty(len(uses), dtype=np.int64), np.empty((numbers_of_tiles, OUTSIDE_COLUMNS), dtype=np.int64)
    tiles = plan_kernel("use_loops", "sort_by_tile")(uses.tile, np.zeros(numbers_of_tiles + 1, np.int64), outside, order)
    state = np.zeros((slots + 1, STATE_COLUMNS), dtype=np.int64)
    begins = np.zeros(0, dtype=np.int64) if lead.begins is None else np.ascontiguousarray(lead.begins)
    numbers = np.array([slots, lead.ahead, max(lead.ahead, lead.most), uses.end_in_order], dtype=np.int64)
    found = np.empty((len(uses), FOUND_COLUMNS), dtype=np.int64)
    placed = plan_kernel("farthest", "place_farthest")
    count = placed(order, uses.last, uses.first, begins, outside[:tiles], state, numbers, found)
    return TilePlacement(*found[:count].T.copy())
