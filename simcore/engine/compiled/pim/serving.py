"""What a granted command does to its unit in the kernel of micro-programs: charges, stages, holds and the pace of its group."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram.device import note, ready_at
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.asking import command_of, copies, is_elsewhere, links, node_of, note_due, send, way
from simcore.engine.compiled.pim.tables import PimTables
from simcore.pim.sequence import BURSTS, FIRST, FIRST_ROW, HOLD, SECOND, SECOND_ROW, TRANSFER


@inlined
def _charge(tables: PimTables, unit: int, command: int, now: int) -> None:
    """Charge the cycles since the unit's own activations allowed the command to the causes, in their order."""
    fixed, stalls, units, node = tables.fixed, tables.stalls, tables.units, tables.units[unit, c.UNIT_NODE]
    own, stage = ready_at(tables.device, command, node), units[unit, c.UNIT_STAGE]
    charged = own
    if fixed[c.FIXED_COPIES] and stage == c.STAGE_FIRST:
        charged = units[unit, c.UNIT_FINISHED]
    transfers = ready_at(tables.device, c.PART_TRANSFER * fixed[c.FIXED_COMMANDS] + command, node)
    until = min(now, max(transfers, way(tables, unit)))
    if until > charged:
        stalls[unit, c.STALL_TRANSFER] += until - charged
        charged = until
    until = min(now, units[unit, c.UNIT_HELD])
    if stage == c.STAGE_PRECHARGE and until > charged:
        stalls[unit, c.STALL_PERIPHERY] += until - charged
        charged = until
    if fixed[c.FIXED_COPIES]:
        ready = max(own, ready_at(tables.device, c.PART_COPY * fixed[c.FIXED_COMMANDS] + command, node))
        until = min(now, max(ready, links(tables, unit)))
        if stage == c.STAGE_PRECHARGE and copies(tables, units[unit, c.UNIT_AT]):
            until = now
        if until > charged:
            stalls[unit, c.STALL_COPY] += until - charged
            charged = until
    for part in range(c.PART_LIMITS, c.PART_COPY):
        until = min(now, ready_at(tables.device, part * fixed[c.FIXED_COMMANDS] + command, node))
        if until > charged:
            stalls[unit, c.STALL_LIMITS + part - c.PART_LIMITS] += until - charged
            charged = until
    stalls[unit, c.STALL_LOCK_STEP] += now - charged


@inlined
def _begin(tables: PimTables, unit: int) -> None:
    """Note that a unit begins an operation. When all of its group that have it did, the next may begin in the next cycle."""
    units, groups, group = tables.units, tables.groups, tables.units[unit, c.UNIT_GROUP]
    if units[unit, c.UNIT_PLACE] != groups[group, c.GROUP_LEVEL]:
        return
    groups[group, c.GROUP_BEGUN] += 1
    if groups[group, c.GROUP_BEGUN] == groups[group, c.GROUP_AIM]:
        groups[group, c.GROUP_LEVEL] += 1
        tables.progress[c.PROGRESS_LEVELS] += 1
        groups[group, c.GROUP_BEGUN] = 0
        aim = 0
        for other in range(len(units)):
            aim += units[other, c.UNIT_GROUP] == group and units[other, c.UNIT_TOTAL] > groups[group, c.GROUP_LEVEL]
        groups[group, c.GROUP_AIM] = aim


@inlined
def _hold(tables: PimTables, unit: int, operation: int, now: int) -> None:
    """Give the row of a unit to the periphery of its bank."""
    units, operations, fixed = tables.units, tables.operations, tables.fixed
    free = now + operations[operation, HOLD]
    tables.peripheries[units[unit, c.UNIT_BANK], c.PERIPHERY_FREE] = free
    units[unit, c.UNIT_HELD] = free
    noted = fixed[c.FIXED_HOLD]
    if operations[operation, TRANSFER] == fixed[c.FIXED_WRITE]:
        units[unit, c.UNIT_HELD] += fixed[c.FIXED_RECOVERY]
        noted = fixed[c.FIXED_HOLD_WRITE]
    if noted != NONE:
        row = units[unit, c.UNIT_ROW] + operations[operation, FIRST_ROW]
        note(tables.device, noted, units[unit, c.UNIT_NODE], row, operations[operation, HOLD], now)


