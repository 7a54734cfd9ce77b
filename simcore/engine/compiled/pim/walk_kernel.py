"""The kernel that walks over known steps of micro-programs, by numbers."""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled.columns import NONE
from simcore.engine.compiled.flat_access import tables_in
from simcore.engine.compiled.jit import entry, inlined
from simcore.engine.compiled.pim import walk_columns as w
from simcore.engine.compiled.pim.walk_tables import WalkTables
from simcore.program.program import Int64Array


@inlined
def _window(tables: WalkTables, track: int, length: int) -> int:
    """Return the number of a track's next operations."""
    tracks, place = tables.tracks, tables.cursor[w.CURSOR_PLACE]
    over = place - tracks[track, w.TRACK_TAIL]
    if over < 0:
        return tables.windows[length, tracks[track, w.TRACK_BODY] + place % tracks[track, w.TRACK_LENGTH]]
    return tables.windows[length, tracks[track, w.TRACK_TAIL_AT] + min(over, tracks[track, w.TRACK_TAIL_LENGTH])]


@inlined
def _fits(tables: WalkTables, step: int) -> bool:
    """Return whether a step is what happens now."""
    steps, cursor = tables.steps, tables.cursor
    due = cursor[w.CURSOR_NEXT_DUE] - cursor[w.CURSOR_TIME]
    if due <= steps[step, w.STEP_LOW] or due > steps[step, w.STEP_HIGH]:
        return False
    if cursor[w.CURSOR_TURN] % cursor[w.CURSOR_NODES] != steps[step, w.STEP_TURN]:
        return False
    for track in range(len(tables.tracks)):
        if _window(tables, track, steps[step, w.STEP_LENGTH]) != steps[step, w.STEP_WINDOWS + track]:
            return False
    return True


@inlined
def _find(tables: WalkTables, state: int) -> int:
    """Return the step from a state, or NONE. A step that was found comes first the next time."""
    steps, first = tables.steps, tables.first
    step, before = first[state], NONE
    while step != NONE and not _fits(tables, step):
        before, step = step, steps[step, w.STEP_LINK]
    if step != NONE and before != NONE:
        steps[before, w.STEP_LINK] = steps[step, w.STEP_LINK]
        steps[step, w.STEP_LINK] = first[state]
        first[state] = step
    return step


@entry(int64(int64[::1], int64))
def walk(flat: Int64Array, most: int) -> int:
    """Take known steps, ``most`` at most (then return WALKING), until none is known (UNKNOWN) or a unit finishes (FINISHES)."""
    tables = tables_in(flat, WalkTables)
    cursor, steps = tables.cursor, tables.steps
    for _ in range(most):
        step = _find(tables, cursor[w.CURSOR_STATE])
        if step == NONE:
            return w.UNKNOWN
        tables.taken[step] += 1
        cursor[w.CURSOR_TAKEN] = step
        cursor[w.CURSOR_STATE] = steps[step, w.STEP_TO]
        cursor[w.CURSOR_TIME] += steps[step, w.STEP_CYCLES]
        cursor[w.CURSOR_PLACE] += steps[step, w.STEP_PLACES]
        cursor[w.CURSOR_NEXT_DUE] += steps[step, w.STEP_DUES] * cursor[w.CURSOR_INTERVAL]
        cursor[w.CURSOR_TURN] += steps[step, w.STEP_DUES]
        if steps[step, w.STEP_ENDS]:
            return w.FINISHES
    return w.WALKING
