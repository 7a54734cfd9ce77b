"""The kernel of micro-programs: refreshes and the commands of all subarrays, from event to event.

`simcore/engine/reference/pim/channel.py` says what is issued when, and to what a waited cycle is charged.
"""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.dram.device import constrain, issue, open_row, ready_at
from simcore.engine.compiled.flat_access import tables_in
from simcore.engine.compiled.jit import entry, inlined, written_in
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.tables import PimTables
from simcore.pim.sequence import FIRST, FIRST_ROW, SECOND, SECOND_ROW
from simcore.program.program import Int64Array


@inlined
def _ready(tables: PimTables, command: int, node: int) -> int:
    """Return the first cycle in which all parts of the rules allow a command."""
    fixed, at = tables.fixed, 0
    for part in range(fixed[c.FIXED_PARTS]):
        at = max(at, ready_at(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node))
    return at


@inlined
def _send(tables: PimTables, command: int, node: int, row: int, now: int) -> None:
    """Issue a command to all parts."""
    fixed = tables.fixed
    issue(tables.device, command, node, row, NONE, now)
    for part in range(1, fixed[c.FIXED_PARTS]):
        constrain(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node, now)


@written_in
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
    progress[c.PROGRESS_NEXT_DUE] += fixed[c.FIXED_INTERVAL]


@inlined
def _is_closed(tables: PimTables, node: int, span: int) -> bool:
    """Return whether no subarray of a node is open."""
    opened = 0
    for at in range(node, node + span):
        opened += open_row(tables.device, at) != NONE
    return opened == 0


@written_in
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
            ready = _ready(tables, command, first)
            if ready <= now:
                _send(tables, command, first, NONE, now)
                refreshes[chosen, c.REFRESH_DUE] -= 1
            else:
                wake = min(wake, ready)
    return wake


@inlined
def _command(tables: PimTables, unit: int) -> int:
    """Return the command that a unit asks for."""
    units, stage = tables.units, tables.units[unit, c.UNIT_STAGE]
    if stage == c.STAGE_PRECHARGE:
        return tables.fixed[c.FIXED_PRECHARGE]
    return tables.operations[units[unit, c.UNIT_AT], FIRST if stage == c.STAGE_FIRST else SECOND]


@inlined
def _may(tables: PimTables, unit: int) -> bool:
    """Return whether anything but the rules keeps a unit from what it asks for."""
    units, groups, refreshes = tables.units, tables.groups, tables.refreshes
    if units[unit, c.UNIT_AT] == units[unit, c.UNIT_END]:
        return False
    if units[unit, c.UNIT_STAGE] != c.STAGE_FIRST:
        return True
    operation = units[unit, c.UNIT_AT] - units[unit, c.UNIT_FIRST]
    held = refreshes[units[unit, c.UNIT_REFRESH], c.REFRESH_DUE] > 0
    return not held and operation <= groups[units[unit, c.UNIT_GROUP], c.GROUP_MAY]


@written_in
def _first_ready(tables: PimTables, now: int) -> int:
    """Return the unit whose command goes next in this cycle, or NONE: one that begins an operation, the earliest, the first."""
    units = tables.units
    chosen, lowest = NONE, FAR
    for unit in range(len(units)):
        if units[unit, c.UNIT_WAKE] > now:
            continue
        place = units[unit, c.UNIT_AT] - units[unit, c.UNIT_FIRST]
        if units[unit, c.UNIT_STAGE] != c.STAGE_FIRST:
            place += FAR // 2
        if place < lowest and _may(tables, unit):
            ready = _ready(tables, _command(tables, unit), units[unit, c.UNIT_NODE])
            units[unit, c.UNIT_WAKE] = ready
            if ready <= now:
                chosen, lowest = unit, place
    return chosen


@written_in
def _charge(tables: PimTables, unit: int, command: int, now: int) -> None:
    """Charge the cycles since the unit's own rules allowed the command to the limits, in their order."""
    fixed, stalls, node = tables.fixed, tables.stalls, tables.units[unit, c.UNIT_NODE]
    charged, parts = ready_at(tables.device, command, node), fixed[c.FIXED_PARTS]
    for part in range(1, parts):
        until = min(now, ready_at(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node))
        if until > charged:
            stalls[unit, part - 1] += until - charged
            charged = until
    stalls[unit, parts - 1] += now - charged


