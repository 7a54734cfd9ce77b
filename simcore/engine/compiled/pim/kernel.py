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
from simcore.pim.sequence import BURSTS, FIRST, FIRST_ROW, HOLD, SECOND, SECOND_ROW, TRANSFER
from simcore.program.program import Int64Array


@inlined
def _ready(tables: PimTables, command: int, node: int) -> int:
    """Return the first cycle in which all parts of the rules allow a command."""
    fixed, at = tables.fixed, 0
    for part in range(fixed[c.FIXED_PARTS]):
        at = max(at, ready_at(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node))
    return at


@inlined
def _send(tables: PimTables, command: int, node: int, row: int, column: int, now: int) -> None:
    """Issue a command to all parts."""
    fixed = tables.fixed
    issue(tables.device, command, node, row, column, now)
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
                _send(tables, command, first, NONE, NONE, now)
                refreshes[chosen, c.REFRESH_DUE] -= 1
            else:
                wake = min(wake, ready)
    return wake


@inlined
def _command(tables: PimTables, unit: int) -> int:
    """Return the command that a unit asks for, or NONE if it asks for the periphery."""
    units, stage = tables.units, tables.units[unit, c.UNIT_STAGE]
    if stage == c.STAGE_PRECHARGE:
        return tables.fixed[c.FIXED_PRECHARGE]
    if stage == c.STAGE_HOLD:
        return NONE
    column = FIRST if stage == c.STAGE_FIRST else SECOND if stage == c.STAGE_SECOND else TRANSFER
    return tables.operations[units[unit, c.UNIT_AT], column]


@inlined
def _way(tables: PimTables, unit: int) -> int:
    """Return the cycle from which the bank's data lines are free, for an operation that begins and moves data; else 0."""
    units = tables.units
    begins = units[unit, c.UNIT_STAGE] == c.STAGE_FIRST
    if begins and tables.operations[units[unit, c.UNIT_AT], BURSTS] > 0:
        return tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_WAY]
    return 0


@inlined
def _may_come_at(tables: PimTables, unit: int) -> int:
    """Return the first cycle in which the rules and the bank's other subarrays allow what a unit asks for."""
    units, stage = tables.units, tables.units[unit, c.UNIT_STAGE]
    if stage == c.STAGE_HOLD:
        return max(units[unit, c.UNIT_HELD], tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_FREE])
    ready = _ready(tables, _command(tables, unit), units[unit, c.UNIT_NODE])
    if stage == c.STAGE_PRECHARGE:
        return max(ready, units[unit, c.UNIT_HELD])
    return max(ready, _way(tables, unit))


@inlined
def _may(tables: PimTables, unit: int) -> bool:
    """Return whether anything but the rules keeps a unit from what it asks for."""
    units, groups, refreshes = tables.units, tables.groups, tables.refreshes
    if units[unit, c.UNIT_PLACE] == units[unit, c.UNIT_TOTAL]:
        return False
    if units[unit, c.UNIT_STAGE] != c.STAGE_FIRST:
        return True
    held = refreshes[units[unit, c.UNIT_REFRESH], c.REFRESH_DUE] > 0 or _way(tables, unit) == FAR
    return not held and units[unit, c.UNIT_PLACE] <= groups[units[unit, c.UNIT_GROUP], c.GROUP_MAY]


@written_in
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
        if place < lowest and _may(tables, unit):
            ready = _may_come_at(tables, unit)
            units[unit, c.UNIT_WAKE] = ready
            if ready <= now:
                chosen, lowest = unit, place
    return chosen


@written_in
def _charge(tables: PimTables, unit: int, command: int, now: int) -> None:
    """Charge the cycles since the unit's own activations allowed the command to the causes, in their order."""
    fixed, stalls, units, node = tables.fixed, tables.stalls, tables.units, tables.units[unit, c.UNIT_NODE]
    charged, parts = ready_at(tables.device, command, node), fixed[c.FIXED_PARTS]
    transfers = ready_at(tables.device, c.PART_TRANSFER * fixed[c.FIXED_COMMANDS] + command, node)
    until = min(now, max(transfers, _way(tables, unit)))
    if until > charged:
        stalls[unit, c.STALL_TRANSFER] += until - charged
        charged = until
    until = min(now, units[unit, c.UNIT_HELD])
    if units[unit, c.UNIT_STAGE] == c.STAGE_PRECHARGE and until > charged:
        stalls[unit, c.STALL_PERIPHERY] += until - charged
        charged = until
    for part in range(c.PART_LIMITS, parts):
        until = min(now, ready_at(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node))
        if until > charged:
            stalls[unit, part] += until - charged
            charged = until
    stalls[unit, parts] += now - charged


