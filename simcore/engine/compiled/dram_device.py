"""The DRAM itself in the compiled engine: when each bank may take each command, and what is open."""

from __future__ import annotations

from simcore.engine.compiled import dram_columns as d
from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.jit import inlined
from simcore.program import Int64Array


@inlined
def constrain(
    commands: Int64Array, rules: Int64Array, rings: Int64Array, ready: Int64Array, command: int, bank: int, now: int
) -> None:
    """Apply the rules of a command issued now to the banks from ``bank`` on."""
    addressed = commands[command, d.COMMAND_SPAN]
    for rule in range(commands[command, d.COMMAND_FIRST_RULE], commands[command, d.COMMAND_LAST_RULE]):
        following, span = rules[rule, d.RULE_FOLLOWING], rules[rule, d.RULE_SPAN]
        due = now + rules[rule, d.RULE_LATENCY]
        # Spans are powers of two.
        first = bank & -span
        if rules[rule, d.RULE_RING] != NONE:
            ring, window = rules[rule, d.RULE_RING], rules[rule, d.RULE_WINDOW]
            for start in range(first, max(first + span, bank + addressed), span):
                at = (start // span) * (window + 1)
                place = rings[ring, at + window]
                rings[ring, at + place] = now
                place = place + 1 if place + 1 < window else 0
                rings[ring, at + window] = place
                due = rings[ring, at + place] + rules[rule, d.RULE_LATENCY]
                for b in range(start, start + span):
                    ready[following, b] = max(ready[following, b], due)
        elif rules[rule, d.RULE_OUTER]:
            outer = bank & -rules[rule, d.RULE_OUTER]
            for b in range(outer, first):
                ready[following, b] = max(ready[following, b], due)
            for b in range(first + span, outer + rules[rule, d.RULE_OUTER]):
                ready[following, b] = max(ready[following, b], due)
        else:
            for b in range(first, first + max(span, addressed)):
                ready[following, b] = max(ready[following, b], due)


@inlined
def open_row(banks: Int64Array, ranks: Int64Array, bank: int, row: int, now: int) -> None:
    """ACT."""
    banks[d.BANK_ROW, bank] = row
    rank = banks[d.BANK_RANK, bank]
    if ranks[rank, d.RANK_OPEN] == 0:
        ranks[rank, d.RANK_SINCE] = now
    ranks[rank, d.RANK_OPEN] += 1


@inlined
def close_row(banks: Int64Array, ranks: Int64Array, bank: int, now: int) -> None:
    """A precharge of one bank, open or not."""
    banks[d.BANK_ACCESSES, bank] = 0
    banks[d.BANK_CLOSING, bank] = 0
    if banks[d.BANK_ROW, bank] == NONE:
        return
    banks[d.BANK_ROW, bank] = NONE
    rank = banks[d.BANK_RANK, bank]
    ranks[rank, d.RANK_OPEN] -= 1
    if ranks[rank, d.RANK_OPEN] == 0:
        ranks[rank, d.RANK_CYCLES] += now - ranks[rank, d.RANK_SINCE]


@inlined
def ready_at(commands: Int64Array, ready: Int64Array, command: int, bank: int) -> int:
    """When all banks that a command addresses are ready for it."""
    at = 0
    for b in range(bank, bank + commands[command, d.COMMAND_SPAN]):
        at = max(at, ready[command, b])
    return at


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
