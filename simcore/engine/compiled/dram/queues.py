"""The queues of the compiled DRAM controller: entry of requests, and the search for the request to serve next."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.device_columns import BANK_ROW, COMMAND_BUS
from simcore.engine.compiled.dram.tables import ControllerTables, MappingTables
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array

# Bits of a place in a queue, in a number that also holds a cycle. Queues have at most 2^20 entries
# (`simcore.reading.values.MAX_COUNT`).
_PLACE_BITS = 20
_PLACE_MASK = (1 << _PLACE_BITS) - 1


@inlined
def remove(order: Int64Array, row: int, length: int, at: int) -> None:
    """Remove entry ``at`` from an order of ``length`` slots."""
    for i in range(at, length - 1):
        order[np.uint64(row), np.uint64(i)] = order[np.uint64(row), np.uint64(i + 1)]


@inlined
def decode(mapping: MappingTables, address: int) -> None:
    """Fill ``numbers`` with the numbers per level of an address."""
    fields, xors, numbers = mapping.fields, mapping.xors, mapping.numbers
    numbers[:] = 0
    for i in range(len(fields)):
        numbers[np.uint64(fields[i, 0])] |= ((address >> fields[i, 1]) & ((1 << fields[i, 2]) - 1)) << fields[i, 3]
    for i in range(len(xors)):
        numbers[np.uint64(xors[i, 0])] ^= (numbers[np.uint64(xors[i, 1])] >> xors[i, 2]) & ((1 << xors[i, 3]) - 1)


@inlined
def random_pulse(fixed: Int64Array, channel: int, number: int) -> int:
    """Return the same pulse as `simcore.dram.write_pulse.random_pulse`."""
    value = _mixed(_mixed(np.uint64((fixed[d.FIXED_SEED] << 20) + channel)) + np.uint64(number))
    return d.PULSE_SET if np.int64(value >> np.uint64(11)) < fixed[d.FIXED_SET_SHARE] else d.PULSE_RESET


@inlined
def _mixed(value: np.uint64) -> np.uint64:
    """Return SplitMix64 of a value (`simcore.dram.write_pulse`)."""
    value += np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@inlined
def is_waiting(order: Int64Array, slots: Int64Array, row: int, length: int, line: int) -> bool:
    """Return whether a write to the line waits in the write queue."""
    found = False
    for i in range(length):
        found |= slots[d.SLOT_LINE, np.uint64(order[np.uint64(row), i])] == line
    return found


@inlined
def find_active(tables: ControllerTables, channel: int, now: int) -> tuple[int, int]:
    """Return (place, cycle): the oldest activated request that is ready, else NONE, and the cycle in which one will be ready."""
    fixed, slots, order, ready = tables.fixed, tables.slots, tables.order, tables.device.ready
    row, length = np.uint64(channel * d.ORDERS + d.ORDER_ACTIVE), tables.channels[channel, d.CHANNEL_ACTIVE]
    best, best_arrive, soonest = NONE, FAR, FAR
    for i in range(length):
        slot = np.uint64(order[row, i])
        command = fixed[d.FIXED_WR] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RD]
        due = ready[np.uint64(command), np.uint64(slots[d.SLOT_BANK, slot])]
        soonest = min(soonest, due)
        if due <= now and slots[d.SLOT_ARRIVE, slot] < best_arrive:
            best, best_arrive = i, slots[d.SLOT_ARRIVE, slot]
    return best, soonest


@inlined
def next_command(fixed: Int64Array, banks: Int64Array, slots: Int64Array, slot: int, access: int) -> int:
    """Return the next command of a queued request: its read or write, ACT, or a precharge."""
    opened = banks[BANK_ROW, np.uint64(slots[d.SLOT_BANK, np.uint64(slot)])]
    other = fixed[d.FIXED_ACT] if opened == NONE else fixed[d.FIXED_PRE]
    return access if opened == slots[d.SLOT_ROW, np.uint64(slot)] else other


@inlined
def find_queued(tables: ControllerTables, row: int, length: int, access: int, bus: int, now: int) -> tuple[int, int]:
    """Return (place or NONE, cycle) of the first request whose next command is ready, else of the request that is ready first.

    Half the time of a random trace is spent here, and most of that once went into unpredictable branches, so the loop avoids
    branches.
    """
    fixed, slots, order, uses = tables.fixed, tables.slots, tables.order, tables.uses
    banks, ready, commands = tables.device.banks, tables.device.ready, tables.device.commands
    best, precharge, split = FAR, fixed[d.FIXED_PRE], fixed[d.FIXED_BUSES] > 1
    for i in range(length):
        slot = np.uint64(order[np.uint64(row), i])
        bank = np.uint64(slots[d.SLOT_BANK, slot])
        command = next_command(fixed, banks, slots, slot, access)
        in_the_way = (command == precharge) & (uses[d.USE_ACTIVE, bank] > 0)
        if split:
            in_the_way |= commands[command, COMMAND_BUS] != bus
        # Cycle and place form one number, so the smallest number gives the request.
        due = (max(ready[np.uint64(command), bank], now) << _PLACE_BITS) | i
        best = min(best, FAR if in_the_way else due)
    return (NONE, FAR) if best == FAR else (best & _PLACE_MASK, best >> _PLACE_BITS)


@inlined
def find_queued_hits_first(tables: ControllerTables, row: int, length: int, access: int, bus: int, now: int) -> tuple[int, int]:
    """Do as `find_queued` does, but precharge no bank while an older request of the queue hits its open row."""
    fixed, slots, order, uses, hit_banks = tables.fixed, tables.slots, tables.order, tables.uses, tables.hit_banks
    banks, ready, commands = tables.device.banks, tables.device.ready, tables.device.commands
    best, soonest, precharge, split = NONE, FAR, fixed[d.FIXED_PRE], fixed[d.FIXED_BUSES] > 1
    mark = 2 * now + bus
    for i in range(length):
        slot = order[row, i]
        bank = slots[d.SLOT_BANK, slot]
        command = next_command(fixed, banks, slots, slot, access)
        if command == access:
            hit_banks[bank] = mark
        elif command == precharge and (uses[d.USE_ACTIVE, bank] or hit_banks[bank] == mark):
            continue
        if split and commands[command, COMMAND_BUS] != bus:
            continue
        due = ready[command, bank]
        if due < soonest:
            best, soonest = i, due
            if due <= now:
                break
    return best, soonest
