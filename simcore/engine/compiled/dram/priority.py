"""The priority queue of the compiled DRAM controller: refreshes and the precharges of the row policy."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.device import closing_due
from simcore.engine.compiled.dram.issue import issue
from simcore.engine.compiled.dram.queues import remove
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def push_priority(channels: Int64Array, priority: Int64Array, channel: int, command: int, bank: int) -> None:
    """A command that comes before all reads and writes. The caller sees to it that there is room."""
    row, at = channel * d.PRIORITY_ROWS, channels[channel, d.CHANNEL_PRIORITY]
    priority[row + d.PRIORITY_COMMAND, at] = command
    priority[row + d.PRIORITY_BANK, at] = bank
    channels[channel, d.CHANNEL_PRIORITY] = at + 1


@inlined
def push_refresh(fixed: Int64Array, channels: Int64Array, commands: Int64Array, priority: Int64Array, channel: int) -> None:
    """All ranks are refreshed together; banks one at a time, round robin over the channel."""
    channels[channel, d.CHANNEL_REFRESH] += fixed[d.FIXED_INTERVAL]
    first, banks = channel * fixed[d.FIXED_BANKS], fixed[d.FIXED_BANKS]
    if fixed[d.FIXED_REFRESH] == d.REFRESH_BANK:
        push_priority(channels, priority, channel, fixed[d.FIXED_REFPB], first + channels[channel, d.CHANNEL_REFRESH_BANK])
        channels[channel, d.CHANNEL_REFRESH_BANK] = (channels[channel, d.CHANNEL_REFRESH_BANK] + 1) % banks
    else:
        command = fixed[d.FIXED_REFAB]
        for bank in range(first, first + banks, commands[command, d.COMMAND_SPAN]):
            push_priority(channels, priority, channel, command, bank)


@inlined
def apply_policy(
    fixed: Int64Array, channels: Int64Array, banks: Int64Array, ready: Int64Array, priority: Int64Array, channel: int, now: int
) -> int:
    """Put the precharges that are due into the priority queue; returns when the next one is."""
    soonest = FAR
    for bank in range(channel * fixed[d.FIXED_BANKS], (channel + 1) * fixed[d.FIXED_BANKS]):
        due = closing_due(fixed, banks, ready, bank)
        if due <= now:
            push_priority(channels, priority, channel, fixed[d.FIXED_PRE], bank)
            banks[d.BANK_CLOSING, bank] = 1
        else:
            soonest = min(soonest, due)
    return soonest


@inlined
def find_priority(
    fixed: Int64Array, banks: Int64Array, ready: Int64Array, commands: Int64Array, priority: Int64Array, channel: int
) -> tuple[int, int]:
    """The next command of the priority queue's head and when it can be issued, FAR while an activated request is in the way."""
    row = channel * d.PRIORITY_ROWS
    command, bank = priority[row + d.PRIORITY_COMMAND, 0], priority[row + d.PRIORITY_BANK, 0]
    addressed, is_open, active = commands[command, d.COMMAND_SPAN], False, False
    for b in range(bank, bank + addressed):
        is_open |= banks[d.BANK_ROW, b] != NONE
        active |= banks[d.BANK_ACTIVE, b] > 0
    if command == fixed[d.FIXED_PRE]:
        is_open = True
    elif is_open:
        command = fixed[d.FIXED_PREAB] if command == fixed[d.FIXED_REFAB] else fixed[d.FIXED_PRE]
    due = FAR if is_open and active else ready[command, bank]
    return command, due


@inlined
def advance_priority(channels: Int64Array, priority: Int64Array, channel: int, command: int) -> None:
    """A command for the head was issued: if it is what the head asks for, and not a precharge before it, the head is done."""
    if command == priority[channel * d.PRIORITY_ROWS + d.PRIORITY_COMMAND, 0]:
        entries = channels[channel, d.CHANNEL_PRIORITY]
        remove(priority, channel * d.PRIORITY_ROWS + d.PRIORITY_COMMAND, entries, 0)
        remove(priority, channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, entries, 0)
        channels[channel, d.CHANNEL_PRIORITY] = entries - 1


@inlined
def serve_priority(
    fixed: Int64Array,
    scalars: Int64Array,
    commands: Int64Array,
    rules: Int64Array,
    rings: Int64Array,
    ready: Int64Array,
    banks: Int64Array,
    ranks: Int64Array,
    issued: Int64Array,
    channels: Int64Array,
    priority: Int64Array,
    log: Int64Array,
    channel: int,
    bus: int,
    now: int,
) -> int:
    """Issue what the priority queue's head needs next if it is ready; returns when to look again, ``now`` for the next cycle."""
    command, due = find_priority(fixed, banks, ready, commands, priority, channel)
    if fixed[d.FIXED_BUSES] > 1 and commands[command, d.COMMAND_BUS] != bus:
        return FAR
    if due > now:
        return due
    channels[channel, d.CHANNEL_NEXT_DUE] = NONE
    bank = priority[channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, 0]
    issue(fixed, scalars, commands, rules, rings, ready, banks, ranks, issued, log, command, bank, NONE, NONE, now)
    advance_priority(channels, priority, channel, command)
    return now
