"""Sending of commands by the compiled request controllers, and its effect on the requests."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram import device_columns
from simcore.engine.compiled.dram.device import issue, open_row, ready_at
from simcore.engine.compiled.dram.tables import ControllerTables
from simcore.engine.compiled.jit import inlined


@inlined
def count_request(tables: ControllerTables, slot: int) -> None:
    """Count a request as row hit, miss or conflict, once per request."""
    slots, at = tables.slots, np.uint64(slot)
    if slots[d.SLOT_COUNTED, at] == 0:
        slots[d.SLOT_COUNTED, at] = 1
        bank = np.uint64(slots[d.SLOT_BANK, at])
        row, column = open_row(tables.device, bank), 3 * slots[d.SLOT_WRITE, at]
        if row == NONE:
            column += d.COUNT_MISS
        elif row != slots[d.SLOT_ROW, at]:
            column += d.COUNT_CONFLICT
        tables.counts[bank, np.uint64(column)] += 1


@inlined
def send(tables: ControllerTables, command: int, bank: int, row: int, column: int, now: int) -> None:
    """Issue a command to the device, and note for the banks that it reaches what the row policy needs."""
    issue(tables.device, command, bank, row, column, now)
    commands, uses = tables.device.commands, tables.uses
    sent, at = np.uint64(command), np.uint64(bank)
    uses[d.USE_LAST, at] = now
    uses[d.USE_ACCESSES, at] += commands[sent, device_columns.COMMAND_ACCESSES]
    if commands[sent, device_columns.COMMAND_CLOSES]:
        for b in range(bank, bank + commands[sent, device_columns.COMMAND_SPAN]):
            uses[d.USE_ACCESSES, np.uint64(b)] = 0
            uses[d.USE_CLOSING, np.uint64(b)] = 0


@inlined
def command_sent(tables: ControllerTables, slot: int, command: int, is_active: bool, now: int) -> int:
    """Return the command to send for a request. A read or write includes its precharge and its pulse."""
    fixed, slots, uses = tables.fixed, tables.slots, tables.uses
    at_bank = np.uint64(slots[d.SLOT_BANK, slot])
    is_access = command == fixed[d.FIXED_RD] or command == fixed[d.FIXED_WR]
    at_limit = fixed[d.FIXED_POLICY] == d.POLICY_CLOSED_AFTER and uses[d.USE_ACCESSES, at_bank] >= fixed[d.FIXED_POLICY_LIMIT]
    # Requests that were activated for the row must be served before the row is closed.
    if is_access and at_limit and (is_active or uses[d.USE_ACTIVE, at_bank] == 0):
        closing = fixed[d.FIXED_WRA] if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_RDA]
        if closing != NONE and ready_at(tables.device, closing, at_bank) <= now:
            command = closing
    if fixed[d.FIXED_PULSE] != d.PULSE_WORST and is_access and slots[d.SLOT_WRITE, slot]:
        reset = d.FIXED_WR_RESET if command == fixed[d.FIXED_WR] else d.FIXED_WRA_RESET
        command = fixed[np.uint64(reset + slots[d.SLOT_PULSE, slot] - d.PULSE_RESET)]
    return command


@inlined
def finish(tables: ControllerTables, channel: int, slot: int, now: int) -> None:
    """Finish a request whose read or write was issued now, and free its slot."""
    slots, channels, progress = tables.slots, tables.channels, tables.progress
    done = now + (0 if slots[d.SLOT_WRITE, slot] else tables.fixed[d.FIXED_READ_CYCLES])
    tables.answers[d.ANSWER_DEPART, np.uint64(slots[d.SLOT_NUMBER, slot])] = done
    progress[d.PROGRESS_END] = max(progress[d.PROGRESS_END], done)
    tables.free[channel, np.uint64(channels[channel, d.CHANNEL_FREE])] = slot
    channels[channel, d.CHANNEL_FREE] += 1
