"""The compiled DRAM controllers' loop: the frontend that offers the trace, and the channels, from event to event."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.channel import step_channel
from simcore.engine.compiled.dram.queues import decode, is_waiting, random_pulse
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array

#: Room that one cycle of all channels may need in the log.
_BUSES = 2


@inlined
def accept(
    fixed: Int64Array,
    scalars: Int64Array,
    fields: Int64Array,
    xors: Int64Array,
    numbers: Int64Array,
    sizes: Int64Array,
    channels: Int64Array,
    slots: Int64Array,
    order: Int64Array,
    free: Int64Array,
    address: int,
    write: int,
    number: int,
    arrive: Int64Array,
    depart: Int64Array,
    kind: Int64Array,
    now: int,
) -> bool:
    """Offer a request to its channel; False if its queue is full."""
    decode(fields, xors, numbers, address)
    channel, line = numbers[0], address >> fixed[d.FIXED_OFFSET_BITS]
    row = channel * d.ORDERS
    writes = channels[channel, d.CHANNEL_WRITES]
    merged = writes > 0 and is_waiting(order, slots, row + d.ORDER_WRITE, writes, line)
    queue = d.ORDER_WRITE if write else d.ORDER_READ
    length = channels[channel, d.CHANNEL_READS + queue]
    if length == fixed[d.FIXED_READ_QUEUE + queue] and not merged:
        return False
    pulse = fixed[d.FIXED_PULSE]
    if pulse == d.PULSE_RANDOM:
        pulse = random_pulse(fixed, channel, channels[channel, d.CHANNEL_WRITTEN])
    channels[channel, d.CHANNEL_WRITTEN] += write
    if merged:
        # A read is answered a cycle later; a write is merged and done.
        arrive[number], depart[number], kind[number] = now, now + 1 - write, 1 + write
        scalars[d.SCALAR_END] = max(scalars[d.SCALAR_END], now + 1)
        channels[channel, d.CHANNEL_WAKE] = min(channels[channel, d.CHANNEL_WAKE], now + 1)
        return True
    bank = channel
    for level in range(1, fixed[d.FIXED_BANK_LEVEL] + 1):
        bank = bank * sizes[np.uint64(level)] + numbers[np.uint64(level)]
    channels[channel, d.CHANNEL_FREE] -= 1
    slot = np.uint64(free[channel, np.uint64(channels[channel, d.CHANNEL_FREE])])
    slots[d.SLOT_BANK, slot] = bank
    slots[d.SLOT_ROW, slot] = numbers[np.uint64(fixed[d.FIXED_ROW_LEVEL])]
    slots[d.SLOT_COLUMN, slot] = numbers[np.uint64(fixed[d.FIXED_COLUMN_LEVEL])]
    slots[d.SLOT_NUMBER, slot], slots[d.SLOT_WRITE, slot], slots[d.SLOT_LINE, slot] = number, write, line
    slots[d.SLOT_ARRIVE, slot], slots[d.SLOT_COUNTED, slot], slots[d.SLOT_PULSE, slot] = now, 0, pulse
    order[np.uint64(row + queue), np.uint64(length)] = slot
    channels[channel, d.CHANNEL_NEXT_DUE] = NONE
    channels[channel, d.CHANNEL_READS + queue] = length + 1
    channels[channel, d.CHANNEL_WAKE] = min(channels[channel, d.CHANNEL_WAKE], now + 1)
    arrive[number] = now
    return True


def run_dram(
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
    fields: Int64Array,
    xors: Int64Array,
    numbers: Int64Array,
    sizes: Int64Array,
    log: Int64Array,
    earliest: Int64Array,
    write: Int64Array,
    address: Int64Array,
    arrive: Int64Array,
    depart: Int64Array,
    kind: Int64Array,
) -> int:
    """Run until every request is done: DONE; or until the log or a priority queue is full. Called again, it goes on.

    In a cycle the frontend comes after the controllers: what it offers is seen a cycle later.
    """
    offered, time, requests = scalars[d.SCALAR_NEXT], scalars[d.SCALAR_TIME], len(earliest)
    cap = fixed[d.FIXED_CHANNELS]
    outcome = d.DONE
    while True:
        if len(log) and scalars[d.SCALAR_LOGGED] + _BUSES * cap > len(log):
            outcome = d.LOG_FULL
            break
        offer_at = FAR
        if offered < requests:
            offer_at = earliest[offered]
            if offer_at <= time:
                # Refused, it is offered again after the next command.
                offer_at = FAR
                if accept(
                    fixed,
                    scalars,
                    fields,
                    xors,
                    numbers,
                    sizes,
                    channels,
                    slots,
                    order,
                    free,
                    address[offered],
                    write[offered],
                    offered,
                    arrive,
                    depart,
                    kind,
                    time,
                ):
                    offered += 1
                    scalars[d.SCALAR_END] = max(scalars[d.SCALAR_END], time + 1)
                    if offered < requests:
                        offer_at = max(earliest[offered], time + 1)
        wake, waiting = FAR, 0
        for channel in range(cap):
            wake = min(wake, channels[channel, d.CHANNEL_WAKE])
            waiting += channels[channel, d.CHANNEL_READS] + channels[channel, d.CHANNEL_WRITES]
            waiting += channels[channel, d.CHANNEL_ACTIVE]
        if offer_at < wake:
            time = offer_at
            continue
        if offered == requests and waiting == 0 and wake > scalars[d.SCALAR_END]:
            break
        time = wake
        # A single channel goes on by itself until the next request comes, unless one was refused or the log must be looked after.
        alone = cap == 1 and offered < requests and offer_at < FAR and len(log) == 0
        horizon = offer_at if alone else time
        for channel in range(cap):
            if channels[channel, d.CHANNEL_WAKE] > time:
                continue
            while True:
                if not step_channel(
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
                    hit_banks,
                    channels,
                    slots,
                    order,
                    priority,
                    free,
                    log,
                    depart,
                    channel,
                    time,
                ):
                    outcome = d.PRIORITY_FULL
                wake = channels[channel, d.CHANNEL_WAKE]
                if wake >= horizon or outcome == d.PRIORITY_FULL:
                    break
                time = wake
        if outcome == d.PRIORITY_FULL:
            break
    scalars[d.SCALAR_NEXT], scalars[d.SCALAR_TIME] = offered, time
    return outcome
