"""What units ask for in the kernel of micro-programs, when it may come, and what it does to the device."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram.device import constrain, issue, ready_at
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.tables import PimTables
from simcore.pim.sequence import BURSTS, FIRST, SECOND, TRANSFER


@inlined
def note_due(tables: PimTables, now: int) -> None:
    """Note that something in this cycle depends on whether refreshes are due: as many as until now, no more and no fewer."""
    progress, interval = tables.progress, tables.fixed[c.FIXED_INTERVAL]
    if interval:
        first = now - progress[c.PROGRESS_DUES] * interval
        progress[c.PROGRESS_LOW] = max(progress[c.PROGRESS_LOW], first)
        if progress[c.PROGRESS_DUES]:
            progress[c.PROGRESS_HIGH] = min(progress[c.PROGRESS_HIGH], first + interval)


@inlined
def rules_allow_at(tables: PimTables, command: int, node: int) -> int:
    """Return the first cycle in which all parts of the rules allow a command."""
    fixed, at = tables.fixed, 0
    for part in range(fixed[c.FIXED_PARTS]):
        at = max(at, ready_at(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node))
    return at


@inlined
def send(tables: PimTables, command: int, node: int, row: int, column: int, now: int) -> None:
    """Issue a command to all parts."""
    fixed = tables.fixed
    issue(tables.device, command, node, row, column, now)
    for part in range(1, fixed[c.FIXED_PARTS]):
        constrain(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node, now)


@inlined
def command_of(tables: PimTables, unit: int) -> int:
    """Return the command that a unit asks for, or NONE if it asks for the periphery."""
    units, stage = tables.units, tables.units[unit, c.UNIT_STAGE]
    if stage == c.STAGE_PRECHARGE or stage == c.STAGE_LANDED:
        return tables.fixed[c.FIXED_PRECHARGE]
    if stage == c.STAGE_HOLD:
        return NONE
    column = FIRST if stage == c.STAGE_FIRST else TRANSFER if stage == c.STAGE_BURSTS else SECOND
    return tables.operations[units[unit, c.UNIT_AT], column]


@inlined
def is_elsewhere(stage: int) -> bool:
    """Return whether the command of a stage goes to the other subarray of the pair."""
    return stage == c.STAGE_LAND or stage == c.STAGE_LANDED


@inlined
def node_of(tables: PimTables, unit: int) -> int:
    """Return the subarray to which the command goes that a unit asks for."""
    return tables.units[unit, c.UNIT_NODE] ^ int(is_elsewhere(tables.units[unit, c.UNIT_STAGE]))


@inlined
def copies(tables: PimTables, operation: int) -> bool:
    """Return whether an operation copies a row to the other subarray of the pair."""
    return tables.operations[operation, SECOND] != NONE and tables.operations[operation, BURSTS] > 0


@inlined
def begins(tables: PimTables, unit: int) -> bool:
    """Return whether a unit has an operation that it may begin. One that has done all, or has none, names no operation."""
    units = tables.units
    return units[unit, c.UNIT_STAGE] == c.STAGE_FIRST and units[unit, c.UNIT_PLACE] != units[unit, c.UNIT_TOTAL]


@inlined
def way(tables: PimTables, unit: int) -> int:
    """Return the cycle from which the bank's data lines are free, for an operation that begins and moves data; else 0."""
    units, at = tables.units, tables.units[unit, c.UNIT_AT]
    if begins(tables, unit) and tables.operations[at, BURSTS] > 0 and tables.operations[at, SECOND] == NONE:
        return tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_WAY]
    return 0


@inlined
def links(tables: PimTables, unit: int) -> int:
    """Return the cycle from which row copies of the bank let an operation begin, or its open rows a row copy; else 0."""
    units, peripheries = tables.units, tables.peripheries
    if tables.fixed[c.FIXED_COPIES] == 0 or not begins(tables, unit):
        return 0
    bank, free = units[unit, c.UNIT_BANK], peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_LINKS]
    if copies(tables, units[unit, c.UNIT_AT]):
        free = max(free, FAR if peripheries[bank, c.PERIPHERY_WORKING] else peripheries[bank, c.PERIPHERY_QUIET])
    return free


@inlined
def may_come_at(tables: PimTables, unit: int) -> int:
    """Return the first cycle in which the rules and the bank's other subarrays allow what a unit asks for."""
    units, stage = tables.units, tables.units[unit, c.UNIT_STAGE]
    if stage == c.STAGE_HOLD:
        return max(units[unit, c.UNIT_HELD], tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_FREE])
    ready = rules_allow_at(tables, command_of(tables, unit), node_of(tables, unit))
    if stage == c.STAGE_PRECHARGE:
        return max(ready, units[unit, c.UNIT_HELD])
    return max(ready, max(way(tables, unit), links(tables, unit)))


@inlined
def may(tables: PimTables, unit: int) -> bool:
    """Return whether anything but the rules keeps a unit from what it asks for."""
    units, groups, refreshes = tables.units, tables.groups, tables.refreshes
    if units[unit, c.UNIT_PLACE] == units[unit, c.UNIT_TOTAL]:
        return False
    if units[unit, c.UNIT_STAGE] != c.STAGE_FIRST:
        return True
    held = refreshes[units[unit, c.UNIT_REFRESH], c.REFRESH_DUE] > 0
    return not held and units[unit, c.UNIT_PLACE] <= groups[units[unit, c.UNIT_GROUP], c.GROUP_MAY]
