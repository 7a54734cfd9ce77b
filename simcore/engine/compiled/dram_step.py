"""What one channel's controller does in a cycle in the compiled engine: refresh, row policy, and the command of a bus."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled import dram_columns as d
from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram_device import close_row, closing_due, constrain, open_row
from simcore.engine.compiled.dram_queues import find_active, find_queued, find_queued_hits_first, next_command, remove
from simcore.engine.compiled.jit import inlined
from simcore.program import Int64Array


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
def count_request(slots: Int64Array, banks: Int64Array, counts: Int64Array, slot: int) -> None:
    """Row hit, miss or conflict, once per request."""
    at = np.uint64(slot)
    if slots[d.SLOT_COUNTED, at] == 0:
        slots[d.SLOT_COUNTED, at] = 1
        bank = np.uint64(slots[d.SLOT_BANK, at])
        column = 3 * slots[d.SLOT_WRITE, at]
        if banks[d.BANK_ROW, bank] == NONE:
            column += d.COUNT_MISS
        elif banks[d.BANK_ROW, bank] != slots[d.SLOT_ROW, at]:
            column += d.COUNT_CONFLICT
        counts[bank, np.uint64(column)] += 1


@inlined
def issue(
    fixed: Int64Array,
    scalars: Int64Array,
    commands: Int64Array,
    rules: Int64Array,
    rings: Int64Array,
    ready: Int64Array,
    banks: Int64Array,
    ranks: Int64Array,
    issued: Int64Array,
    log: Int64Array,
    command: int,
    bank: int,
    row: int,
    column: int,
    now: int,
) -> None:
    """Send a command: rules, the banks' rows, the counts, and the log where there is one."""
    constrain(commands, rules, rings, ready, command, bank, now)
    at_bank = np.uint64(bank)
    issued[np.uint64(banks[d.BANK_RANK, at_bank]), np.uint64(command)] += 1
    scalars[d.SCALAR_LAST_COMMAND] = now
    banks[d.BANK_USED, at_bank] = now
    if command == fixed[d.FIXED_ACT]:
        open_row(banks, ranks, bank, row, now)
    elif commands[np.uint64(command), d.COMMAND_CLOSES]:
        for b in range(bank, bank + commands[np.uint64(command), d.COMMAND_SPAN]):
            close_row(banks, ranks, b, now)
    else:
        banks[d.BANK_ACCESSES, at_bank] += commands[np.uint64(command), d.COMMAND_ACCESSES]
    if len(log):
        at = scalars[d.SCALAR_LOGGED]
        log[at, d.LOG_CLOCK], log[at, d.LOG_COMMAND], log[at, d.LOG_BANK] = now, command, bank
        log[at, d.LOG_ROW], log[at, d.LOG_COLUMN] = row, column
        scalars[d.SCALAR_LOGGED] = at + 1


@inlined
def set_draining(fixed: Int64Array, channels: Int64Array, channel: int) -> None:
    """Whether writes are served instead of reads."""
    reads, writes = channels[channel, d.CHANNEL_READS], channels[channel, d.CHANNEL_WRITES]
    if channels[channel, d.CHANNEL_DRAINING]:
        if writes < fixed[d.FIXED_DRAIN_BELOW] and reads > 0:
            channels[channel, d.CHANNEL_DRAINING] = 0
    elif writes > fixed[d.FIXED_DRAIN_ABOVE] or reads == 0:
        channels[channel, d.CHANNEL_DRAINING] = 1