@written_in
def _begin(tables: PimTables, unit: int) -> None:
    """Note that a unit begins an operation. When all of its group that have it did, the next may begin in the next cycle."""
    units, groups, group = tables.units, tables.groups, tables.units[unit, c.UNIT_GROUP]
    if units[unit, c.UNIT_PLACE] != groups[group, c.GROUP_LEVEL]:
        return
    groups[group, c.GROUP_BEGUN] += 1
    if groups[group, c.GROUP_BEGUN] == groups[group, c.GROUP_AIM]:
        groups[group, c.GROUP_LEVEL] += 1
        groups[group, c.GROUP_BEGUN] = 0
        aim = 0
        for other in range(len(units)):
            aim += units[other, c.UNIT_GROUP] == group and units[other, c.UNIT_TOTAL] > groups[group, c.GROUP_LEVEL]
        groups[group, c.GROUP_AIM] = aim


@written_in
def _hold(tables: PimTables, unit: int, operation: int, now: int) -> None:
    """Give the row of a unit to the periphery of its bank."""
    units, operations, fixed = tables.units, tables.operations, tables.fixed
    free = now + operations[operation, HOLD]
    tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_FREE] = free
    units[unit, c.UNIT_HELD] = free
    if operations[operation, TRANSFER] == fixed[c.FIXED_WRITE]:
        units[unit, c.UNIT_HELD] += fixed[c.FIXED_RECOVERY]


@written_in
def _open(tables: PimTables, unit: int, operation: int, now: int) -> int:
    """Note what the first command of an operation begins. Return the stage that follows."""
    units, operations, fixed = tables.units, tables.operations, tables.fixed
    _begin(tables, unit)
    units[unit, c.UNIT_HELD] = 0
    if operations[operation, SECOND] != NONE:
        return c.STAGE_SECOND
    if operations[operation, BURSTS]:
        tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_WAY] = FAR
        units[unit, c.UNIT_BURST] = 0
        return c.STAGE_BURSTS
    if operations[operation, HOLD]:
        writes = operations[operation, TRANSFER] == fixed[c.FIXED_WRITE]
        units[unit, c.UNIT_HELD] = now + fixed[c.FIXED_WRITABLE if writes else c.FIXED_READABLE]
        return c.STAGE_HOLD
    return c.STAGE_PRECHARGE


@written_in
def _close(tables: PimTables, unit: int, operation: int, now: int) -> None:
    """Note what the precharge of an operation ends, and move the unit to its next operation."""
    units, operations = tables.units, tables.operations
    if operations[operation, BURSTS]:
        tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_WAY] = now + 1
    units[unit, c.UNIT_PLACE] += 1
    last = operation + 1 == units[unit, c.UNIT_END]
    units[unit, c.UNIT_AT] = units[unit, c.UNIT_FIRST] if last else operation + 1
    if units[unit, c.UNIT_PLACE] == units[unit, c.UNIT_TOTAL]:
        units[unit, c.UNIT_WAKE] = FAR
        units[unit, c.UNIT_FINISHED] = ready_at(tables.device, operations[operation, FIRST], units[unit, c.UNIT_NODE])
        tables.progress[c.PROGRESS_LEFT] -= 1


@written_in
def _serve(tables: PimTables, unit: int, now: int) -> None:
    """Give a unit what it asks for, and move it on."""
    units, operations = tables.units, tables.operations
    command, at, stage = _command(tables, unit), units[unit, c.UNIT_AT], units[unit, c.UNIT_STAGE]
    row, column = FIRST_ROW, NONE
    if stage == c.STAGE_BURSTS:
        column = units[unit, c.UNIT_BURST]
    elif stage != c.STAGE_FIRST and operations[at, SECOND] != NONE:
        row = SECOND_ROW
    if stage != c.STAGE_HOLD:
        if stage != c.STAGE_BURSTS:
            _charge(tables, unit, command, now)
        _send(tables, command, units[unit, c.UNIT_NODE], units[unit, c.UNIT_ROW] + operations[at, row], column, now)
    units[unit, c.UNIT_WAKE] = now + 1
    if stage == c.STAGE_FIRST:
        units[unit, c.UNIT_STAGE] = _open(tables, unit, at, now)
    elif stage == c.STAGE_BURSTS and column + 1 < operations[at, BURSTS]:
        units[unit, c.UNIT_BURST] = column + 1
    elif stage == c.STAGE_PRECHARGE:
        units[unit, c.UNIT_STAGE] = c.STAGE_FIRST
        _close(tables, unit, at, now)
    else:
        units[unit, c.UNIT_STAGE] = c.STAGE_PRECHARGE
        if stage == c.STAGE_HOLD:
            _hold(tables, unit, at, now)


@written_in
def _next_ready(tables: PimTables) -> int:
    """Return the first cycle in which a unit that is not held up could go on."""
    units, wake = tables.units, FAR
    for unit in range(len(units)):
        if units[unit, c.UNIT_WAKE] < wake and _may(tables, unit):
            ready = _may_come_at(tables, unit)
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
