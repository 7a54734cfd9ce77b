"""The DRAM device of the compiled engine: when each bank may take each command, and which rows are open.

The device knows commands but not their purpose. Requests, refreshes and micro-programs belong to the issuers of commands. An
issuer asks `ready_at` and `open_row`, and sends with `issue`. The banks of all channels are numbered in one sequence. A command
that addresses several banks (PREab, REFab) names the first of them. If each subarray keeps a row open (`ResolvedDram.row_level`),
"bank" means a subarray.
"""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.dram.tables import DeviceTables
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def ready_at(device: DeviceTables, command: int, bank: int) -> int:
    """Return the first cycle in which every bank that the command addresses may take it."""
    return device.ready[np.uint64(command), np.uint64(bank)]


@inlined
def open_row(device: DeviceTables, bank: int) -> int:
    """Return the open row of a bank, or NONE if the bank is closed."""
    return device.banks[d.BANK_ROW, np.uint64(bank)]


@inlined
def constrain(device: DeviceTables, command: int, bank: int, now: int) -> None:
    """Apply the rules of a command without noting it."""
    _constrain(device.commands, device.rules, device.rings, device.ready, command, bank, now)


@inlined
def issue(device: DeviceTables, command: int, bank: int, row: int, column: int, now: int) -> None:
    """Take a command, which must be ready: apply its rules, open or close rows, count it, and log it if there is a log."""
    commands, banks, ranks = device.commands, device.banks, device.ranks
    constrain(device, command, bank, now)
    sent = np.uint64(command)
    if commands[sent, d.COMMAND_OPENS] or commands[sent, d.COMMAND_CLOSES]:
        to = row if commands[sent, d.COMMAND_OPENS] else NONE
        for b in range(bank, bank + commands[sent, d.COMMAND_SPAN]):
            _set_row(banks, ranks, b, to, now)
    note(device, command, bank, row, column, now)


@inlined
def note(device: DeviceTables, command: int, bank: int, row: int, column: int, now: int) -> None:
    """Count a command, and log it if there is a log."""
    totals, log = device.totals, device.log
    device.issued[np.uint64(device.banks[d.BANK_RANK, np.uint64(bank)]), np.uint64(command)] += 1
    totals[d.TOTAL_LAST_COMMAND] = now
    if len(log):
        at = totals[d.TOTAL_LOGGED]
        log[at, d.LOG_CLOCK], log[at, d.LOG_COMMAND], log[at, d.LOG_BANK] = now, command, bank
        log[at, d.LOG_ROW], log[at, d.LOG_COLUMN] = row, column
        totals[d.TOTAL_LOGGED] = at + 1


@inlined
def _set_row(banks: Int64Array, ranks: Int64Array, bank: int, row: int, now: int) -> None:
    """Open a row of a bank, or close the bank (NONE). A rank's open cycles are those in which any of its banks is open."""
    at = np.uint64(bank)
    was_open, rank = banks[d.BANK_ROW, at] != NONE, np.uint64(banks[d.BANK_RANK, at])
    banks[d.BANK_ROW, at] = row
    if was_open and row == NONE:
        ranks[rank, d.RANK_OPEN] -= 1
        if ranks[rank, d.RANK_OPEN] == 0:
            ranks[rank, d.RANK_CYCLES] += now - ranks[rank, d.RANK_SINCE]
    elif not was_open and row != NONE:
        if ranks[rank, d.RANK_OPEN] == 0:
            ranks[rank, d.RANK_SINCE] = now
        ranks[rank, d.RANK_OPEN] += 1


@inlined
def _delay(ready: Int64Array, command: int, first: int, end: int, stride: int, until: int) -> None:
    """Make the banks from ``first`` up to ``end`` (exclusive) wait with a command until cycle ``until``.

    Unsigned indices need no test for negative values, so the compiler turns the loop into vector instructions.
    """
    if stride == 1:
        for b in range(first, end):
            ready[np.uint64(command), np.uint64(b)] = max(ready[np.uint64(command), np.uint64(b)], until)
    else:
        b = first & -stride
        while b < end:
            ready[np.uint64(command), np.uint64(b)] = max(ready[np.uint64(command), np.uint64(b)], until)
            b += stride


@inlined
def _constrain(
    commands: Int64Array, rules: Int64Array, rings: Int64Array, ready: Int64Array, command: int, bank: int, now: int
) -> None:
    """Apply the rules of a command issued now to the banks from ``bank`` on."""
    sent = np.uint64(command)
    addressed = commands[sent, d.COMMAND_SPAN]
    for rule in range(commands[sent, d.COMMAND_FIRST_RULE], commands[sent, d.COMMAND_FIRST_NARROW]):
        at = np.uint64(rule)
        following, span = rules[at, d.RULE_FOLLOWING], rules[at, d.RULE_SPAN]
        due, stride = now + rules[at, d.RULE_LATENCY], rules[at, d.RULE_STRIDE]
        # Spans are powers of two.
        first = bank & -span
        if rules[at, d.RULE_RING] != NONE:
            ring, window = np.uint64(rules[at, d.RULE_RING]), rules[at, d.RULE_WINDOW]
            start = first
            while start < max(first + span, bank + addressed):
                head = start * (window + 1)
                place = rings[ring, np.uint64(head + window)]
                rings[ring, np.uint64(head + place)] = now
                place = place + 1 if place + 1 < window else 0
                rings[ring, np.uint64(head + window)] = place
                oldest = rings[ring, np.uint64(head + place)] + rules[at, d.RULE_WINDOW_LATENCY]
                _delay(ready, following, start, start + span, stride, max(due, oldest))
                start += span
        elif rules[at, d.RULE_OUTER]:
            outer = bank & -rules[at, d.RULE_OUTER]
            _delay(ready, following, outer, first, stride, due)
            _delay(ready, following, first + span, outer + rules[at, d.RULE_OUTER], stride, due)
        else:
            _delay(ready, following, first, first + max(span, addressed), stride, due)
    for rule in range(commands[sent, d.COMMAND_FIRST_NARROW], commands[sent, d.COMMAND_LAST_RULE]):
        at = np.uint64(rule)
        following, cell = np.uint64(rules[at, d.RULE_FOLLOWING]), np.uint64(bank & -rules[at, d.RULE_STRIDE])
        ready[following, cell] = max(ready[following, cell], now + rules[at, d.RULE_LATENCY])