@written_in
def _begin(tables: PimTables, unit: int) -> None:
    """Note that a unit begins an operation. When all of its group that have it did, the next may begin in the next cycle."""
    units, groups, group = tables.units, tables.groups, tables.units[unit, c.UNIT_GROUP]
    if units[unit, c.UNIT_AT] - units[unit, c.UNIT_FIRST] != groups[group, c.GROUP_LEVEL]:
        return
    groups[group, c.GROUP_BEGUN] += 1
    if groups[group, c.GROUP_BEGUN] == groups[group, c.GROUP_AIM]:
        groups[group, c.GROUP_LEVEL] += 1
        groups[group, c.GROUP_BEGUN] = 0
        aim = 0
        for other in range(len(units)):
            length = units[other, c.UNIT_END] - units[other, c.UNIT_FIRST]
            aim += units[other, c.UNIT_GROUP] == group and length > groups[group, c.GROUP_LEVEL]
        groups[group, c.GROUP_AIM] = aim


@written_in
def _serve(tables: PimTables, unit: int, now: int) -> None:
    """Issue what a unit asks for, and move it on."""
    units, operations, progress = tables.units, tables.operations, tables.progress
    command, at, stage = _command(tables, unit), units[unit, c.UNIT_AT], units[unit, c.UNIT_STAGE]
    has_second = operations[at, SECOND] != NONE
    _charge(tables, unit, command, now)
    row = FIRST_ROW if stage == c.STAGE_FIRST or not has_second else SECOND_ROW
    _send(tables, command, units[unit, c.UNIT_NODE], units[unit, c.UNIT_ROW] + operations[at, row], now)
    units[unit, c.UNIT_WAKE] = now + 1
    if stage == c.STAGE_FIRST:
        _begin(tables, unit)
        units[unit, c.UNIT_STAGE] = c.STAGE_SECOND if has_second else c.STAGE_PRECHARGE
    elif stage == c.STAGE_SECOND:
        units[unit, c.UNIT_STAGE] = c.STAGE_PRECHARGE
    else:
        units[unit, c.UNIT_STAGE], units[unit, c.UNIT_AT] = c.STAGE_FIRST, at + 1
        if at + 1 == units[unit, c.UNIT_END]:
            units[unit, c.UNIT_WAKE] = FAR
            units[unit, c.UNIT_FINISHED] = ready_at(tables.device, operations[at, FIRST], units[unit, c.UNIT_NODE])
            progress[c.PROGRESS_LEFT] -= 1


@written_in
def _next_ready(tables: PimTables) -> int:
    """Return the first cycle in which a unit that is not held up could go on."""
    units, wake = tables.units, FAR
    for unit in range(len(units)):
        if units[unit, c.UNIT_WAKE] < wake and _may(tables, unit):
            ready = _ready(tables, _command(tables, unit), units[unit, c.UNIT_NODE])
            units[unit, c.UNIT_WAKE] = max(units[unit, c.UNIT_WAKE], ready)
            wake = min(wake, units[unit, c.UNIT_WAKE])
    return wake


@entry(int64(int64[::1], int64))
def run_micro_programs(flat: Int64Array, steps: int) -> int:
    """Run until all units have finished (return DONE), until the log is full, or for ``steps`` cycles with events (MORE)."""
    tables = tables_in(flat, PimTables)
    progress, groups, log = tables.progress, tables.groups, tables.device.log
    room = len(tables.units) + len(tables.refreshes)
    for _ in range(steps):
        if progress[c.PROGRESS_LEFT] == 0:
            return c.DONE
        if len(log) and tables.device.totals[d.TOTAL_LOGGED] + room > len(log):
            return c.LOG_FULL
        now = progress[c.PROGRESS_TIME]
        _make_due(tables, now)
        for group in range(len(groups)):
            groups[group, c.GROUP_MAY] = groups[group, c.GROUP_LEVEL]
        refresh_at = _refresh(tables, now)
        while True:
            unit = _first_ready(tables, now)
            if unit == NONE:
                break
            _serve(tables, unit, now)
        for group in range(len(groups)):
            groups[group, c.GROUP_MAY] = groups[group, c.GROUP_LEVEL]
        wake = min(refresh_at, _next_ready(tables))
        # A refresh waits for the precharges of its subarrays, which may have come just now.
        if tables.fixed[c.FIXED_INTERVAL]:
            wake = min(wake, progress[c.PROGRESS_NEXT_DUE])
            for node in range(len(tables.refreshes)):
                if tables.refreshes[node, c.REFRESH_DUE]:
                    wake = min(wake, now + 1)
        progress[c.PROGRESS_TIME] = max(now + 1, wake)
    return c.MORE if progress[c.PROGRESS_LEFT] else c.DONE
