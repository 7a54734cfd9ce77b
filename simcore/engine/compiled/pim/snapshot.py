"""The state of a run of micro-programs at one cycle, relative to it: all that decides what comes, and nothing else.

Two runs whose states are equal, and whose next operations and next refresh are alike, go on alike. So cycles are counted from
the current one, operations from the earliest that a unit still does. What lies so far back that it no longer matters is cut off:
at the current cycle, or at the earlier cycle from which the wait of a command is going to be charged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.tables import PimTables
from simcore.pim.sequence import BURSTS, FIRST, SECOND
from simcore.program.program import Int64Array

#: The order number of a refresh that becomes due next, in a restored state. Those due for longer have lower ones.
_NEXT_ORDER = 1 << 40


@dataclass(frozen=True)
class Ring:
    """Where a rule with a window keeps its cycles: [nodes, window] places in a row of `rings`, and the place of the oldest."""

    row: int
    places: Int64Array
    oldest: Int64Array
    latency: int


@dataclass
class Snapshots:
    """Takes and restores states of the tables of one run."""

    tables: PimTables
    rings: list[Ring] = field(init=False)
    used: Int64Array = field(init=False)

    def __post_init__(self) -> None:
        self.rings = _rings(self.tables)
        commands = self.tables.device.commands
        has_rules = commands[:, d.COMMAND_LAST_RULE] > commands[:, d.COMMAND_FIRST_RULE]
        followed = np.isin(np.arange(len(commands)), self.tables.device.rules[:, d.RULE_FOLLOWING])
        self.used = np.flatnonzero(has_rules | followed)
        #: For each row of `ready` that is kept, the row of the first part's command.
        self.own = self.used % int(self.tables.fixed[c.FIXED_COMMANDS])

    def first_place(self) -> int:
        """Return the number of the earliest operation that a unit still does, or NONE if all have finished."""
        units = self.tables.units
        working = units[:, c.UNIT_PLACE] < units[:, c.UNIT_TOTAL]
        return int(units[working, c.UNIT_PLACE].min()) if working.any() else NONE

    def take(self) -> Int64Array:
        """Return the state at the cycle at which the kernel stopped, before that cycle has run."""
        tables, device, now = self.tables, self.tables.device, int(self.tables.progress[c.PROGRESS_TIME])
        first = self.first_place()
        working = tables.units[:, c.UNIT_PLACE] < tables.units[:, c.UNIT_TOTAL]
        floor, way_floor, begin_floor = self._charged_from(working, now)
        ready = np.maximum(device.ready[self.used], floor[self.own]) - now
        windows = [self._window(ring, int(floor.min())) - now for ring in self.rings]
        units, stage = tables.units, tables.units[:, c.UNIT_STAGE]
        held = (stage != c.STAGE_FIRST) & (units[:, c.UNIT_HELD] > 0) & working
        ways = tables.peripheries[:, c.PERIPHERY_WAY]
        due = tables.refreshes[:, c.REFRESH_DUE]
        waiting = np.bincount(units[working, c.UNIT_GROUP], minlength=len(tables.groups)) > 0
        parts = (
            ready,
            *windows,
            device.banks[d.BANK_ROW] != NONE,
            device.ranks[:, d.RANK_OPEN],
            np.where(working, units[:, c.UNIT_PLACE] - first, NONE),
            np.where(working, stage, 0),
            np.where(stage == c.STAGE_BURSTS, units[:, c.UNIT_BURST], 0),
            np.where(held, units[:, c.UNIT_HELD] - now, -FAR),
            np.where(ways == FAR, FAR, np.maximum(ways, way_floor) - now),
            np.maximum(tables.peripheries[:, c.PERIPHERY_FREE] - now, 0),
            *self._links(begin_floor, now),
            due,
            np.where(due > 0, tables.refreshes[:, c.REFRESH_ORDER] - tables.progress[c.PROGRESS_ORDER], 0),
            np.where(waiting, tables.groups[:, c.GROUP_LEVEL] - first, 0),
            np.where(waiting, tables.groups[:, c.GROUP_BEGUN], 0),
            np.where(waiting, tables.groups[:, c.GROUP_AIM], 0),
        )
        return np.concatenate([np.asarray(part, dtype=np.int64).reshape(-1) for part in parts])

    def restore(self, state: Int64Array, now: int, first: int) -> None:
        """Set the tables to a state at a cycle, where ``first`` is the earliest operation that a unit still does."""
        tables, device, taken = self.tables, self.tables.device, _Reader(state)
        device.ready[self.used] = taken.next(len(self.used), device.ready.shape[1]) + now
        for ring in self.rings:
            device.rings[ring.row, ring.places] = taken.next(*ring.places.shape) + now - ring.latency
            device.rings[ring.row, ring.oldest] = 0
        device.banks[d.BANK_ROW] = np.where(taken.next(device.banks.shape[1]) == 1, 0, NONE)
        device.ranks[:, d.RANK_OPEN] = taken.next(len(device.ranks))
        device.ranks[:, d.RANK_SINCE] = now
        self._restore_units(taken, now, first)
        ways = taken.next(len(tables.peripheries))
        tables.peripheries[:, c.PERIPHERY_WAY] = np.where(ways == FAR, FAR, ways + now)
        tables.peripheries[:, c.PERIPHERY_FREE] = taken.next(len(tables.peripheries)) + now
        if tables.fixed[c.FIXED_COPIES]:
            self._restore_links(taken, now)
        tables.refreshes[:, c.REFRESH_DUE] = taken.next(len(tables.refreshes))
        tables.refreshes[:, c.REFRESH_ORDER] = taken.next(len(tables.refreshes)) + _NEXT_ORDER
        tables.refreshes[:, c.REFRESH_CLOSED] = now - 1
        tables.progress[[c.PROGRESS_TIME, c.PROGRESS_ORDER]] = now, _NEXT_ORDER
        groups = len(tables.groups)
        tables.groups[:, c.GROUP_LEVEL] = tables.groups[:, c.GROUP_MAY] = taken.next(groups) + first
        tables.groups[:, c.GROUP_BEGUN], tables.groups[:, c.GROUP_AIM] = taken.next(groups), taken.next(groups)

    def _restore_units(self, taken: _Reader, now: int, first: int) -> None:
        units = self.tables.units
        count = len(units)
        place, stage, burst, held = (taken.next(count) for _ in range(4))
        working = place != NONE
        length = np.maximum(units[:, c.UNIT_END] - units[:, c.UNIT_FIRST], 1)
        units[:, c.UNIT_PLACE] = np.where(working, place + first, units[:, c.UNIT_TOTAL])
        units[:, c.UNIT_AT] = units[:, c.UNIT_FIRST] + units[:, c.UNIT_PLACE] % length
        units[:, c.UNIT_STAGE], units[:, c.UNIT_BURST] = stage, burst
        units[:, c.UNIT_HELD] = np.where(held == -FAR, 0, held + now)
        units[:, c.UNIT_WAKE] = np.where(working, now, FAR)
        self.tables.progress[c.PROGRESS_LEFT] = int(working.sum())

    def _charged_from(self, working: np.ndarray, now: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return the cycles, none after this one, from which waits are charged.

        They are [command, node], of banks' data lines, and of banks' operations that have not begun.
        """
        tables = self.tables
        count, units = int(tables.fixed[c.FIXED_COMMANDS]), tables.units[working]
        floor = np.full((count, tables.device.ready.shape[1]), now, dtype=np.int64)
        ways = np.full(len(tables.peripheries), now, dtype=np.int64)
        begin = ways.copy()
        stage, node, at = (units[:, column] for column in (c.UNIT_STAGE, c.UNIT_NODE, c.UNIT_AT))
        begins, second = stage == c.STAGE_FIRST, stage == c.STAGE_SECOND
        precharge = np.full(len(units), tables.fixed[c.FIXED_PRECHARGE])
        for asked, command in (
            (begins, tables.operations[at, FIRST]),
            (second, tables.operations[at, SECOND]),
            (~begins, precharge),
        ):
            places = (command[asked], node[asked])
            floor[places] = np.minimum(now, tables.device.ready[places])
        if tables.fixed[c.FIXED_COPIES]:
            places = (tables.operations[at, FIRST][begins], node[begins])
            floor[places] = np.minimum(floor[places], units[begins, c.UNIT_FINISHED])
        moves = begins & (tables.operations[at, BURSTS] > 0)
        np.minimum.at(ways, units[moves, c.UNIT_BANK], floor[tables.operations[at[moves], FIRST], node[moves]])
        np.minimum.at(begin, units[begins, c.UNIT_BANK], floor[tables.operations[at[begins], FIRST], node[begins]])
        return floor, ways, begin

    def _links(self, floor: Int64Array, now: int) -> tuple[Int64Array, ...]:
        """Return what row copies keep from beginning, and since when each subarray waits, if the run has row copies."""
        if not self.tables.fixed[c.FIXED_COPIES]:
            return ()
        links, quiet = self.tables.peripheries[:, c.PERIPHERY_LINKS], self.tables.peripheries[:, c.PERIPHERY_QUIET]
        free = np.where(links == FAR, FAR, np.maximum(links, floor) - now)
        units = self.tables.units
        begins = (units[:, c.UNIT_STAGE] == c.STAGE_FIRST) & (units[:, c.UNIT_PLACE] < units[:, c.UNIT_TOTAL])
        finished = np.where(begins, units[:, c.UNIT_FINISHED] - now, 0)
        return free, np.maximum(quiet, floor) - now, self.tables.peripheries[:, c.PERIPHERY_WORKING], finished

    def _restore_links(self, taken: _Reader, now: int) -> None:
        peripheries = self.tables.peripheries
        links, quiet, working = (taken.next(len(peripheries)) for _ in range(3))
        peripheries[:, c.PERIPHERY_LINKS] = np.where(links == FAR, FAR, links + now)
        peripheries[:, c.PERIPHERY_QUIET], peripheries[:, c.PERIPHERY_WORKING] = quiet + now, working
        self.tables.units[:, c.UNIT_FINISHED] = taken.next(len(self.tables.units)) + now

    def _window(self, ring: Ring, floor: int) -> Int64Array:
        """Return the cycles in which the commands of a window let others come, the oldest first, none before ``floor``."""
        cycles = self.tables.device.rings[ring.row]
        window = ring.places.shape[1]
        order = (cycles[ring.oldest][:, None] + np.arange(window)) % window
        return np.maximum(np.take_along_axis(cycles[ring.places], order, axis=1) + ring.latency, floor)


class _Reader:
    """Reads the parts of a state in their order."""

    def __init__(self, state: Int64Array) -> None:
        self.state, self.at = state, 0

    def next(self, *shape: int) -> Int64Array:
        size = int(np.prod(shape))
        self.at += size
        return self.state[self.at - size : self.at].reshape(shape)


def _rings(tables: PimTables) -> list[Ring]:
    rules, banks = tables.device.rules, tables.device.banks.shape[1]
    found: dict[int, Ring] = {}
    for rule in rules[rules[:, d.RULE_RING] != NONE]:
        window, span = int(rule[d.RULE_WINDOW]), int(rule[d.RULE_SPAN])
        heads = np.arange(0, banks, span) * (window + 1)
        places = heads[:, None] + np.arange(window)
        row = int(rule[d.RULE_RING])
        found[row] = Ring(row, places, heads + window, int(rule[d.RULE_WINDOW_LATENCY]))
    return [found[row] for row in sorted(found)]