@inlined
def foresee(
    fixed: Int64Array,
    channels: Int64Array,
    banks: Int64Array,
    slots: Int64Array,
    order: Int64Array,
    ready: Int64Array,
    channel: int,
    now: int,
) -> int:
    """When to look again after a command issued now, ``now`` for the next cycle.

    With one request left, or none, that is known without a search; a trace of few requests spends its time here. Several buses,
    a row policy, or entries in the priority queue ask for the next cycle.
    """
    reads, writes = channels[channel, d.CHANNEL_READS], channels[channel, d.CHANNEL_WRITES]
    active = channels[channel, d.CHANNEL_ACTIVE]
    others = channels[channel, d.CHANNEL_PRIORITY] or fixed[d.FIXED_BUSES] > 1 or fixed[d.FIXED_POLICY] != d.POLICY_OPEN
    if others or reads + writes + active > 1:
        return now
    if reads + writes and channels[channel, d.CHANNEL_DRAINING] == reads:
        # The next cycle turns from writes to reads or back.
        return now
    due = FAR
    if reads + writes + active:
        kind = d.ORDER_ACTIVE if active else d.ORDER_WRITE if writes else d.ORDER_READ
        slot = np.uint64(order[channel * d.ORDERS + kind, 0])
        access = fixed[d.FIXED_WR] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RD]
        command = next_command(fixed, banks, slots, slot, access)
        due = max(ready[np.uint64(command), np.uint64(slots[d.SLOT_BANK, slot])], now + 1)
        channels[channel, d.CHANNEL_NEXT_KIND], channels[channel, d.CHANNEL_NEXT_AT] = kind, 0
        channels[channel, d.CHANNEL_NEXT_COMMAND], channels[channel, d.CHANNEL_NEXT_DUE] = command, due
    # A cycle in which no read waits, and neither a refresh nor this request comes first, turns to writes.
    if reads == 0 and due > now + 1 and channels[channel, d.CHANNEL_REFRESH] > now + 1:
        channels[channel, d.CHANNEL_DRAINING] = 1
    return due


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
    """Issue the next command of the priority queue's head if it is ready; returns when to look again, ``now`` for the next cycle."""
    command, due = find_priority(fixed, banks, ready, commands, priority, channel)
    if fixed[d.FIXED_BUSES] > 1 and commands[command, d.COMMAND_BUS] != bus:
        return FAR
    if due > now:
        return due
    channels[channel, d.CHANNEL_NEXT_DUE] = NONE
    bank = priority[channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, 0]
    issue(fixed, scalars, commands, rules, rings, ready, banks, ranks, issued, log, command, bank, NONE, NONE, now)
    if command == priority[channel * d.PRIORITY_ROWS + d.PRIORITY_COMMAND, 0]:
        entries = channels[channel, d.CHANNEL_PRIORITY]
        remove(priority, channel * d.PRIORITY_ROWS + d.PRIORITY_COMMAND, entries, 0)
        remove(priority, channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, entries, 0)
        channels[channel, d.CHANNEL_PRIORITY] = entries - 1
    return now


@inlined
def send(
    fixed: Int64Array,
    scalars: Int64Array,
    commands: Int64Array,
    rules: Int64Array,
    rings: Int64Array,
    ready: Int64Array,
    banks: Int64Array,
    ranks: Int64Array,
    counts: Int64Array,
    issued: Int64Array,
    channels: Int64Array,
    slots: Int64Array,
    free: Int64Array,
    log: Int64Array,
    depart: Int64Array,
    channel: int,
    slot: int,
    command: int,
    is_active: bool,
    now: int,
) -> None:
    """Issue the next command of a request, a read or write with the precharge and the pulse that it takes; it is then done."""
    at_bank = np.uint64(slots[d.SLOT_BANK, slot])
    is_access = command == fixed[d.FIXED_RD] or command == fixed[d.FIXED_WR]
    at_limit = fixed[d.FIXED_POLICY] == d.POLICY_CLOSED_AFTER and banks[d.BANK_ACCESSES, at_bank] >= fixed[d.FIXED_POLICY_LIMIT]
    # What is activated for the row must be served before the row is closed.
    if is_access and at_limit and (is_active or banks[d.BANK_ACTIVE, at_bank] == 0):
        closing = fixed[d.FIXED_WRA] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RDA]
        if closing != NONE and ready[closing, at_bank] <= now:
            command = closing
    if fixed[d.FIXED_PULSE] != d.PULSE_WORST and is_access and slots[d.SLOT_WRITE, slot]:
        reset = d.FIXED_WR_RESET if command == fixed[d.FIXED_WR] else d.FIXED_WRA_RESET
        command = fixed[np.uint64(reset + slots[d.SLOT_PULSE, slot] - d.PULSE_RESET)]
    count_request(slots, banks, counts, slot)
    bank, row, column = slots[d.SLOT_BANK, slot], slots[d.SLOT_ROW, slot], slots[d.SLOT_COLUMN, slot]
    issue(fixed, scalars, commands, rules, rings, ready, banks, ranks, issued, log, command, bank, row, column, now)
    if is_access:
        done = now + (0 if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_READ_CYCLES])
        depart[np.uint64(slots[d.SLOT_NUMBER, slot])] = done
        scalars[d.SCALAR_END] = max(scalars[d.SCALAR_END], done)
        free[channel, np.uint64(channels[channel, d.CHANNEL_FREE])] = slot
        channels[channel, d.CHANNEL_FREE] += 1


