"""What one channel's controller does on a bus in a cycle in the compiled engine, by age: the command that comes first."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.issue import command_sent, count_request, finish, issue
from simcore.engine.compiled.dram.priority import serve_priority
from simcore.engine.compiled.dram.queues import find_active, find_queued, find_queued_hits_first, next_command, remove
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


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
    sent = command_sent(fixed, ready, banks, slots, slot, command, kind == d.ORDER_ACTIVE, now)
    count_request(slots, banks, counts, slot)
    bank, row, column = slots[d.SLOT_BANK, slot], slots[d.SLOT_ROW, slot], slots[d.SLOT_COLUMN, slot]
    issue(fixed, scalars, commands, rules, rings, ready, banks, ranks, issued, log, sent, bank, row, column, now)
    is_access = command == fixed[d.FIXED_RD] or command == fixed[d.FIXED_WR]
    if is_access or command == fixed[d.FIXED_ACT]:
        remove(order, base + kind, channels[channel, d.CHANNEL_READS + kind], at)
        channels[channel, d.CHANNEL_READS + kind] -= 1
    if is_access:
        if kind == d.ORDER_ACTIVE:
            banks[d.BANK_ACTIVE, at_bank] -= 1
        finish(fixed, scalars, channels, slots, free, depart, channel, slot, now)
    elif command == fixed[d.FIXED_ACT]:
        order[base + d.ORDER_ACTIVE, np.uint64(channels[channel, d.CHANNEL_ACTIVE])] = slot
        channels[channel, d.CHANNEL_ACTIVE] += 1
        banks[d.BANK_ACTIVE, at_bank] += 1
    return foresee(fixed, channels, banks, slots, order, ready, channel, now)
