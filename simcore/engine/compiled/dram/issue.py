"""A command of the compiled DRAM controller is sent: its rules, rows and counts, and what becomes of the request it is for."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.device import close_row, constrain, open_row
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


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
def command_sent(
    fixed: Int64Array, ready: Int64Array, banks: Int64Array, slots: Int64Array, slot: int, command: int, is_active: bool, now: int
) -> int:
    """The next command of a request; a read or write with the precharge and the pulse that it takes."""
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
    return command


@inlined
def finish(
    fixed: Int64Array,
    scalars: Int64Array,
    channels: Int64Array,
    slots: Int64Array,
    free: Int64Array,
    depart: Int64Array,
    channel: int,
    slot: int,
    now: int,
) -> None:
    """A request whose read or write was issued now is done, and its slot is free."""
    done = now + (0 if slots[d.SLOT_WRITE, slot] else fixed[d.FIXED_READ_CYCLES])
    depart[np.uint64(slots[d.SLOT_NUMBER, slot])] = done
    scalars[d.SCALAR_END] = max(scalars[d.SCALAR_END], done)
    free[channel, np.uint64(channels[channel, d.CHANNEL_FREE])] = slot
    channels[channel, d.CHANNEL_FREE] += 1
