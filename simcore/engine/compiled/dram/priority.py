"""The priority queue of the compiled DRAM controller, which holds refreshes and the precharges of the row policy."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.device_columns import BANK_ROW, COMMAND_BUS, COMMAND_SPAN
from simcore.engine.compiled.dram.queues import remove
from simcore.engine.compiled.dram.send import send
from simcore.engine.compiled.dram.tables import ControllerTables
from simcore.engine.compiled.jit import inlined


@inlined
def push_priority(tables: ControllerTables, channel: int, command: int, bank: int) -> None:
    """Queue a command that comes before all reads and writes. The caller makes sure that there is room."""
    row, at = channel * d.PRIORITY_ROWS, tables.channels[channel, d.CHANNEL_PRIORITY]
    tables.priority[row + d.PRIORITY_COMMAND, at] = command
    tables.priority[row + d.PRIORITY_BANK, at] = bank
    tables.channels[channel, d.CHANNEL_PRIORITY] = at + 1


@inlined
def push_refresh(tables: ControllerTables, channel: int) -> None:
    """Queue the refreshes that are due: all ranks together, or one bank at a time, round robin over the channel."""
    fixed, channels = tables.fixed, tables.channels
    channels[channel, d.CHANNEL_REFRESH] += fixed[d.FIXED_INTERVAL]
    first, banks = channel * fixed[d.FIXED_BANKS], fixed[d.FIXED_BANKS]
    if fixed[d.FIXED_REFRESH] == d.REFRESH_BANK:
        push_priority(tables, channel, fixed[d.FIXED_REFPB], first + channels[channel, d.CHANNEL_REFRESH_BANK])
        channels[channel, d.CHANNEL_REFRESH_BANK] = (channels[channel, d.CHANNEL_REFRESH_BANK] + 1) % banks
    else:
        command = fixed[d.FIXED_REFAB]
        for bank in range(first, first + banks, tables.device.commands[command, COMMAND_SPAN]):
            push_priority(tables, channel, command, bank)


@inlined
def _closing_due(tables: ControllerTables, bank: int) -> int:
    """Return when the row policy puts a precharge of the bank into the priority queue, or FAR if never."""
    fixed, uses, device = tables.fixed, tables.uses, tables.device
    if device.banks[BANK_ROW, bank] == NONE or uses[d.USE_CLOSING, bank]:
        return FAR
    if fixed[d.FIXED_POLICY] == d.POLICY_CLOSED_AFTER:
        due = 0 if uses[d.USE_ACCESSES, bank] >= fixed[d.FIXED_POLICY_LIMIT] else FAR
    else:
        due = uses[d.USE_LAST, bank] + fixed[d.FIXED_POLICY_LIMIT]
    return max(due, device.ready[fixed[d.FIXED_PRE], bank])


@inlined
def apply_policy(tables: ControllerTables, channel: int, now: int) -> int:
    """Put the precharges that are due into the priority queue. Return when the next one is due."""
    soonest, banks = FAR, tables.fixed[d.FIXED_BANKS]
    for bank in range(channel * banks, (channel + 1) * banks):
        due = _closing_due(tables, bank)
        if due <= now:
            push_priority(tables, channel, tables.fixed[d.FIXED_PRE], bank)
            tables.uses[d.USE_CLOSING, bank] = 1
        else:
            soonest = min(soonest, due)
    return soonest


@inlined
def find_priority(tables: ControllerTables, channel: int) -> tuple[int, int]:
    """Return the next command of the priority queue's head and its first cycle, FAR while an activated request blocks it."""
    fixed, priority, uses, device = tables.fixed, tables.priority, tables.uses, tables.device
    row = channel * d.PRIORITY_ROWS
    command, bank = priority[row + d.PRIORITY_COMMAND, 0], priority[row + d.PRIORITY_BANK, 0]
    is_open, active = False, False
    for b in range(bank, bank + device.commands[command, COMMAND_SPAN]):
        is_open |= device.banks[BANK_ROW, b] != NONE
        active |= uses[d.USE_ACTIVE, b] > 0
    if command == fixed[d.FIXED_PRE]:
        is_open = True
    elif is_open:
        command = fixed[d.FIXED_PREAB] if command == fixed[d.FIXED_REFAB] else fixed[d.FIXED_PRE]
    due = FAR if is_open and active else device.ready[command, bank]
    return command, due


@inlined
def advance_priority(tables: ControllerTables, channel: int, command: int) -> None:
    """Remove the head of the queue if the issued command was the head's own and not a precharge before it."""
    priority, row = tables.priority, channel * d.PRIORITY_ROWS
    if command == priority[row + d.PRIORITY_COMMAND, 0]:
        entries = tables.channels[channel, d.CHANNEL_PRIORITY]
        remove(priority, row + d.PRIORITY_COMMAND, entries, 0)
        remove(priority, row + d.PRIORITY_BANK, entries, 0)
        tables.channels[channel, d.CHANNEL_PRIORITY] = entries - 1


@inlined
def serve_priority(tables: ControllerTables, channel: int, bus: int, now: int) -> int:
    """Issue the next command of the priority queue's head if ready. Return when to look again, ``now`` for the next cycle."""
    command, due = find_priority(tables, channel)
    if tables.fixed[d.FIXED_BUSES] > 1 and tables.device.commands[command, COMMAND_BUS] != bus:
        return FAR
    if due > now:
        return due
    tables.channels[channel, d.CHANNEL_NEXT_DUE] = NONE
    bank = tables.priority[channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, 0]
    send(tables, command, bank, NONE, NONE, now)
    advance_priority(tables, channel, command)
    return now
