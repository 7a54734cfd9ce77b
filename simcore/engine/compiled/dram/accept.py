"""The arrival of a request at the compiled controller of its channel, which queues it or answers it from a waiting write."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.queues import decode, is_waiting, random_pulse
from simcore.engine.compiled.dram.tables import ControllerTables, MappingTables
from simcore.engine.compiled.jit import inlined


@inlined
def _bank_of(mapping: MappingTables, channel: int, bank_level: int) -> int:
    """Return the bank of the address that was decoded last."""
    bank = channel
    for level in range(1, bank_level + 1):
        bank = bank * mapping.sizes[np.uint64(level)] + mapping.numbers[np.uint64(level)]
    return bank


@inlined
def _enqueue(tables: ControllerTables, channel: int, line: int, write: int, number: int, pulse: int, now: int) -> None:
    """Put the request whose address was decoded last into a slot at the end of its queue."""
    fixed, channels, slots, numbers = tables.fixed, tables.channels, tables.slots, tables.mapping.numbers
    queue = d.ORDER_WRITE if write else d.ORDER_READ
    length = channels[channel, d.CHANNEL_READS + queue]
    channels[channel, d.CHANNEL_FREE] -= 1
    slot = np.uint64(tables.free[channel, np.uint64(channels[channel, d.CHANNEL_FREE])])
    slots[d.SLOT_BANK, slot] = _bank_of(tables.mapping, channel, fixed[d.FIXED_BANK_LEVEL])
    slots[d.SLOT_ROW, slot] = numbers[np.uint64(fixed[d.FIXED_ROW_LEVEL])]
    slots[d.SLOT_COLUMN, slot] = numbers[np.uint64(fixed[d.FIXED_COLUMN_LEVEL])]
    slots[d.SLOT_NUMBER, slot], slots[d.SLOT_WRITE, slot], slots[d.SLOT_LINE, slot] = number, write, line
    slots[d.SLOT_ARRIVE, slot], slots[d.SLOT_COUNTED, slot], slots[d.SLOT_PULSE, slot] = now, 0, pulse
    tables.order[np.uint64(channel * d.ORDERS + queue), np.uint64(length)] = slot
    channels[channel, d.CHANNEL_READS + queue] = length + 1
    channels[channel, d.CHANNEL_NEXT_DUE] = NONE


@inlined
def accept(tables: ControllerTables, address: int, write: int, number: int, now: int) -> bool:
    """Offer a request to its channel. Return False if its queue is full."""
    fixed, channels, answers, progress = tables.fixed, tables.channels, tables.answers, tables.progress
    decode(tables.mapping, address)
    channel, line, of_request = tables.mapping.numbers[0], address >> fixed[d.FIXED_OFFSET_BITS], np.uint64(number)
    writes = channels[channel, d.CHANNEL_WRITES]
    merged = writes > 0 and is_waiting(tables.order, tables.slots, channel * d.ORDERS + d.ORDER_WRITE, writes, line)
    if not merged and channels[channel, d.CHANNEL_READS + write] == fixed[d.FIXED_READ_QUEUE + write]:
        return False
    pulse = fixed[d.FIXED_PULSE]
    if pulse == d.PULSE_RANDOM:
        pulse = random_pulse(fixed, channel, channels[channel, d.CHANNEL_WRITTEN])
    channels[channel, d.CHANNEL_WRITTEN] += write
    channels[channel, d.CHANNEL_WAKE] = min(channels[channel, d.CHANNEL_WAKE], now + 1)
    answers[d.ANSWER_ARRIVE, of_request] = now
    if merged:
        # A read is answered a cycle later. A write is merged and therefore done.
        answers[d.ANSWER_DEPART, of_request], answers[d.ANSWER_KIND, of_request] = now + 1 - write, 1 + write
        progress[d.PROGRESS_END] = max(progress[d.PROGRESS_END], now + 1)
    else:
        _enqueue(tables, channel, line, write, number, pulse, now)
    return True
