"""The scheduler ``bank-round-robin`` of the compiled DRAM controller: a queue of requests at each bank, banks in turn."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.device import open_row, ready_at
from simcore.engine.compiled.dram.device_columns import COMMAND_BUS
from simcore.engine.compiled.dram.priority import advance_priority, find_priority
from simcore.engine.compiled.dram.queues import next_command, remove
from simcore.engine.compiled.dram.send import command_sent, count_request, finish, send
from simcore.engine.compiled.dram.step import set_draining
from simcore.engine.compiled.dram.tables import ControllerTables
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def _move_to_bank(tables: ControllerTables, channel: int) -> bool:
    """Move the oldest request whose bank has a place there: a write while writes drain, else a read.

    Return False if there is none.
    """
    fixed, channels, order, uses = tables.fixed, tables.channels, tables.order, tables.uses
    set_draining(fixed, channels, channel)
    kind = d.ORDER_WRITE if channels[channel, d.CHANNEL_DRAINING] else d.ORDER_READ
    row, length = channel * d.ORDERS + kind, channels[channel, d.CHANNEL_READS + kind]
    for at in range(length):
        slot = order[row, at]
        bank = tables.slots[d.SLOT_BANK, slot]
        queued = uses[d.USE_QUEUED, bank]
        if queued < fixed[d.FIXED_BANK_QUEUE]:
            order[fixed[d.FIXED_CHANNELS] * d.ORDERS + bank, queued] = slot
            uses[d.USE_QUEUED, bank] = queued + 1
            channels[channel, d.CHANNEL_ACTIVE] += 1
            remove(order, row, length, at)
            channels[channel, d.CHANNEL_READS + kind] = length - 1
            return True
    return False


@inlined
def _keeps_row(tables: ControllerTables, row: int, bank: int) -> bool:
    """Return whether a conflict at the head of a bank's queue must wait for later requests that hit the open row."""
    opened, uses, hits = open_row(tables.device, bank), tables.uses, False
    for i in range(1, uses[d.USE_QUEUED, bank]):
        hits |= tables.slots[d.SLOT_ROW, tables.order[row, i]] == opened
    return hits and uses[d.USE_ACCESSES, bank] < tables.fixed[d.FIXED_BEFORE_CONFLICT]


@inlined
def _is_behind_its_line(slots: Int64Array, order: Int64Array, row: int, at: int) -> bool:
    """Return whether an older request of a bank's queue reads or writes the same line."""
    behind = False
    for i in range(at):
        behind |= slots[d.SLOT_LINE, order[row, i]] == slots[d.SLOT_LINE, order[row, at]]
    return behind


@inlined
def find_at_bank(tables: ControllerTables, bank: int, bus: int, now: int) -> tuple[int, int, int]:
    """Return (place, command, cycle) of the first request of a bank whose next command is ready.

    The place is NONE if no command is ready; the cycle is the first in which one will be.
    """
    fixed, slots, order, device = tables.fixed, tables.slots, tables.order, tables.device
    row, soonest = fixed[d.FIXED_CHANNELS] * d.ORDERS + bank, FAR
    for at in range(tables.uses[d.USE_QUEUED, bank]):
        slot = order[row, at]
        access = fixed[d.FIXED_WR] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RD]
        command = next_command(fixed, device.banks, slots, slot, access)
        if command == fixed[d.FIXED_PRE] and (at > 0 or _keeps_row(tables, row, bank)):
            continue
        if fixed[d.FIXED_BUSES] > 1 and device.commands[command, COMMAND_BUS] != bus:
            continue
        due = ready_at(device, command, bank)
        if due < soonest and not _is_behind_its_line(slots, order, row, at):
            soonest = due
            if due <= now:
                return at, command, due
    return NONE, NONE, soonest


@inlined
def _find_in_turn(tables: ControllerTables, channel: int, bus: int, now: int) -> tuple[int, int, int, int]:
    """Return (bank counted in the channel, place or NONE, command, cycle) of the first ready request, trying the banks in turn.

    While the priority queue waits, only banks with a row that was opened but not yet used are tried.
    """
    number, uses = tables.fixed[d.FIXED_BANKS], tables.uses
    urgent = tables.channels[channel, d.CHANNEL_PRIORITY] > 0
    turn, soonest = tables.channels[channel, d.CHANNEL_TURN], FAR
    for _ in range(number):
        turn = turn + 1 if turn + 1 < number else 0
        bank = channel * number + turn
        if uses[d.USE_QUEUED, bank] == 0 or (urgent and uses[d.USE_ACTIVE, bank] == 0):
            continue
        at, command, due = find_at_bank(tables, bank, bus, now)
        soonest = min(soonest, due)
        if at != NONE:
            return turn, at, command, soonest
    return turn, NONE, NONE, soonest


@inlined
def _step_bus(tables: ControllerTables, channel: int, bus: int, now: int) -> int:
    """Do as `step.step_bus` does, but serve the banks in turn, beginning after the last one served.

    The priority queue goes first, except before banks whose newly opened row no access has used yet.
    """
    fixed, channels, slots, uses = tables.fixed, tables.channels, tables.slots, tables.uses
    turn, at, command, soonest = _find_in_turn(tables, channel, bus, now)
    bank = channel * fixed[d.FIXED_BANKS] + turn
    # Commands are issued in one place only, because each such place costs seconds of compilation.
    row, slot, sent = fixed[d.FIXED_CHANNELS] * d.ORDERS + bank, NONE, command
    if at != NONE:
        channels[channel, d.CHANNEL_TURN] = turn
        slot = tables.order[row, at]
        sent = command_sent(tables, slot, command, False, now)
        count_request(tables, slot)
    elif channels[channel, d.CHANNEL_PRIORITY]:
        sent, due = find_priority(tables, channel)
        if fixed[d.FIXED_BUSES] > 1 and tables.device.commands[sent, COMMAND_BUS] != bus:
            return soonest
        if due > now:
            return min(soonest, due)
        bank = tables.priority[channel * d.PRIORITY_ROWS + d.PRIORITY_BANK, 0]
    else:
        return soonest
    to_row = NONE if slot == NONE else slots[d.SLOT_ROW, slot]
    to_column = NONE if slot == NONE else slots[d.SLOT_COLUMN, slot]
    send(tables, sent, bank, to_row, to_column, now)
    if slot == NONE:
        advance_priority(tables, channel, sent)
    elif command == fixed[d.FIXED_ACT]:
        uses[d.USE_ACTIVE, bank] = 1
    elif command != fixed[d.FIXED_PRE]:
        uses[d.USE_ACTIVE, bank] = 0
        remove(tables.order, row, uses[d.USE_QUEUED, bank], at)
        uses[d.USE_QUEUED, bank] -= 1
        channels[channel, d.CHANNEL_ACTIVE] -= 1
        finish(tables, channel, slot, now)
    return now


@inlined
def step_in_turn(tables: ControllerTables, channel: int, now: int) -> int:
    """Issue a command on each bus, then move a request to its bank. Return when to look again, ``now`` for the next cycle."""
    soonest = FAR
    for bus in range(tables.fixed[d.FIXED_BUSES]):
        soonest = min(soonest, _step_bus(tables, channel, bus, now))
    return now if _move_to_bank(tables, channel) else soonest
