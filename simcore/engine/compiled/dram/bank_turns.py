"""The scheduler ``bank-round-robin`` of the compiled DRAM controller: a queue of requests at each bank, and banks in turn."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.issue import command_sent, count_request, finish, issue
from simcore.engine.compiled.dram.priority import advance_priority, find_priority
from simcore.engine.compiled.dram.queues import next_command, remove
from simcore.engine.compiled.dram.step import set_draining
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def _move_to_bank(
    fixed: Int64Array, banks: Int64Array, channels: Int64Array, slots: Int64Array, order: Int64Array, channel: int
) -> bool:
    """The oldest read, or write while they drain, whose bank has a place takes it; False if there is none."""
    set_draining(fixed, channels, channel)
    kind = d.ORDER_WRITE if channels[channel, d.CHANNEL_DRAINING] else d.ORDER_READ
    row, length = channel * d.ORDERS + kind, channels[channel, d.CHANNEL_READS + kind]
    for at in range(length):
        slot = order[row, at]
        bank = slots[d.SLOT_BANK, slot]
        queued = banks[d.BANK_QUEUED, bank]
        if queued < fixed[d.FIXED_BANK_QUEUE]:
            order[fixed[d.FIXED_CHANNELS] * d.ORDERS + bank, queued] = slot
            banks[d.BANK_QUEUED, bank] = queued + 1
            channels[channel, d.CHANNEL_ACTIVE] += 1
            remove(order, row, length, at)
            channels[channel, d.CHANNEL_READS + kind] = length - 1
            return True
    return False


@inlined
def _keeps_row(fixed: Int64Array, banks: Int64Array, slots: Int64Array, order: Int64Array, row: int, bank: int) -> bool:
    """Whether a conflict at the head of a bank's queue waits for requests behind it that hit the open row."""
    hits = False
    for i in range(1, banks[d.BANK_QUEUED, bank]):
        hits |= slots[d.SLOT_ROW, order[row, i]] == banks[d.BANK_ROW, bank]
    return hits and banks[d.BANK_ACCESSES, bank] < fixed[d.FIXED_BEFORE_CONFLICT]


@inlined
def _is_behind_its_line(slots: Int64Array, order: Int64Array, row: int, at: int) -> bool:
    """Whether an older request of a bank's queue reads or writes the same line."""
    behind = False
    for i in range(at):
        behind |= slots[d.SLOT_LINE, order[row, i]] == slots[d.SLOT_LINE, order[row, at]]
    return behind


@inlined
def find_at_bank(
    fixed: Int64Array,
    banks: Int64Array,
    slots: Int64Array,
    order: Int64Array,
    ready: Int64Array,
    commands: Int64Array,
    bank: int,
    bus: int,
    now: int,
) -> tuple[int, int, int]:
    """The first request of a bank whose next command is ready, else NONE; the command; and when one will be ready.

    (place, command, cycle).
    """
    row, soonest = fixed[d.FIXED_CHANNELS] * d.ORDERS + bank, FAR
    for at in range(banks[d.BANK_QUEUED, bank]):
        slot = order[row, at]
        access = fixed[d.FIXED_WR] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RD]
        command = next_command(fixed, banks, slots, slot, access)
        if command == fixed[d.FIXED_PRE] and (at > 0 or _keeps_row(fixed, banks, slots, order, row, bank)):
            continue
        if fixed[d.FIXED_BUSES] > 1 and commands[command, d.COMMAND_BUS] != bus:
            continue
        due = ready[command, bank]
        if due < soonest and not _is_behind_its_line(slots, order, row, at):
            soonest = due
            if due <= now:
                return at, command, due
    return NONE, NONE, soonest


@inlined
def _step_bus(
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
    order: Int64Array,
    priority: Int64Array,
    free: Int64Array,
    log: Int64Array,
    depart: Int64Array,
    channel: int,
    bus: int,
    now: int,
) -> int:
    """As `step.step_bus`, but banks come in turn from the one after the last served.

    What the priority queue holds goes first, but not before rows just opened are used.
    """
    number, urgent = fixed[d.FIXED_BANKS], channels[channel, d.CHANNEL_PRIORITY] > 0
    turn, at, command, bank, soonest = channels[channel, d.CHANNEL_TURN], NONE, NONE, NONE, FAR
    for _ in range(number):
        turn = turn + 1 if turn + 1 < number else 0
        bank = channel * number + turn
        if banks[d.BANK_QUEUED, bank] == 0 or (urgent and banks[d.BANK_ACTIVE, bank] == 0):
            continue
        at, command, due = find_at_bank(fixed, banks, slots, order, ready, commands, bank, bus, now)
        soonest = min(soonest, due)
        if at != NONE:
            break
    # One place alone where a command is issued: each costs seconds to compile.
    row, slot, sent = fixed[d.FIXED_CHANNELS] * d.ORDERS + bank, NONE, command
    if at != NONE:
        channels[channel, d.CHANNEL_TURN] = turn
        slot = order[row, at]
        sent = command_sent(fixed, ready, banks, slots, slot, command, False, now)
        count_request(slots, banks, counts, slot)
    elif urgent:
        sent, due = find_priority(fixed, banks, ready, commands, priority, channel)
        if fixed[d.FIXED_BUSES] > 1 and commands[sent, d.COMMAND_BUS] != bus:
            return soonest
        if due > now:
            return min(soonest, due)
        bank = priority[channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, 0]
    else:
        return soonest
    to_row = NONE if slot == NONE else slots[d.SLOT_ROW, slot]
    to_column = NONE if slot == NONE else slots[d.SLOT_COLUMN, slot]
    issue(fixed, scalars, commands, rules, rings, ready, banks, ranks, issued, log, sent, bank, to_row, to_column, now)
    if slot == NONE:
        advance_priority(channels, priority, channel, sent)
    elif command == fixed[d.FIXED_ACT]:
        banks[d.BANK_ACTIVE, bank] = 1
    elif command != fixed[d.FIXED_PRE]:
        banks[d.BANK_ACTIVE, bank] = 0
        remove(order, row, banks[d.BANK_QUEUED, bank], at)
        banks[d.BANK_QUEUED, bank] -= 1
        channels[channel, d.CHANNEL_ACTIVE] -= 1
        finish(fixed, scalars, channels, slots, free, depart, channel, slot, now)
    return now


@inlined
def step_in_turn(
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
    order: Int64Array,
    priority: Int64Array,
    free: Int64Array,
    log: Int64Array,
    depart: Int64Array,
    channel: int,
    now: int,
) -> int:
    """A command on each bus, then a request to its bank; returns when to look again, ``now`` for the next cycle."""
    soonest = FAR
    for bus in range(fixed[d.FIXED_BUSES]):
        due = _step_bus(
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
            order,
            priority,
            free,
            log,
            depart,
            channel,
            bus,
            now,
        )
        soonest = min(soonest, due)
    return now if _move_to_bank(fixed, banks, channels, slots, order, channel) else soonest
