"""Placement by Belady's rule for large plans, compiled: the twin of ``planner._farthest``, on tables in place of Python's lists.

A full slot is *late* or *early*: it becomes early once it was released early enough for a load, and late again when its tile is
used again. Each slot stands in one heap of late or early slots, and an early one whose tile is used again also in that of the
sleeping ones. So the heaps never hold more than all slots.
"""

from __future__ import annotations

from typing import Any

import numba
from numba import int64

from workloads.dataflow.farthest_columns import (
    AHEAD,
    ASLEEP,
    AT,
    AT_ASLEEP,
    EARLY,
    END,
    END_IN_ORDER,
    FOLLOWING,
    LATE,
    LATEST,
    MOST,
    NEXT_END,
    NEXT_PLACE,
    NEXT_USE,
    OUTSIDE_COLUMNS,
    PLACE,
    RELEASED,
    SLOTS,
)

# numba's annotations do not know `_nrt`. Arrays belong to the caller, so no reference is counted.
_njit: Any = numba.njit
_helper: Any = _njit(_nrt=False, error_model="numpy")
#: The options of `place_farthest` where it is compiled.
OPTIONS = {"_nrt": False, "error_model": "numpy"}


# Heaps of slots -----------------------------------------------------------------------------------------------------------------


@_helper
def _before(state: Any, kind: int, one: int, other: int) -> bool:
    """Return whether a slot comes before another one in a heap of this kind."""
    if kind != LATE and state[one, FOLLOWING] != state[other, FOLLOWING]:
        return bool((state[one, FOLLOWING] > state[other, FOLLOWING]) == (kind == EARLY))
    if state[one, RELEASED] != state[other, RELEASED]:
        return bool(state[one, RELEASED] < state[other, RELEASED])
    return bool(state[one, LATEST] < state[other, LATEST])


