"""The DRAM itself in the compiled engine: when each bank may take each command, and what is open."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def _delay(ready: Int64Array, command: int, first: int, end: int, stride: int, until: int) -> None:
    """Banks from ``first`` on, before ``end``, are not ready for a command before ``until``.

    Unsigned indices need no test for one that counts from the end: the loop becomes one of vectors.
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
def constrain(
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


@inlined
def open_row(banks: Int64Array, ranks: Int64Array, bank: int, row: int, now: int) -> None:
    """ACT."""
    at = np.uint64(bank)
    banks[d.BANK_ROW, at] = row
    rank = np.uint64(banks[d.BANK_RANK, at])
    if ranks[rank, d.RANK_OPEN] == 0:
        ranks[rank, d.RANK_SINCE] = now
    ranks[rank, d.RANK_OPEN] += 1


@inlined
def close_row(banks: Int64Array, ranks: Int64Array, bank: int, now: int) -> None:
    """A precharge of one bank, open or not."""
    at = np.uint64(bank)
    banks[d.BANK_ACCESSES, at] = 0
    banks[d.BANK_CLOSING, at] = 0
    if banks[d.BANK_ROW, at] == NONE:
        return
    banks[d.BANK_ROW, at] = NONE
    rank = np.uint64(banks[d.BANK_RANK, at])
    ranks[rank, d.RANK_OPEN] -= 1
    if ranks[rank, d.RANK_OPEN] == 0:
        ranks[rank, d.RANK_CYCLES] += now - ranks[rank, d.RANK_SINCE]


@inlined
def closing_due(fixed: Int64Array, banks: Int64Array, ready: Int64Array, bank: int) -> int:
    """When the row policy puts a precharge of the bank into the priority queue, FAR if it does not."""
    if banks[d.BANK_ROW, bank] == NONE or banks[d.BANK_CLOSING, bank]:
        return FAR
    if fixed[d.FIXED_POLICY] == d.POLICY_CLOSED_AFTER:
        due = 0 if banks[d.BANK_ACCESSES, bank] >= fixed[d.FIXED_POLICY_LIMIT] else FAR
    else:
        due = banks[d.BANK_USED, bank] + fixed[d.FIXED_POLICY_LIMIT]
    return max(due, ready[fixed[d.FIXED_PRE], bank])
