"""The tables of the compiled DRAM controllers, from a resolved standard and a controller's specification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.dram.controller import ACCESSES_BEFORE_CONFLICT, ControllerSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.tables import FOLLOWING, LATENCY, LEVEL, PRECEDING, ROLES, SIBLING, WINDOW, ResolvedDram
from simcore.dram.write_pulse import pulse_roles, set_threshold
from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.program.program import Int64Array

_SCHEDULERS = {
    "frfcfs": d.FRFCFS,
    "frfcfs-rowhit": d.FRFCFS_ROWHIT,
    "fcfs": d.FCFS,
    "bank-round-robin": d.BANK_ROUND_ROBIN,
}
_POLICIES = {"open": d.POLICY_OPEN, "closed-after": d.POLICY_CLOSED_AFTER, "timeout": d.POLICY_TIMEOUT}
_PULSES = {"worst": d.PULSE_WORST, "reset": d.PULSE_RESET, "set": d.PULSE_SET, "random": d.PULSE_RANDOM}
_REFRESH = {"none": d.REFRESH_NONE, "all-bank": d.REFRESH_ALL, "per-bank": d.REFRESH_BANK}


@dataclass(frozen=True, slots=True)
class DramState:
    """Tables in the order in which the kernel takes them."""

    fixed: Int64Array
    scalars: Int64Array
    commands: Int64Array
    rules: Int64Array
    rings: Int64Array
    ready: Int64Array
    banks: Int64Array
    ranks: Int64Array
    counts: Int64Array
    issued: Int64Array
    hit_banks: Int64Array
    channels: Int64Array
    slots: Int64Array
    order: Int64Array
    priority: Int64Array
    free: Int64Array
    fields: Int64Array
    xors: Int64Array
    numbers: Int64Array
    sizes: Int64Array


def dram_state(dram: ResolvedDram, controller: ControllerSpec) -> DramState:
    """Tables of idle controllers and a closed DRAM. The controller is one that the standard allows (`check_controller`)."""
    fixed = _fixed(dram, controller)
    channels, banks = dram.counts[0], int(np.prod(dram.counts[: dram.bank_level + 1]))
    per_channel = banks // channels
    in_turn = controller.scheduler == "bank-round-robin"
    slots = controller.read_queue + controller.write_queue + per_channel * (controller.bank_queue if in_turn else 1)
    bank_table = np.zeros((d.BANK_COLUMNS, banks), dtype=np.int64)
    bank_table[d.BANK_ROW] = NONE
    bank_table[d.BANK_RANK] = np.arange(banks) // _span(dram, dram.rank_level)
    channel_table = np.zeros((channels, d.CHANNEL_COLUMNS), dtype=np.int64)
    channel_table[:, d.CHANNEL_FREE] = slots
    channel_table[:, d.CHANNEL_REFRESH] = fixed[d.FIXED_INTERVAL]
    channel_table[:, d.CHANNEL_WAKE] = 1
    channel_table[:, d.CHANNEL_NEXT_DUE] = NONE
    channel_table[:, d.CHANNEL_TURN] = per_channel - 1
    commands, rules, rings = _rules(dram, controller)
    mapping = address_mapping(dram, controller.mapping)
    return DramState(
        fixed=fixed,
        scalars=np.zeros(d.SCALAR_COLUMNS, dtype=np.int64),
        commands=commands,
        rules=rules,
        rings=rings,
        ready=np.zeros((len(dram.commands), banks), dtype=np.int64),
        banks=bank_table,
        ranks=np.zeros((int(np.prod(dram.counts[: dram.rank_level + 1])), d.RANK_COLUMNS), dtype=np.int64),
        counts=np.zeros((banks, d.COUNT_COLUMNS), dtype=np.int64),
        issued=np.zeros((int(np.prod(dram.counts[: dram.rank_level + 1])), len(dram.commands)), dtype=np.int64),
        hit_banks=np.full(banks, NONE, dtype=np.int64),
        channels=channel_table,
        slots=np.zeros((d.SLOT_COLUMNS, channels * slots), dtype=np.int64),
        order=np.zeros((channels * d.ORDERS + banks * in_turn, slots), dtype=np.int64),
        priority=np.zeros((channels * d.PRIORITY_ROWS, d.PRIORITY_ENTRIES), dtype=np.int64),
        free=np.arange(channels * slots, dtype=np.int64).reshape(channels, slots),
        fields=mapping.fields,
        xors=mapping.xors,
        numbers=np.zeros(len(dram.levels), dtype=np.int64),
        sizes=np.array(dram.counts, dtype=np.int64),
    )


def _fixed(dram: ResolvedDram, controller: ControllerSpec) -> Int64Array:
    fixed = np.zeros(d.FIXED_COLUMNS, dtype=np.int64)
    fixed[: len(ROLES)] = [dram.roles[role] for role in ROLES]
    policy = controller.row_policy
    fixed[d.FIXED_SCHEDULER] = _SCHEDULERS[controller.scheduler]
    fixed[d.FIXED_POLICY] = _POLICIES[policy.name]
    fixed[d.FIXED_POLICY_LIMIT] = policy.timeout_cycles if policy.name == "timeout" else policy.accesses
    fixed[d.FIXED_REFRESH] = _REFRESH[controller.refresh]
    intervals = {"none": FAR, "all-bank": dram.refresh_interval or FAR, "per-bank": dram.refresh_bank_interval}
    fixed[d.FIXED_INTERVAL] = intervals[controller.refresh]
    fixed[d.FIXED_CHANNELS] = dram.counts[0]
    fixed[d.FIXED_BANKS] = np.prod(dram.counts[1 : dram.bank_level + 1])
    fixed[d.FIXED_READ_QUEUE], fixed[d.FIXED_WRITE_QUEUE] = controller.read_queue, controller.write_queue
    fixed[d.FIXED_DRAIN_ABOVE], fixed[d.FIXED_DRAIN_BELOW] = controller.drain_above, controller.drain_until_below
    fixed[d.FIXED_BANK_QUEUE], fixed[d.FIXED_BEFORE_CONFLICT] = controller.bank_queue, ACCESSES_BEFORE_CONFLICT
    fixed[d.FIXED_BUSES] = len(dram.buses)
    fixed[d.FIXED_READ_CYCLES] = dram.read_latency + dram.burst_cycles
    fixed[d.FIXED_OFFSET_BITS] = dram.offset_bits
    fixed[d.FIXED_BANK_LEVEL] = dram.bank_level
    fixed[d.FIXED_PULSE], fixed[d.FIXED_SEED] = _PULSES[controller.write_pulse.name], controller.write_pulse.seed
    fixed[d.FIXED_SET_SHARE] = set_threshold(controller.write_pulse)
    fixed[d.FIXED_ROW_LEVEL], fixed[d.FIXED_COLUMN_LEVEL] = dram.levels.index("row"), dram.levels.index("column")
    return fixed


def _span(dram: ResolvedDram, level: int) -> int:
    """Banks below one node of a level."""
    return int(np.prod(dram.counts[level + 1 : dram.bank_level + 1]))


def _used(dram: ResolvedDram, controller: ControllerSpec) -> set[int]:
    """Commands that this controller may issue."""
    names = ["activate", "precharge", "read", "write", *pulse_roles(controller)]
    if controller.row_policy.name == "closed-after":
        names += ["read_precharge", "write_precharge", *[f"{role}_precharge" for role in pulse_roles(controller)]]
    names += {"none": [], "all-bank": ["refresh_all", "precharge_all"], "per-bank": ["refresh_bank"]}[controller.refresh]
    return {dram.roles[name] for name in names} - {NONE}


def _rules(dram: ResolvedDram, controller: ControllerSpec) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Rules between commands that are used, sorted by the preceding one; without those that another one implies."""
    used = _used(dram, controller)
    commands = np.zeros((len(dram.commands), d.COMMAND_COLUMNS), dtype=np.int64)
    commands[:, d.COMMAND_SPAN] = [_span(dram, min(int(level), dram.bank_level)) for level in dram.command_level]
    commands[:, d.COMMAND_BUS], commands[:, d.COMMAND_CLOSES] = dram.command_bus, dram.closes
    commands[:, d.COMMAND_ACCESSES] = dram.reads | dram.writes
    rows: list[tuple[int, ...]] = []
    for command in range(len(dram.commands)):
        commands[command, d.COMMAND_FIRST_RULE] = len(rows)
        rules = [rule for rule in dram.constraints.tolist() if rule[PRECEDING] == command and rule[FOLLOWING] in used]
        found = [(*row, int(commands[row[0], d.COMMAND_SPAN])) for row in _rows_of(dram, rules)] if command in used else []
        narrow = [row for row in found if _is_narrow(row, int(commands[command, d.COMMAND_SPAN]))]
        rows += [row for row in found if row not in narrow]
        commands[command, d.COMMAND_FIRST_NARROW] = len(rows)
        rows += narrow
        commands[command, d.COMMAND_LAST_RULE] = len(rows)
    table = np.array(rows, dtype=np.int64).reshape(-1, d.RULE_COLUMNS)
    windowed = np.flatnonzero(table[:, d.RULE_WINDOW] > 1)
    table[windowed, d.RULE_RING] = np.arange(len(windowed))
    return commands, table, _rings(dram, table[windowed])