@_helper
def _settle(state: Any, kind: int, at: int) -> None:
    """Move the slot at ``at`` of a heap up or down to where it belongs."""
    column, count = AT_ASLEEP if kind == ASLEEP else AT, state[0, kind]
    slot = state[at, kind]
    while at > 1 and _before(state, kind, slot, state[at // 2, kind]):
        state[at, kind] = state[at // 2, kind]
        state[state[at, kind], column] = at
        at //= 2
    while 2 * at <= count:
        child = 2 * at
        if child < count and _before(state, kind, state[child + 1, kind], state[child, kind]):
            child += 1
        if not _before(state, kind, state[child, kind], slot):
            break
        state[at, kind] = state[child, kind]
        state[state[at, kind], column] = at
        at = child
    state[at, kind] = slot
    state[slot, column] = at


@_helper
def _add(state: Any, kind: int, slot: int) -> None:
    state[0, kind] += 1
    state[state[0, kind], kind] = slot
    _settle(state, kind, state[0, kind])


@_helper
def _remove(state: Any, kind: int, slot: int) -> None:
    at, last = state[slot, AT_ASLEEP if kind == ASLEEP else AT], state[0, kind]
    state[0, kind] -= 1
    if at != last:
        state[at, kind] = state[last, kind]
        _settle(state, kind, at)


# The tiles in no slot -----------------------------------------------------------------------------------------------------------


@_helper
def _replace_first(outside: Any, count: int, use: int, place: int, end: int) -> None:
    """Put a tile into the heap of ``count`` tiles in place of the first."""
    at = 0
    while 2 * at + 1 < count:
        child = 2 * at + 1
        if child + 1 < count and outside[child + 1, NEXT_USE] < outside[child, NEXT_USE]:
            child += 1
        if outside[child, NEXT_USE] > use:
            break
        for column in range(OUTSIDE_COLUMNS):
            outside[at, column] = outside[child, column]
        at = child
    outside[at, NEXT_USE], outside[at, NEXT_PLACE], outside[at, NEXT_END] = use, place, end


# The rule -----------------------------------------------------------------------------------------------------------------------


@_helper
def _look_up(order: Any, last: Any, state: Any, slot: int, use: int, end_in_order: int) -> None:
    """Look up the uses of a slot's tile before ``use``."""
    seen, end = state[slot, PLACE] + 1, state[slot, END]
    found, high = seen, end
    while found < high:
        middle = (found + high) // 2
        if order[middle] < use:
            found = middle + 1
        else:
            high = middle
    if found == seen:
        return
    state[slot, PLACE], state[slot, LATEST] = found - 1, order[found - 1]
    for place in range(found - 1 if end_in_order else seen, found):
        state[slot, RELEASED] = max(state[slot, RELEASED], last[order[place]])


@_helper
def _sort_out(order: Any, last: Any, state: Any, use: int, by_then: int, end_in_order: int) -> None:
    """Let slots be late whose tile was used again before ``use``, and early if they were released before element ``by_then``."""
    none = len(order)
    while state[0, ASLEEP] and state[state[1, ASLEEP], FOLLOWING] < use:
        slot = state[1, ASLEEP]
        _remove(state, ASLEEP, slot)
        _remove(state, EARLY, slot)
        _look_up(order, last, state, slot, use, end_in_order)
        _add(state, LATE, slot)
    while state[0, LATE] and state[state[1, LATE], RELEASED] < by_then:
        slot = state[1, LATE]
        _look_up(order, last, state, slot, use, end_in_order)
        if state[slot, RELEASED] >= by_then:
            _settle(state, LATE, 1)
            continue
        _remove(state, LATE, slot)
        following = state[slot, PLACE] + 1
        state[slot, FOLLOWING] = order[following] if following < state[slot, END] else none
        _add(state, EARLY, slot)
        if following < state[slot, END]:
            _add(state, ASLEEP, slot)


@_helper
def _taken(order: Any, last: Any, state: Any, use: int, end_in_order: int) -> int:
    """Return the slot that ``use`` takes: of the early ones that used again last, or else the one released first."""
    if state[0, EARLY]:
        slot = state[1, EARLY]
        _remove(state, EARLY, slot)
        if state[slot, FOLLOWING] < len(order):
            _remove(state, ASLEEP, slot)
        return int(slot)
    while True:
        slot = state[1, LATE]
        _look_up(order, last, state, slot, use, end_in_order)
        _settle(state, LATE, 1)
        if state[1, LATE] == slot:
            _remove(state, LATE, slot)
            return int(slot)


@_helper
def _by_then(first: Any, begins: Any, numbers: Any, found: Any, count: int, use: int) -> int:
    """Return the element before which a slot must have been released to be early enough for ``use``."""
    ahead, most = numbers[AHEAD], numbers[MOST]
    before = first[found[count - ahead, 0]] if count >= ahead else 0
    always = first[found[count - most, 0]] if count >= most else 0
    return int(min(before, max(always, begins[use] if len(begins) else 0)))


def place_farthest(order: Any, last: Any, first: Any, begins: Any, outside: Any, state: Any, numbers: Any, found: Any) -> int:
    """Fill ``found`` with the uses that bring in a tile, in order, and return how many these are.

    ``order`` has the uses tile by tile. ``first`` and ``last`` are the first and the last element of each use, and ``begins`` the
    ``Lead.begins``, or nothing. ``outside`` holds the first use of every tile. The rest is room.
    """
    slots, end_in_order, tiles, count = numbers[SLOTS], numbers[END_IN_ORDER], len(outside), 0
    while tiles:
        use, place, end = outside[0, NEXT_USE], outside[0, NEXT_PLACE], outside[0, NEXT_END]
        slot, gone, returns, released = count, -1, 0, -1
        if slot >= slots:
            _sort_out(order, last, state, use, _by_then(first, begins, numbers, found, count, use), end_in_order)
            slot = _taken(order, last, state, use, end_in_order)
            gone, released = state[slot, LATEST], state[slot, RELEASED]
            returns = int(state[slot, PLACE] + 1 < state[slot, END])
        if returns:
            after = state[slot, PLACE] + 1
            _replace_first(outside, tiles, order[after], after, state[slot, END])
        else:
            tiles -= 1
            _replace_first(outside, tiles, outside[tiles, NEXT_USE], outside[tiles, NEXT_PLACE], outside[tiles, NEXT_END])
        found[count, 0], found[count, 1], found[count, 2], found[count, 3], found[count, 4] = use, slot, released, gone, returns
        state[slot, PLACE], state[slot, END], state[slot, LATEST], state[slot, RELEASED] = place, end, use, last[use]
        _add(state, LATE, slot)
        count += 1
    return int(count)


_Vector, _Table = int64[::1], int64[:, ::1]
#: The types of `place_farthest`.
SIGNATURES = {"place_farthest": int64(_Vector, _Vector, _Vector, _Vector, _Table, _Table, _Vector, _Table)}
