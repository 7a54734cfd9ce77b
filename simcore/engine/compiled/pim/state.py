"""The initial tables of the issuer of micro-programs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simcore.dram.resolve_rules import constraint_array
from simcore.dram.tables import IntArray, ResolvedDram, Rule
from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dram.device_state import device_tables
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.tables import PimTables
from simcore.pim.causes import hold_commands, parts_of, sensing_cycles
from simcore.pim.limits import CAUSES
from simcore.pim.sequence import BURSTS, FIRST, SECOND, TRANSFER, Sequence
from simcore.pim.work import PimWork
from simcore.program.program import Int64Array

#: The number of commands in a piece of the log.
_LOG_ROWS = 1 << 16


def pim_tables(work: PimWork, record_commands: bool) -> PimTables:
    """Return the tables of a run from idle subarrays."""
    dram = work.device_dram
    parts, commands = parts_of(dram)[: c.PART_COPY + work.has_row_copies], len(dram.commands)
    refresh = {"none": -1, "all-bank": dram.roles["refresh_all"], "per-bank": dram.roles["refresh_bank"]}[work.limits.refresh]
    distinct = work.distinct
    operations = np.concatenate([sequence.operations for sequence in distinct])
    used = {dram.roles["precharge"], refresh, *operations[:, FIRST].tolist(), *operations[:, SECOND].tolist()}
    used = {*used, *operations[operations[:, BURSTS] > 0, TRANSFER].tolist()} - {-1}
    replicas = {part * commands + command for part in range(len(parts)) for command in used}
    units, groups = _units(work, dram, distinct, refresh)
    refreshes = _refreshes(dram, refresh)
    log_rows = max(_LOG_ROWS, 2 * (len(units) + len(refreshes))) if record_commands else 0
    interval = 0 if refresh < 0 else dram.refresh_interval if work.limits.refresh == "all-bank" else dram.refresh_bank_interval
    return PimTables(
        device=device_tables(stacked(dram, parts), replicas, log_rows),
        fixed=_fixed(work, [len(parts), commands], [refresh, interval, int(work.limits.refresh == "all-bank")]),
        progress=_progress(interval, int((units[:, c.UNIT_TOTAL] > 0).sum())),
        units=units,
        stalls=np.zeros((len(units), len(CAUSES)), dtype=np.int64),
        operations=operations,
        groups=groups,
        refreshes=refreshes,
        peripheries=np.zeros((len(work.sequences), c.PERIPHERY_COLUMNS), dtype=np.int64),
    )


def _progress(interval: int, left: int) -> Int64Array:
    progress = np.zeros(c.PROGRESS_COLUMNS, dtype=np.int64)
    progress[[c.PROGRESS_NEXT_DUE, c.PROGRESS_LEFT]] = interval, left
    progress[[c.PROGRESS_STOP_TIME, c.PROGRESS_STOP_LEVELS, c.PROGRESS_HIGH]] = FAR
    return progress


def _fixed(work: PimWork, sizes: list[int], refresh: list[int]) -> Int64Array:
    dram = work.device_dram
    read, write = dram.roles["read"], dram.roles["write"]
    times = [sensing_cycles(dram, read), sensing_cycles(dram, write), dram.timing["nWR"]]
    copies = [int(work.has_row_copies), dram.rows_per_subarray, *hold_commands(dram).values()]
    return np.array([*sizes, dram.roles["precharge"], write, *refresh, *times, *copies], dtype=np.int64)


def stacked(dram: ResolvedDram, parts: tuple[ResolvedDram, ...]) -> ResolvedDram:
    """Return a DRAM with every command once for each part, so that each part's rules hold among its own commands alone.

    Only the first part's commands open and close rows.
    """
    commands, times = len(dram.commands), len(parts)
    moved = [_moved(rule, part * commands) for part, of in enumerate(parts) for rule in of.rules]

    def first_only(flags: IntArray) -> IntArray:
        return np.concatenate([flags, np.zeros(commands * (times - 1), dtype=np.int64)])

    return replace(
        dram,
        commands=tuple(f"{name}/{part}" for part in range(times) for name in dram.commands),
        command_level=np.tile(dram.command_level, times),
        command_bus=np.tile(dram.command_bus, times),
        opens=first_only(dram.opens),
        closes=first_only(dram.closes),
        reads=first_only(dram.reads),
        writes=first_only(dram.writes),
        rules=tuple(moved),
        constraints=constraint_array(moved),
    )


def _moved(rule: Rule, by: int) -> Rule:
    preceding, following = (tuple(command + by for command in side) for side in (rule.preceding, rule.following))
    return replace(rule, preceding=preceding, following=following)


def _units(work: PimWork, dram: ResolvedDram, distinct: list[Sequence], refresh: int) -> tuple[Int64Array, Int64Array]:
    """Return the tables of units and of their groups."""
    starts = np.concatenate([[0], np.cumsum([len(sequence.operations) for sequence in distinct])])
    nodes, span = work.units, _span(dram, refresh)
    units = np.zeros((len(nodes), c.UNIT_COLUMNS), dtype=np.int64)
    for unit, node in enumerate(nodes):
        sequence, place = work.sequence(unit), int(np.ravel_multi_index(node, dram.node_counts))
        first = int(starts[distinct.index(sequence)])
        units[unit, [c.UNIT_NODE, c.UNIT_FIRST, c.UNIT_AT]] = place, first, first
        units[unit, [c.UNIT_END, c.UNIT_TOTAL]] = first + len(sequence.operations), len(sequence)
        units[unit, [c.UNIT_GROUP, c.UNIT_REFRESH]] = work.group(unit), place // span if refresh >= 0 else 0
        units[unit, c.UNIT_BANK] = work.bank(unit)
        units[unit, c.UNIT_ROW] = node[-1] * dram.rows_per_subarray
    groups = np.zeros((1 + int(units[:, c.UNIT_GROUP].max()), c.GROUP_COLUMNS), dtype=np.int64)
    for group in range(len(groups)):
        members = units[units[:, c.UNIT_GROUP] == group]
        groups[group, c.GROUP_AIM] = int((members[:, c.UNIT_TOTAL] > 0).sum())
    return units, groups


def _refreshes(dram: ResolvedDram, refresh: int) -> Int64Array:
    """Return the nodes that are refreshed as a whole; one that is never due if there is no refresh."""
    span = _span(dram, refresh)
    count = 1 if refresh < 0 else int(np.prod(dram.node_counts)) // span
    refreshes = np.zeros((count, c.REFRESH_COLUMNS), dtype=np.int64)
    refreshes[:, c.REFRESH_NODE] = np.arange(count) * span
    refreshes[:, c.REFRESH_SPAN] = span
    return refreshes


def _span(dram: ResolvedDram, refresh: int) -> int:
    """Return the number of subarrays below a node that is refreshed as a whole."""
    return int(np.prod(dram.node_counts[int(dram.command_level[refresh]) + 1 :])) if refresh >= 0 else 1
