"""One cycle of one channel's controller on one bus in the compiled engine, for the schedulers that choose by age."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.priority import serve_priority
from simcore.engine.compiled.dram.queues import find_active, find_queued, find_queued_hits_first, next_command, remove
from simcore.engine.compiled.dram.send import command_sent, count_request, finish, send
from simcore.engine.compiled.dram.tables import ControllerTables
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def set_draining(fixed: Int64Array, channels: Int64Array, channel: int) -> None:
    """Update whether writes are served instead of reads."""
    reads, writes = channels[channel, d.CHANNEL_READS], channels[channel, d.CHANNEL_WRITES]
    if channels[channel, d.CHANNEL_DRAINING]:
        if writes < fixed[d.FIXED_DRAIN_BELOW] and reads > 0:
            channels[channel, d.CHANNEL_DRAINING] = 0
    elif writes > fixed[d.FIXED_DRAIN_ABOVE] or reads == 0:
        channels[channel, d.CHANNEL_DRAINING] = 1


@inlined
def _note_next(channels: Int64Array, channel: int, kind: int, at: int, command: int, due: int) -> None:
    """Note the request that is served next unless something changes."""
    channels[channel, d.CHANNEL_NEXT_KIND], channels[channel, d.CHANNEL_NEXT_AT] = kind, at
    channels[channel, d.CHANNEL_NEXT_COMMAND], channels[channel, d.CHANNEL_NEXT_DUE] = command, due


@inlined
def foresee(tables: ControllerTables, channel: int, now: int) -> int:
    """Return when to look again after a command issued now, ``now`` for the next cycle.

    With at most one request left, the answer needs no search; traces with few requests spend their time here. Several buses, a
    row policy, or entries in the priority queue require the next cycle.
    """
    fixed, channels, slots, device = tables.fixed, tables.channels, tables.slots, tables.device
    reads, writes = channels[channel, d.CHANNEL_READS], channels[channel, d.CHANNEL_WRITES]
    active = channels[channel, d.CHANNEL_ACTIVE]
    others = channels[channel, d.CHANNEL_PRIORITY] or fixed[d.FIXED_BUSES] > 1 or fixed[d.FIXED_POLICY] != d.POLICY_OPEN
    if others or reads + writes + active > 1:
        return now
    if reads + writes and channels[channel, d.CHANNEL_DRAINING] == reads:
        # The next cycle changes from writes to reads or back.
        return now
    due = FAR
    if reads + writes + active:
        kind = d.ORDER_ACTIVE if active else d.ORDER_WRITE if writes else d.ORDER_READ
        slot = np.uint64(tables.order[channel * d.ORDERS + kind, 0])
        access = fixed[d.FIXED_WR] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RD]
        command = next_command(fixed, device.banks, slots, slot, access)
        due = max(device.ready[np.uint64(command), np.uint64(slots[d.SLOT_BANK, slot])], now + 1)
        _note_next(channels, channel, kind, 0, command, due)
    # The controller turns to writes in a cycle in which no read waits, unless a refresh or this request comes first.
    if reads == 0 and due > now + 1 and channels[channel, d.CHANNEL_REFRESH] > now + 1:
        channels[channel, d.CHANNEL_DRAINING] = 1
    return due


@inlined
def _find_in_queue(tables: ControllerTables, channel: int, kind: int, bus: int, now: int) -> tuple[int, int, int]:
    """Return (place or NONE, command, ready cycle) of the request that comes first in the queue of reads or of writes."""
    fixed, channels, row = tables.fixed, tables.channels, channel * d.ORDERS + kind
    access = fixed[d.FIXED_WR] if kind == d.ORDER_WRITE else fixed[d.FIXED_RD]
    queued, command = channels[channel, d.CHANNEL_READS + kind], NONE
    if fixed[d.FIXED_SCHEDULER] == d.FCFS:
        queued = min(queued, 1) if channels[channel, d.CHANNEL_ACTIVE] == 0 else 0
    if fixed[d.FIXED_SCHEDULER] == d.FRFCFS_ROWHIT:
        at, due = find_queued_hits_first(tables, row, queued, access, bus, now)
    else:
        at, due = find_queued(tables, row, queued, access, bus, now)
    if at != NONE:
        command = next_command(fixed, tables.device.banks, tables.slots, tables.order[row, at], access)
    return at, command, due


@inlined
def _serve(tables: ControllerTables, channel: int, kind: int, at: int, command: int, now: int) -> None:
    """Send the command of a queued or activated request, and move the request on."""
    fixed, channels, slots, order, uses = tables.fixed, tables.channels, tables.slots, tables.order, tables.uses
    base = channel * d.ORDERS
    slot = np.uint64(order[base + kind, np.uint64(at)])
    at_bank = np.uint64(slots[d.SLOT_BANK, slot])
    sent = command_sent(tables, slot, command, kind == d.ORDER_ACTIVE, now)
    count_request(tables, slot)
    send(tables, sent, slots[d.SLOT_BANK, slot], slots[d.SLOT_ROW, slot], slots[d.SLOT_COLUMN, slot], now)
    is_access = command == fixed[d.FIXED_RD] or command == fixed[d.FIXED_WR]
    if is_access or command == fixed[d.FIXED_ACT]:
        remove(order, base + kind, channels[channel, d.CHANNEL_READS + kind], at)
        channels[channel, d.CHANNEL_READS + kind] -= 1
    if is_access:
        if kind == d.ORDER_ACTIVE:
            uses[d.USE_ACTIVE, at_bank] -= 1
        finish(tables, channel, slot, now)
    elif command == fixed[d.FIXED_ACT]:
        order[base + d.ORDER_ACTIVE, np.uint64(channels[channel, d.CHANNEL_ACTIVE])] = slot
        channels[channel, d.CHANNEL_ACTIVE] += 1
        uses[d.USE_ACTIVE, at_bank] += 1


@inlined
def step_bus(tables: ControllerTables, channel: int, bus: int, now: int) -> int:
    """Issue the command that comes first on one bus, if one is ready. Return when to look again, ``now`` for the next cycle."""
    fixed, channels = tables.fixed, tables.channels
    kind, at, command, soonest = NONE, NONE, NONE, FAR
    if channels[channel, d.CHANNEL_NEXT_DUE] == now and channels[channel, d.CHANNEL_PRIORITY] == 0:
        kind, at = channels[channel, d.CHANNEL_NEXT_KIND], channels[channel, d.CHANNEL_NEXT_AT]
        command = channels[channel, d.CHANNEL_NEXT_COMMAND]
    # Reads and writes use the first bus, and activated requests need only these.
    elif bus == 0 and channels[channel, d.CHANNEL_ACTIVE]:
        at, soonest = find_active(tables, channel, now)
        if at != NONE:
            kind = d.ORDER_ACTIVE
            slot = tables.order[channel * d.ORDERS + kind, at]
            command = fixed[d.FIXED_WR] if tables.slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RD]
    if kind == NONE and channels[channel, d.CHANNEL_PRIORITY]:
        return min(soonest, serve_priority(tables, channel, bus, now))
    if kind == NONE:
        set_draining(fixed, channels, channel)
        kind = d.ORDER_WRITE if channels[channel, d.CHANNEL_DRAINING] else d.ORDER_READ
        at, command, due = _find_in_queue(tables, channel, kind, bus, now)
        if due > now:
            if due < soonest and fixed[d.FIXED_BUSES] == 1:
                _note_next(channels, channel, kind, at, command, due)
            return min(soonest, due)
    channels[channel, d.CHANNEL_NEXT_DUE] = NONE
    _serve(tables, channel, kind, at, command, now)
    return foresee(tables, channel, now)
