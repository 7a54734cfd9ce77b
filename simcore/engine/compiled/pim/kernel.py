"""The kernel of micro-programs: refreshes and the commands of all subarrays, from event to event.

`simcore/engine/reference/pim/channel.py` says what is issued when, and to what a waited cycle is charged.
"""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.dram.device import open_row
from simcore.engine.compiled.flat_access import tables_in
from simcore.engine.compiled.jit import entry, inlined
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.asking import links, may, may_come_at, note_due, rules_allow_at, send, way
from simcore.engine.compiled.pim.serving import serve
from simcore.engine.compiled.pim.tables import PimTables
from simcore.program.program import Int64Array


@inlined
def _make_due(tables: PimTables, now: int) -> None:
    """Note the refreshes that are due now: of all nodes, or of the next."""
    fixed, progress, refreshes = tables.fixed, tables.progress, tables.refreshes
    if fixed[c.FIXED_INTERVAL] == 0 or now < progress[c.PROGRESS_NEXT_DUE]:
        return
    nodes = len(refreshes)
    first, count = (0, nodes) if fixed[c.FIXED_ALL] else (progress[c.PROGRESS_TURN] % nodes, 1)
    for node in range(first, first + count):
        if refreshes[node, c.REFRESH_DUE] == 0:
            refreshes[node, c.REFRESH_ORDER] = progress[c.PROGRESS_ORDER]
        refreshes[node, c.REFRESH_DUE] += 1
        progress[c.PROGRESS_ORDER] += 1
    progress[c.PROGRESS_TURN] += 1
    progress[c.PROGRESS_DUES] += 1
    progress[c.PROGRESS_NEXT_DUE] += fixed[c.FIXED_INTERVAL]


@inlined
def _is_closed(tables: PimTables, node: int, span: int) -> bool:
    """Return whether no subarray of a node is open."""
    opened = 0
    for at in range(node, node + span):
        opened += open_row(tables.device, at) != NONE
    return opened == 0


@inlined
def _note_refresh(tables: PimTables, node: int, now: int) -> None:
    """Note for which due cycles a refresh that is issued now would come now: for the given one alone, if it waited for no row."""
    progress, interval = tables.progress, tables.fixed[c.FIXED_INTERVAL]
    note_due(tables, now)
    last_due = progress[c.PROGRESS_NEXT_DUE] - interval
    if progress[c.PROGRESS_DUES] and last_due > tables.refreshes[node, c.REFRESH_CLOSED]:
        first = last_due - (progress[c.PROGRESS_DUES] - 1) * interval
        progress[c.PROGRESS_LOW] = max(progress[c.PROGRESS_LOW], first - 1)
        progress[c.PROGRESS_HIGH] = min(progress[c.PROGRESS_HIGH], first)


@inlined
def _refresh(tables: PimTables, now: int) -> int:
    """Issue the refreshes that may come now, those due for longest first. Return when the next could come."""
    refreshes, command = tables.refreshes, tables.fixed[c.FIXED_REFRESH]
    wake, passed = FAR, -1
    while True:
        oldest, chosen = FAR, NONE
        for node in range(len(refreshes)):
            order = refreshes[node, c.REFRESH_ORDER]
            if refreshes[node, c.REFRESH_DUE] and passed < order < oldest:
                oldest, chosen = order, node
        if chosen == NONE:
            break
        passed = oldest
        first = refreshes[chosen, c.REFRESH_NODE]
        if _is_closed(tables, first, refreshes[chosen, c.REFRESH_SPAN]):
            ready = rules_allow_at(tables, command, first)
            if ready <= now:
                _note_refresh(tables, chosen, now)
                send(tables, command, first, NONE, NONE, now)
                refreshes[chosen, c.REFRESH_DUE] -= 1
            else:
                wake = min(wake, ready)
    return wake


@inlined
def _first_ready(tables: PimTables, now: int) -> int:
    """Return the unit whose command goes next in this cycle, or NONE: one that begins an operation, the earliest, the first."""
    units = tables.units
    chosen, lowest = NONE, FAR
    for unit in range(len(units)):
        if units[unit, c.UNIT_WAKE] > now:
            continue
        place = units[unit, c.UNIT_PLACE]
        if units[unit, c.UNIT_STAGE] != c.STAGE_FIRST:
            place += FAR // 2
        elif tables.refreshes[units[unit, c.UNIT_REFRESH], c.REFRESH_DUE]:
            note_due(tables, now)
        if way(tables, unit) == FAR or links(tables, unit) == FAR:
            # The precharge of the subarray that moves data, or has a row open beside a row copy, wakes it.
            units[unit, c.UNIT_WAKE] = FAR
        elif place < lowest and may(tables, unit):
            ready = may_come_at(tables, unit)
            units[unit, c.UNIT_WAKE] = ready
            if ready <= now:
                chosen, lowest = unit, place
    return chosen


@inlined
def _next_ready(tables: PimTables) -> int:
    """Return the first cycle in which a unit that is not held up could go on."""
    units, wake = tables.units, FAR
    for unit in range(len(units)):
        if units[unit, c.UNIT_WAKE] < wake and may(tables, unit):
            ready = may_come_at(tables, unit)
            units[unit, c.UNIT_WAKE] = max(units[unit, c.UNIT_WAKE], ready)
            wake = min(wake, units[unit, c.UNIT_WAKE])
    return wake


@inlined
def _next_time(tables: PimTables, now: int, wake: int) -> int:
    """Return the next cycle in which something may happen, if nothing but ``wake`` is known; the next cycle once all is done."""
    progress = tables.progress
    if progress[c.PROGRESS_LEFT] == 0:
        return now + 1
    if tables.fixed[c.FIXED_INTERVAL]:
        wake = min(wake, progress[c.PROGRESS_NEXT_DUE])
        # A refresh waits for the precharges of its subarrays, which may have come just now.
        for node in range(len(tables.refreshes)):
            if tables.refreshes[node, c.REFRESH_DUE]:
                wake = min(wake, now + 1)
    return max(now + 1, min(wake, progress[c.PROGRESS_STOP_TIME]))


@entry(int64(int64[::1], int64))
def run_micro_programs(flat: Int64Array, steps: int) -> int:
    """Run until all units have finished (return DONE), for ``steps`` cycles with events (MORE), or until it must stop (STOPPED).

    Return LOG_FULL when the log of commands is full.
    """
    tables = tables_in(flat, PimTables)
    progress, groups, log = tables.progress, tables.groups, tables.device.log
    room = len(tables.units) + len(tables.refreshes)
    for _ in range(steps):
        if progress[c.PROGRESS_LEFT] == 0:
            return c.DONE
        now = progress[c.PROGRESS_TIME]
        if now >= progress[c.PROGRESS_STOP_TIME] or progress[c.PROGRESS_LEVELS] >= progress[c.PROGRESS_STOP_LEVELS]:
            return c.STOPPED
        if len(log) and tables.device.totals[d.TOTAL_LOGGED] + room > len(log):
            return c.LOG_FULL
        _make_due(tables, now)
        for group in range(len(groups)):
            groups[group, c.GROUP_MAY] = groups[group, c.GROUP_LEVEL]
        refresh_at = _refresh(tables, now)
        while True:
            unit = _first_ready(tables, now)
            if unit == NONE:
                break
            serve(tables, unit, now)
        for group in range(len(groups)):
            groups[group, c.GROUP_MAY] = groups[group, c.GROUP_LEVEL]
        progress[c.PROGRESS_TIME] = _next_time(tables, now, min(refresh_at, _next_ready(tables)))
    return c.MORE if progress[c.PROGRESS_LEFT] else c.DONE