def _is_narrow(row: tuple[int, ...], addressed: int) -> bool:
    """Whether a rule concerns but one place of `ready`."""
    plain = row[d.RULE_WINDOW] == 1 and row[d.RULE_OUTER] == 0
    return plain and max(row[d.RULE_SPAN], addressed) <= row[d.RULE_STRIDE]


def _rows_of(dram: ResolvedDram, rules: list[list[int]]) -> list[tuple[int, ...]]:
    """Rows of `rules`, but for the stride, of one preceding command: the widest first.

    Wide before narrow because a processor waits where it loads as one vector what it has just stored piece by piece.
    """
    plain: dict[tuple[int, int], int] = {}
    rows: list[tuple[int, ...]] = []
    for rule in rules:
        span = _span(dram, rule[LEVEL])
        if not rule[SIBLING] and rule[WINDOW] == 1:
            plain[rule[FOLLOWING], span] = max(rule[LATENCY], plain.get((rule[FOLLOWING], span), -FAR))
    for rule in rules:
        following, span, latency = rule[FOLLOWING], _span(dram, rule[LEVEL]), rule[LATENCY]
        if rule[SIBLING]:
            outer = _span(dram, rule[LEVEL] - 1)
            if outer > span:
                rows.append((following, latency, 1, 0, NONE, span, outer))
        elif rule[WINDOW] > 1:
            rows.append((following, plain.pop((following, span), -FAR // 2), rule[WINDOW], latency, NONE, span, 0))
    for (following, span), latency in plain.items():
        if not any(f == following and s > span and other >= latency for (f, s), other in plain.items()):
            rows.append((following, latency, 1, 0, NONE, span, 0))
    return sorted(rows, key=lambda row: -row[d.RULE_SPAN])


def _rings(dram: ResolvedDram, windowed: Int64Array) -> Int64Array:
    """The last cycles of a command at each node, one row per rule with a window; "long ago" at first.

    A node's part begins at the number of its first bank times its length: ``window`` cycles and the place of the oldest.
    """
    banks, longest = int(np.prod(dram.counts[: dram.bank_level + 1])), max(windowed[:, d.RULE_WINDOW], default=1)
    rings = np.full((max(len(windowed), 1), banks * (longest + 1)), -FAR // 2, dtype=np.int64)
    for ring, row in enumerate(windowed):
        rings[ring, row[d.RULE_WINDOW] :: row[d.RULE_WINDOW] + 1] = 0
    return rings
