"""Loops over the uses of tiles, compiled: numpy would go through memory a dozen times. Large plans have millions of uses.

Each has a form in numpy or Python, which serves small plans, in `planner`, `lead` and `pixel_uses`.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import float64, int64

from workloads.dataflow.farthest_columns import NEXT_END, NEXT_PLACE, NEXT_USE
from workloads.dataflow.use_columns import (
    BEGIN,
    CHANNEL_TILE,
    CHANNEL_TILES,
    COUNT,
    CYCLES_PER_STEP,
    DUE,
    END,
    FIRST,
    FIRST_ELEMENT,
    FIRST_RUN,
    GROUP,
    GROUP_TILES,
    GROUPS,
    JOINED,
    JOINS_TILES,
    KERNEL_ROW,
    KEY,
    KNOWN,
    LAST,
    LATENCY,
    M0,
    ROW_TILE,
    RUNS,
    SKEW,
    TILE,
    USE_ROWS,
)

# numba's annotations do not know `_nrt`. Arrays belong to the caller, so no reference is counted.
_njit: Any = numba.njit
#: The options of the functions of this file where they are compiled.
OPTIONS = {"_nrt": False, "error_model": "numpy"}
_helper: Any = _njit(**OPTIONS)


def sort_by_tile(tile: Any, starts: Any, outside: Any, order: Any) -> int:
    """Fill ``order`` with the uses tile by tile, and ``outside`` with the first use of each. Return how many tiles are used.

    ``tile`` is that of each use. ``starts`` is room of zeros for one more number than there are tiles.
    """
    tiles = 0
    for use in range(len(tile)):
        number = tile[use]
        if starts[number + 1] == 0:
            outside[tiles, NEXT_USE], outside[tiles, NEXT_PLACE] = use, number
            tiles += 1
        starts[number + 1] += 1
    for number in range(len(starts) - 1):
        starts[number + 1] += starts[number]
    for row in range(tiles):
        number = outside[row, NEXT_PLACE]
        outside[row, NEXT_PLACE], outside[row, NEXT_END] = starts[number], starts[number + 1]
    for use in range(len(tile)):
        number = tile[use]
        order[starts[number]] = use
        starts[number] += 1
    return int(tiles)


def first_of_tiles(tile: Any, found: Any) -> int:
    """Note in ``found`` the first use of each tile, of which there are so many or more. Return 0. The rest stays as it is."""
    for use in range(len(tile) - 1, -1, -1):
        found[tile[use]] = use
    return 0


def of_two_runs(tile: Any, begins: Any, latest: Any) -> int:
    """Return the most tiles that two runs of uses in sequence need. A run begins at each of ``begins``, and at the end.

    ``latest`` is room of a number below -1 for each tile.
    """
    most = before = 0
    for run in range(len(begins) - 1):
        count, shared = begins[run + 1] - begins[run], 0
        for use in range(begins[run], begins[run + 1]):
            shared += int(latest[tile[use]] == run - 1)
            latest[tile[use]] = run
        most, before = max(most, count + before - shared), count
    return int(most)


def latest_begins(first: Any, tile: Any, takes: Any, needed: Any, before: Any, folds: Any, times: Any, found: Any) -> int:
    """Fill ``found`` with the element before which a load for each use must begin, as `lead.Demand` says. Return 0.

    ``first`` is the first element of each use, ``takes`` the cycles for which main memory moves each tile, ``needed`` and
    ``before`` are those of the demand, and ``folds`` has what a stream says of each fold.
    """
    element_fold = step_fold = len(folds) - 1
    at, earliest = len(needed), np.inf
    for use in range(len(first) - 1, -1, -1):
        while element_fold > 0 and folds[element_fold, FIRST_ELEMENT] > first[use]:
            element_fold -= 1
        step = folds[element_fold, DUE] + first[use] - folds[element_fold, FIRST_ELEMENT]
        wanted = step * times[CYCLES_PER_STEP]
        while at > 0 and needed[at - 1] >= wanted:
            at -= 1
        earliest = min(earliest, min(wanted, before[at]) - takes[tile[use]] - times[LATENCY])
        begin = earliest / times[CYCLES_PER_STEP]
        while step_fold > 0 and folds[step_fold, DUE] > begin:
            step_fold -= 1
        passed = int(np.floor(begin)) - folds[step_fold, DUE]
        found[use] = folds[step_fold, FIRST_ELEMENT] + min(max(passed, 0), folds[step_fold, COUNT])
    return 0


@_helper
def _comes_after(uses: Any, one: int, others: Any, other: int, joins_tiles: int) -> bool:
    """Return whether a use comes after another: it begins later, or, where tiles were joined, its tile has a higher number."""
    if uses[FIRST, one] != others[FIRST, other] or not joins_tiles:
        return bool(uses[FIRST, one] > others[FIRST, other])
    return bool(uses[TILE, one] > others[TILE, other])


@_helper
def _put_in_order(uses: Any, begin: int, end: int, room: Any, joins_tiles: int) -> None:
    """Sort the uses from ``begin`` to ``end``: merge neighbours, each time twice as many, where they are not in order yet."""
    width = 1
    while width < end - begin:
        for middle in range(begin + width, end, 2 * width):
            if not _comes_after(uses, middle - 1, uses, middle, joins_tiles):
                continue
            for at in range(width):
                for row in range(USE_ROWS):
                    room[row, at] = uses[row, middle - width + at]
            left, right, last = 0, middle, min(middle + width, end)
            to = middle - width
            while left < width:
                if right < last and _comes_after(room, left, uses, right, joins_tiles):
                    for row in range(USE_ROWS):
                        uses[row, to] = uses[row, right]
                    right += 1
                else:
                    for row in range(USE_ROWS):
                        uses[row, to] = room[row, left]
                    left += 1
                to += 1
        width *= 2


def uses_of_kinds(kinds: Any, runs: Any, keys: Any, touched: Any, numbers: Any, uses: Any, starts: Any, room: Any) -> int:
    """Fill ``uses`` with tile, first and last element of the uses of each kind of fold, in order. Return how many these are.

    ``starts`` gets the first of each kind. Elements count from the begin of the fold. ``kinds``, ``runs`` of taps, ``keys`` and
    ``touched`` rows are the tables of `pixel_uses`. The last is room, with -1 for each tile.
    """
    count, joined = 0, numbers[JOINED]
    for kind in range(len(kinds)):
        begin = starts[kind] = count
        for run in range(kinds[kind, FIRST_RUN], kinds[kind, FIRST_RUN] + kinds[kind, RUNS]):
            key = kinds[kind, KEY] + runs[run, KERNEL_ROW]
            for entry in range(keys[key, BEGIN], keys[key, END]):
                first = (touched[entry, BEGIN] - kinds[kind, M0]) // joined
                last = (touched[entry, END] - kinds[kind, M0]) // joined + kinds[kind, SKEW]
                for group in range(kinds[kind, GROUP], kinds[kind, GROUP] + kinds[kind, GROUPS]):
                    tile = touched[entry, ROW_TILE] * numbers[CHANNEL_TILES]
                    tile += group * numbers[GROUP_TILES] + runs[run, CHANNEL_TILE]
                    known = room[KNOWN, tile]
                    if numbers[JOINS_TILES] and known >= begin:
                        uses[FIRST, known] = min(uses[FIRST, known], first)
                        uses[LAST, known] = max(uses[LAST, known], last)
                        continue
                    room[KNOWN, tile] = count
                    uses[TILE, count], uses[FIRST, count], uses[LAST, count] = tile, first, last
                    count += 1
        _put_in_order(uses, begin, count, room, numbers[JOINS_TILES])
    starts[len(kinds)] = count
    return int(count)


def uses_of_folds(of_kinds: Any, starts: Any, kind: Any, first_element: Any, uses: Any) -> int:
    """Fill ``uses`` with those of the ``kind`` of each fold, counting elements through the layer. Return how many these are."""
    count = 0
    for fold in range(len(kind)):
        for use in range(starts[kind[fold]], starts[kind[fold] + 1]):
            uses[TILE, count] = of_kinds[TILE, use]
            uses[FIRST, count] = of_kinds[FIRST, use] + first_element[fold]
            uses[LAST, count] = of_kinds[LAST, use] + first_element[fold]
            count += 1
    return int(count)


_Vector, _Floats, _Table = int64[::1], float64[::1], int64[:, ::1]
#: The types of each function.
SIGNATURES = {
    "sort_by_tile": int64(_Vector, _Vector, _Table, _Vector),
    "first_of_tiles": int64(_Vector, _Vector),
    "of_two_runs": int64(_Vector, _Vector, _Vector),
    "latest_begins": int64(_Vector, _Vector, _Floats, _Floats, _Floats, _Table, _Floats, _Vector),
    "uses_of_kinds": int64(_Table, _Table, _Table, _Table, _Vector, _Table, _Vector, _Table),
    "uses_of_folds": int64(_Table, _Vector, _Vector, _Vector, _Table),
}
