"""The tables of the compiled DRAM controllers, from a resolved standard and a controller's specification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.dram.controller import ControllerSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.tables import FOLLOWING, LATENCY, LEVEL, PRECEDING, ROLES, SIBLING, WINDOW, ResolvedDram
from simcore.engine.compiled import dram_columns as d
from simcore.engine.compiled.columns import FAR, NONE
from simcore.program import Int64Array

_SCHEDULERS = {"frfcfs": d.FRFCFS, "frfcfs-rowhit": d.FRFCFS_ROWHIT, "fcfs": d.FCFS}
_POLICIES = {"open": d.POLICY_OPEN, "closed-after": d.POLICY_CLOSED_AFTER, "timeout": d.POLICY_TIMEOUT}
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
    slots = controller.read_queue + controller.write_queue + per_channel
    bank_table = np.zeros((d.BANK_COLUMNS, banks), dtype=np.int64)
    bank_table[d.BANK_ROW] = NONE
    bank_table[d.BANK_RANK] = np.arange(banks) // _span(dram, dram.rank_level)
    channel_table = np.zeros((channels, d.CHANNEL_COLUMNS), dtype=np.int64)
    channel_table[:, d.CHANNEL_FREE] = slots
    channel_table[:, d.CHANNEL_REFRESH] = channel_table[:, d.CHANNEL_WAKE] = fixed[d.FIXED_INTERVAL]
    channel_table[:, d.CHANNEL_NEXT_DUE] = NONE
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
        order=np.zeros((channels * d.ORDERS, slots), dtype=np.int64),
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
    fixed[d.FIXED_BUSES] = len(dram.buses)
    fixed[d.FIXED_READ_CYCLES] = dram.read_latency + dram.burst_cycles
    fixed[d.FIXED_OFFSET_BITS] = dram.offset_bits
    fixed[d.FIXED_BANK_LEVEL] = dram.bank_level
    fixed[d.FIXED_ROW_LEVEL], fixed[d.FIXED_COLUMN_LEVEL] = dram.levels.index("row"), dram.levels.index("column")
    return fixed


def _span(dram: ResolvedDram, level: int) -> int:
    """Banks below one node of a level."""
    return int(np.prod(dram.counts[level + 1 : dram.bank_level + 1]))


def _used(dram: ResolvedDram, controller: ControllerSpec) -> set[int]:
    """Commands that this controller may issue."""
    names = ["activate", "precharge", "read", "write"]
    if controller.row_policy.name == "closed-after":
        names += ["read_precharge", "write_precharge"]
    names += {"none": [], "all-bank": ["refresh_all", "precharge_all"], "per-bank": ["refresh_bank"]}[controller.refresh]
    return {dram.roles[name] for name in names} - {NONE}


def _rules(dram: ResolvedDram, controller: ControllerSpec) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Rules between commands that are used, sorted by the preceding one; without those that another one implies."""
    used = _used(dram, controller)
    commands = np.zeros((len(dram.commands), d.COMMAND_COLUMNS), dtype=np.int64)
    rows: list[tuple[int, int, int, int, int, int]] = []
    rings = 0
    for command in range(len(dram.commands)):
        commands[command, d.COMMAND_FIRST_RULE] = len(rows)
        commands[command, d.COMMAND_SPAN] = _span(dram, min(int(dram.command_level[command]), dram.bank_level))
        commands[command, d.COMMAND_BUS] = dram.command_bus[command]
        longest: dict[tuple[int, int], int] = {}
        for rule in dram.constraints[dram.constraints[:, PRECEDING] == command]:
            following, latency, window = int(rule[FOLLOWING]), int(rule[LATENCY]), int(rule[WINDOW])
            if command not in used or following not in used:
                continue
            span = _span(dram, int(rule[LEVEL]))
            if rule[SIBLING]:
                outer = _span(dram, int(rule[LEVEL]) - 1)
                if outer > span:
                    rows.append((following, latency, 1, NONE, span, outer))
            elif window > 1:
                rows.append((following, latency, window, rings, span, 0))
                rings += 1
            else:
                longest[following, span] = max(latency, longest.get((following, span), latency))
        for (following, span), latency in longest.items():
            if not any(f == following and s > span and other >= latency for (f, s), other in longest.items()):
                rows.append((following, latency, 1, NONE, span, 0))
        commands[command, d.COMMAND_LAST_RULE] = len(rows)
    return commands, np.array(rows, dtype=np.int64).reshape(-1, d.RULE_COLUMNS), _rings(dram, rows)


def _rings(dram: ResolvedDram, rows: list[tuple[int, int, int, int, int, int]]) -> Int64Array:
    """The last cycles of a command at each node, one row per rule with a window; "long ago" at first."""
    windowed = [row for row in rows if row[d.RULE_RING] != NONE]
    banks = int(np.prod(dram.counts[: dram.bank_level + 1]))
    width = max((banks // row[d.RULE_SPAN] * (row[d.RULE_WINDOW] + 1) for row in windowed), default=1)
    rings = np.full((max(len(windowed), 1), width), -FAR // 2, dtype=np.int64)
    for row in windowed:
        window = row[d.RULE_WINDOW]
        rings[row[d.RULE_RING], window : banks // row[d.RULE_SPAN] * (window + 1) : window + 1] = 0
    return rings