@inlined
def _open(tables: PimTables, unit: int, operation: int, now: int) -> int:
    """Note what the first command of an operation begins. Return the stage that follows."""
    units, operations, fixed = tables.units, tables.operations, tables.fixed
    note_due(tables, now)
    _begin(tables, unit)
    units[unit, c.UNIT_HELD] = 0
    bank = units[unit, c.UNIT_BANK]
    if fixed[c.FIXED_COPIES]:
        tables.peripheries[bank, c.PERIPHERY_WORKING] += 1
    if copies(tables, operation):
        tables.peripheries[bank, c.PERIPHERY_LINKS] = FAR
        units[unit, c.UNIT_BURST] = 0
        return c.STAGE_BURSTS
    if operations[operation, SECOND] != NONE:
        return c.STAGE_SECOND
    if operations[operation, BURSTS]:
        tables.peripheries[bank, c.PERIPHERY_WAY] = FAR
        units[unit, c.UNIT_BURST] = 0
        return c.STAGE_BURSTS
    if operations[operation, HOLD]:
        writes = operations[operation, TRANSFER] == fixed[c.FIXED_WRITE]
        units[unit, c.UNIT_HELD] = now + fixed[c.FIXED_WRITABLE if writes else c.FIXED_READABLE]
        return c.STAGE_HOLD
    return c.STAGE_PRECHARGE


@inlined
def _close(tables: PimTables, unit: int, operation: int, now: int) -> None:
    """Note what the precharge of an operation ends, and move the unit to its next operation."""
    units, operations, peripheries = tables.units, tables.operations, tables.peripheries
    bank, has_copies = units[unit, c.UNIT_BANK], tables.fixed[c.FIXED_COPIES]
    if has_copies:
        peripheries[bank, c.PERIPHERY_WORKING] -= 1
        peripheries[bank, c.PERIPHERY_QUIET] = now + 1
        units[unit, c.UNIT_FINISHED] = ready_at(tables.device, operations[operation, FIRST], units[unit, c.UNIT_NODE])
    if copies(tables, operation):
        peripheries[bank, c.PERIPHERY_LINKS] = now + 1
    elif operations[operation, BURSTS]:
        peripheries[bank, c.PERIPHERY_WAY] = now + 1
    if has_copies or operations[operation, BURSTS]:
        for other in range(len(units)):
            if units[other, c.UNIT_BANK] == bank and units[other, c.UNIT_PLACE] < units[other, c.UNIT_TOTAL]:
                units[other, c.UNIT_WAKE] = min(units[other, c.UNIT_WAKE], now + 1)
    tables.refreshes[units[unit, c.UNIT_REFRESH], c.REFRESH_CLOSED] = now
    units[unit, c.UNIT_PLACE] += 1
    last = operation + 1 == units[unit, c.UNIT_END]
    units[unit, c.UNIT_AT] = units[unit, c.UNIT_FIRST] if last else operation + 1
    if units[unit, c.UNIT_PLACE] == units[unit, c.UNIT_TOTAL]:
        units[unit, c.UNIT_WAKE] = FAR
        units[unit, c.UNIT_FINISHED] = ready_at(tables.device, operations[operation, FIRST], units[unit, c.UNIT_NODE])
        tables.progress[c.PROGRESS_LEFT] -= 1


@inlined
def serve(tables: PimTables, unit: int, now: int) -> None:
    """Give a unit what it asks for, and move it on."""
    units, operations = tables.units, tables.operations
    command, at, stage = command_of(tables, unit), units[unit, c.UNIT_AT], units[unit, c.UNIT_STAGE]
    row, column = FIRST_ROW, NONE
    copying, bursts, first_row = copies(tables, at), stage == c.STAGE_BURSTS, units[unit, c.UNIT_ROW]
    if bursts and not copying:
        column = units[unit, c.UNIT_BURST]
    elif is_elsewhere(stage) or (stage != c.STAGE_FIRST and operations[at, SECOND] != NONE and not copying):
        row = SECOND_ROW
    if is_elsewhere(stage):
        first_row += tables.fixed[c.FIXED_ROWS] * (1 - 2 * (units[unit, c.UNIT_NODE] & 1))
    if stage != c.STAGE_HOLD:
        if not (bursts or is_elsewhere(stage)):
            _charge(tables, unit, command, now)
        send(tables, command, node_of(tables, unit), first_row + operations[at, row], column, now)
    units[unit, c.UNIT_WAKE] = now + 1
    if stage == c.STAGE_FIRST:
        units[unit, c.UNIT_STAGE] = _open(tables, unit, at, now)
    elif bursts and units[unit, c.UNIT_BURST] + 1 < operations[at, BURSTS]:
        units[unit, c.UNIT_BURST] += 1
    elif bursts and copying:
        units[unit, c.UNIT_STAGE] = c.STAGE_LAND
    elif stage == c.STAGE_LAND:
        units[unit, c.UNIT_STAGE] = c.STAGE_LANDED
    elif stage == c.STAGE_PRECHARGE:
        units[unit, c.UNIT_STAGE] = c.STAGE_FIRST
        _close(tables, unit, at, now)
    else:
        units[unit, c.UNIT_STAGE] = c.STAGE_PRECHARGE
        if stage == c.STAGE_HOLD:
            _hold(tables, unit, at, now)