@inlined
def step_bus(
    fixed: Int64Array,
    scalars: Int64Array,
    commands: Int64Array,
    rules: Int64Array,
    rings: Int64Array,
    ready: Int64Array,
    banks: Int64Array,
    ranks: Int64Array,
    counts: Int64Array,
    issued: Int64Array,
    hit_banks: Int64Array,
    channels: Int64Array,
    slots: Int64Array,
    order: Int64Array,
    priority: Int64Array,
    free: Int64Array,
    log: Int64Array,
    depart: Int64Array,
    channel: int,
    bus: int,
    now: int,
) -> int:
    """Issue the command that comes first on one bus, if one is ready; returns when to look again, ``now`` for the next cycle."""
    kind, at, command, soonest = NONE, NONE, NONE, FAR
    base = channel * d.ORDERS
    length = channels[channel, d.CHANNEL_ACTIVE]
    known = channels[channel, d.CHANNEL_NEXT_DUE] == now and channels[channel, d.CHANNEL_PRIORITY] == 0
    if known:
        kind, at = channels[channel, d.CHANNEL_NEXT_KIND], channels[channel, d.CHANNEL_NEXT_AT]
        command = channels[channel, d.CHANNEL_NEXT_COMMAND]
    # The first bus is the one of reads and writes, all that activated requests need.
    elif bus == 0 and length:
        at, soonest = find_active(fixed, slots, order, ready, base + d.ORDER_ACTIVE, length, now)
        if at != NONE:
            kind = d.ORDER_ACTIVE
            command = fixed[d.FIXED_WR] if slots[d.SLOT_WRITE, order[base + kind, at]] else fixed[d.FIXED_RD]
    if kind == NONE and channels[channel, d.CHANNEL_PRIORITY]:
        due = serve_priority(
            fixed, scalars, commands, rules, rings, ready, banks, ranks, issued, channels, priority, log, channel, bus, now
        )
        return min(soonest, due)
    if kind == NONE:
        set_draining(fixed, channels, channel)
        kind = d.ORDER_WRITE if channels[channel, d.CHANNEL_DRAINING] else d.ORDER_READ
        access = fixed[d.FIXED_WR] if kind == d.ORDER_WRITE else fixed[d.FIXED_RD]
        queued = channels[channel, d.CHANNEL_READS + kind]
        if fixed[d.FIXED_SCHEDULER] == d.FCFS:
            queued = min(queued, 1) if channels[channel, d.CHANNEL_ACTIVE] == 0 else 0
        if fixed[d.FIXED_SCHEDULER] == d.FRFCFS_ROWHIT:
            at, due = find_queued_hits_first(
                fixed, banks, slots, order, ready, commands, hit_banks, base + kind, queued, access, bus, now
            )
        else:
            at, due = find_queued(fixed, banks, slots, order, ready, commands, base + kind, queued, access, bus, now)
        if at != NONE:
            command = next_command(fixed, banks, slots, order[base + kind, at], access)
        if due > now:
            if due < soonest and fixed[d.FIXED_BUSES] == 1:
                channels[channel, d.CHANNEL_NEXT_KIND], channels[channel, d.CHANNEL_NEXT_AT] = kind, at
                channels[channel, d.CHANNEL_NEXT_COMMAND], channels[channel, d.CHANNEL_NEXT_DUE] = command, due
            return min(soonest, due)
    channels[channel, d.CHANNEL_NEXT_DUE] = NONE
    # A request of a queue, or an activated one.
    slot = np.uint64(order[base + kind, np.uint64(at)])
    at_bank = np.uint64(slots[d.SLOT_BANK, slot])
    send(
        fixed,
        scalars,
        commands,
        rules,
        rings,
        ready,
        banks,
        ranks,
        counts,
        issued,
        channels,
        slots,
        free,
        log,
        depart,
        channel,
        slot,
        command,
        kind == d.ORDER_ACTIVE,
        now,
    )
    is_access = command == fixed[d.FIXED_RD] or command == fixed[d.FIXED_WR]
    if is_access or command == fixed[d.FIXED_ACT]:
        remove(order, base + kind, channels[channel, d.CHANNEL_READS + kind], at)
        channels[channel, d.CHANNEL_READS + kind] -= 1
    if command == fixed[d.FIXED_ACT]:
        order[base + d.ORDER_ACTIVE, np.uint64(channels[channel, d.CHANNEL_ACTIVE])] = slot
        channels[channel, d.CHANNEL_ACTIVE] += 1
        banks[d.BANK_ACTIVE, at_bank] += 1
    elif is_access and kind == d.ORDER_ACTIVE:
        banks[d.BANK_ACTIVE, at_bank] -= 1
    return foresee(fixed, channels, banks, slots, order, ready, channel, now)
