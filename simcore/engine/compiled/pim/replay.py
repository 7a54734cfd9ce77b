"""Replay of equal stretches: a run of micro-programs by steps that are known, and by simulation where none is known.

`snapshot.py` says when two states are equal, `memo.py` what a step is. A walk over known steps costs a few nanoseconds each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.flat_tables import flattened
from simcore.engine.compiled.kernels import RUN_MICRO_PROGRAMS, WALK_MICRO_PROGRAMS
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim import walk_columns as w
from simcore.engine.compiled.pim.contexts import LENGTHS, LONGEST
from simcore.engine.compiled.pim.memo import Gain, Memo, memo_of
from simcore.engine.compiled.pim.snapshot import Snapshots
from simcore.engine.compiled.pim.tables import PimTables
from simcore.engine.compiled.pim.walk_tables import WalkTables
from simcore.pim.work import PimWork
from simcore.program.program import Int64Array

#: A step ends when units that keep step have begun so many operations, all together about so many, or after so many cycles.
_OPERATIONS = 8
_ACTIVATIONS = 128
_CYCLES = 4096
#: The number of known steps that one call of the kernel takes, and of cycles with events. Python notices Ctrl-C between calls.
_WALK = 1 << 20
_EVENTS = 1 << 15
#: Every so many cycles of a run it is asked whether sequences beside the others have ended.
_BESIDE = 1 << 15
#: A run that has simulated so many steps, and has taken not even twice as many, is simulated to its end without further ado.
_PATIENCE = 1 << 14


@dataclass
class Replay:
    """One run. ``stalls``, ``issued``, ``open_cycles`` and ``finished`` are what it has added up so far."""

    flat: Int64Array
    tables: PimTables
    memo: Memo
    tracks: Int64Array
    windows: Int64Array
    total: Gain
    finished: Int64Array
    recorded: int = 0
    #: The state and the cycle that the tables of the device hold.
    held: tuple[int, int] = (NONE, 0)
    snapshots: Snapshots = field(init=False)
    walk_flat: Int64Array = field(init=False)
    walk: WalkTables = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots, progress = Snapshots(self.tables), self.tables.progress
        now, first = int(progress[c.PROGRESS_TIME]), self.snapshots.first_place()
        state = self.memo.number(self.snapshots.take(), first != NONE)
        self.held = (state, now)
        cursor = np.zeros(w.CURSOR_COLUMNS, dtype=np.int64)
        nodes = 1 if self.tables.fixed[c.FIXED_ALL] else len(self.tables.refreshes)
        cursor[[w.CURSOR_STATE, w.CURSOR_TIME, w.CURSOR_PLACE]] = state, now, first
        cursor[[w.CURSOR_NEXT_DUE, w.CURSOR_TURN]] = progress[[c.PROGRESS_NEXT_DUE, c.PROGRESS_TURN]]
        cursor[[w.CURSOR_INTERVAL, w.CURSOR_NODES]] = self.tables.fixed[c.FIXED_INTERVAL], nodes
        self._lay_out(cursor, np.zeros(0, dtype=np.int64))

    def run(self) -> None:
        """Run until all units have finished."""
        cursor = self.walk.cursor
        while self.memo.at_work[int(cursor[w.CURSOR_STATE])]:
            status = WALK_MICRO_PROGRAMS(self.walk_flat, _WALK)
            if status == w.FINISHES:
                self._note_finished(int(self.walk.cursor[w.CURSOR_TAKEN]))
            elif status == w.UNKNOWN and not self._record():
                self._simulate_the_rest()
                break
            cursor = self.walk.cursor
        self._add_steps()

    def _lay_out(self, cursor: Int64Array, taken: Int64Array) -> None:
        """Lay the known steps out for the kernel, with room for more."""
        self.memo.grow()
        room = np.zeros(len(self.memo.steps), dtype=np.int64)
        room[: len(taken)] = taken
        given = WalkTables(cursor, self.memo.steps, self.memo.first, room, self.tracks, self.windows)
        self.walk_flat, self.walk = flattened(given)
        self.memo.steps, self.memo.first = self.walk.steps, self.walk.first

    def _record(self) -> bool:
        """Simulate a step that is not known and remember it. Return False if the rest should be simulated at once."""
        few_came_back = self.recorded > _PATIENCE and int(self.walk.taken.sum()) < 2 * self.recorded
        if self.memo.is_full or few_came_back:
            return False
        if len(self.memo.gains) + 1 >= len(self.memo.steps) or len(self.memo.states) + 1 >= len(self.memo.first):
            self._lay_out(self.walk.cursor.copy(), self.walk.taken.copy())
        cursor, progress, units = self.walk.cursor, self.tables.progress, self.tables.units
        state, begin, first = (int(cursor[at]) for at in (w.CURSOR_STATE, w.CURSOR_TIME, w.CURSOR_PLACE))
        self._hold(state, begin, first)
        working = units[:, c.UNIT_PLACE] < units[:, c.UNIT_TOTAL]
        groups = len(np.unique(units[working, c.UNIT_GROUP]))
        operations = max(1, min(_OPERATIONS, _ACTIVATIONS // int(working.sum())))
        progress[[c.PROGRESS_STOP_TIME, c.PROGRESS_STOP_LEVELS]] = begin + _CYCLES, operations * groups
        gain = self._simulate(begin, working)
        end = int(progress[c.PROGRESS_TIME])
        needed = int((units[working, c.UNIT_PLACE] - first).max()) + 2
        if needed > LONGEST:
            return False
        reached = self.snapshots.first_place()
        to = self.memo.number(self.snapshots.take(), reached != NONE)
        self.held = (to, end)
        self._append(state, to, needed, end - begin, 0 if reached == NONE else reached - first, gain)
        return True

    def _append(self, state: int, to: int, needed: int, cycles: int, places: int, gain: Gain) -> None:
        """Note a simulated step."""
        cursor, progress, steps = self.walk.cursor, self.tables.progress, self.memo.steps
        begin, first, step = int(cursor[w.CURSOR_TIME]), int(cursor[w.CURSOR_PLACE]), len(self.memo.gains)
        length = int(np.searchsorted(LENGTHS, needed))
        low, high = self._due_bounds(begin, begin + cycles - 1)
        turn = int(cursor[w.CURSOR_TURN] % cursor[w.CURSOR_NODES])
        link = int(self.memo.first[state])
        facts = [low, high, length, turn, to, cycles, places, int(progress[c.PROGRESS_DUES]), int(bool(gain.finished)), link]
        steps[step] = [*facts, *(self._window(track, length, first) for track in range(len(self.tracks)))]
        self.memo.first[state] = step
        self.memo.gains.append(gain.packed())
        self.memo.finished[step] = gain.finished
        self.memo.words += len(self.memo.gains[-1]) // 8
        self.recorded += 1

    def _due_bounds(self, begin: int, last: int) -> tuple[int, int]:
        """Return between which cycles from the begin the next refresh may be due, if the last cycle sees as many due."""
        progress, interval = self.tables.progress, int(self.tables.fixed[c.FIXED_INTERVAL])
        if not interval:
            return -FAR, FAR
        dues = int(progress[c.PROGRESS_DUES])
        low = max(int(progress[c.PROGRESS_LOW]), last - dues * interval)
        high = min(int(progress[c.PROGRESS_HIGH]), last - (dues - 1) * interval) if dues else FAR
        return low - begin, high - begin

    def _window(self, track: int, length: int, place: int) -> int:
        facts = self.tracks[track]
        over = place - int(facts[w.TRACK_TAIL])
        if over < 0:
            return int(self.windows[length, facts[w.TRACK_BODY] + place % facts[w.TRACK_LENGTH]])
        return int(self.windows[length, facts[w.TRACK_TAIL_AT] + min(over, int(facts[w.TRACK_TAIL_LENGTH]))])

    def _hold(self, state: int, now: int, first: int) -> None:
        """Make the tables hold a state, and count from zero."""
        device, progress, cursor = self.tables.device, self.tables.progress, self.walk.cursor
        if self.held != (state, now):
            self.snapshots.restore(self.memo.state(state), now, first)
            progress[[c.PROGRESS_NEXT_DUE, c.PROGRESS_TURN]] = cursor[[w.CURSOR_NEXT_DUE, w.CURSOR_TURN]]
        self.tables.stalls[:] = 0
        device.issued[:] = 0
        device.ranks[:, d.RANK_CYCLES] = 0
        device.ranks[:, d.RANK_SINCE] = now
        progress[[c.PROGRESS_LEVELS, c.PROGRESS_DUES, c.PROGRESS_LOW, c.PROGRESS_HIGH]] = 0, 0, -FAR, FAR

    def _simulate(self, begin: int, working: np.ndarray) -> Gain:
        """Run the kernel until it stops, and return what that adds."""
        device, units = self.tables.device, self.tables.units
        while RUN_MICRO_PROGRAMS(self.flat, _EVENTS) == c.MORE:
            pass
        ended = np.flatnonzero(working & (units[:, c.UNIT_PLACE] == units[:, c.UNIT_TOTAL]))
        return Gain(
            self.tables.stalls.copy(),
            device.issued.copy(),
            _open_cycles(self.tables),
            tuple((int(unit), int(units[unit, c.UNIT_FINISHED]) - begin) for unit in ended),
        )

    def _simulate_the_rest(self) -> None:
        cursor, units = self.walk.cursor, self.tables.units
        begin = int(cursor[w.CURSOR_TIME])
        self.held = (NONE, 0)
        self._hold(int(cursor[w.CURSOR_STATE]), begin, int(cursor[w.CURSOR_PLACE]))
        self.tables.progress[[c.PROGRESS_STOP_TIME, c.PROGRESS_STOP_LEVELS]] = FAR
        gain = self._simulate(begin, units[:, c.UNIT_PLACE] < units[:, c.UNIT_TOTAL])
        self.total.add(gain.packed(), 1)
        for unit, cycles in gain.finished:
            self.finished[unit] = begin + cycles

    def _note_finished(self, step: int) -> None:
        begin = int(self.walk.cursor[w.CURSOR_TIME] - self.walk.steps[step, w.STEP_CYCLES])
        for unit, cycles in self.memo.finished[step]:
            self.finished[unit] = begin + cycles

    def _add_steps(self) -> None:
        for step in np.flatnonzero(self.walk.taken).tolist():
            self.total.add(self.memo.gains[step], int(self.walk.taken[step]))


def _open_cycles(tables: PimTables) -> Int64Array:
    """Return the cycles until now in which a row of each rank was open, since they were last set to 0."""
    ranks = tables.device.ranks
    still_open = np.where(ranks[:, d.RANK_OPEN] > 0, tables.progress[c.PROGRESS_TIME] - ranks[:, d.RANK_SINCE], 0)
    found: Int64Array = ranks[:, d.RANK_CYCLES] + still_open
    return found


def _simulate_beside(work: PimWork, flat: Int64Array, tables: PimTables) -> None:
    """Run until no sequence beside those of the subarrays that compute is at work."""
    units, progress = tables.units, tables.progress
    beside = np.array([work.is_beside(unit) for unit in range(len(units))])
    while (units[beside, c.UNIT_PLACE] < units[beside, c.UNIT_TOTAL]).any():
        progress[c.PROGRESS_STOP_TIME] = progress[c.PROGRESS_TIME] + _BESIDE
        while RUN_MICRO_PROGRAMS(flat, _EVENTS) == c.MORE:
            pass


def replay(work: PimWork, flat: Int64Array, tables: PimTables) -> tuple[Gain, Int64Array]:
    """Run the work on fresh tables. Return what it adds up to, and the cycle in which each unit finished.

    Stretches with sequences beside those of the subarrays that compute do not come back: they are simulated as they are.
    """
    distinct = work.distinct
    if work.beside:
        _simulate_beside(work, flat, tables)
    followed = np.array([distinct.index(work.sequence(unit)) for unit in range(len(tables.units))], dtype=np.int64)
    memo = memo_of(tables, followed)
    tracks = np.zeros((len(distinct), w.TRACK_COLUMNS), dtype=np.int64)
    columns: list[Int64Array] = []
    for track, sequence in enumerate(distinct):
        body, tail = memo.contexts.of(sequence)
        at = sum(part.shape[1] for part in columns)
        tracks[track] = at, body.shape[1], len(sequence) - LONGEST, at + body.shape[1], LONGEST
        columns += [body, tail]
    total = Gain(tables.stalls.copy(), tables.device.issued.copy(), _open_cycles(tables))
    finished = tables.units[:, c.UNIT_FINISHED] * (tables.units[:, c.UNIT_PLACE] == tables.units[:, c.UNIT_TOTAL])
    found = Replay(flat, tables, memo, tracks, np.concatenate(columns, axis=1), total, finished)
    found.run()
    return found.total, found.finished
