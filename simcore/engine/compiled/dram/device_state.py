"""The initial tables of the compiled DRAM device, from a resolved standard, and the counts that they hold after a run."""

from __future__ import annotations

import numpy as np

from simcore.dram.tables import FOLLOWING, LATENCY, LEVEL, PRECEDING, SIBLING, WINDOW, IntArray, ResolvedDram
from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.dram.tables import DeviceTables
from simcore.program.program import Int64Array


def device_tables(dram: ResolvedDram, used: set[int], log_rows: int = 0) -> DeviceTables:
    """Return a closed DRAM for an issuer of the commands in ``used``, with a log of ``log_rows`` commands (0: no log)."""
    commands, rules, rings = _rules(dram, used)
    banks, ranks = int(np.prod(dram.node_counts)), int(np.prod(dram.counts[: dram.rank_level + 1]))
    bank_table = np.zeros((d.BANK_COLUMNS, banks), dtype=np.int64)
    bank_table[d.BANK_ROW] = NONE
    bank_table[d.BANK_RANK] = np.arange(banks) // _span(dram, dram.rank_level)
    return DeviceTables(
        commands=commands,
        rules=rules,
        rings=rings,
        ready=np.zeros((len(dram.commands), banks), dtype=np.int64),
        banks=bank_table,
        ranks=np.zeros((ranks, d.RANK_COLUMNS), dtype=np.int64),
        issued=np.zeros((ranks, len(dram.commands)), dtype=np.int64),
        totals=np.zeros(d.TOTAL_COLUMNS, dtype=np.int64),
        log=np.zeros((log_rows, d.LOG_COLUMNS), dtype=np.int64),
    )


def open_cycles(device: DeviceTables, end: int) -> Int64Array:
    """Return, per rank, the cycles before ``end`` in which one of its banks was open."""
    ranks = device.ranks
    still_open = np.where(ranks[:, d.RANK_OPEN] > 0, end - ranks[:, d.RANK_SINCE], 0)
    return np.asarray(ranks[:, d.RANK_CYCLES] + still_open)


def logged_commands(dram: ResolvedDram, device: DeviceTables) -> IntArray:
    """Empty the log and return its commands as `simcore.dram.outcome.DramOutcome.commands`, with -1 below the addressed node."""
    log = device.log[: device.totals[d.TOTAL_LOGGED]]
    device.totals[d.TOTAL_LOGGED] = 0
    commands = np.full((len(log), 2 + len(dram.levels)), -1, dtype=np.int64)
    commands[:, 0], commands[:, 1] = log[:, d.LOG_CLOCK], log[:, d.LOG_COMMAND]
    left = log[:, d.LOG_BANK] // _span(dram, dram.bank_level)
    for level in range(dram.bank_level, -1, -1):
        addressed = dram.command_level[log[:, d.LOG_COMMAND]] >= level
        commands[:, 2 + level] = np.where(addressed, left % dram.counts[level], -1)
        left = left // dram.counts[level]
    commands[:, 2 + dram.levels.index("row")] = log[:, d.LOG_ROW]
    commands[:, 2 + dram.levels.index("column")] = log[:, d.LOG_COLUMN]
    return commands


def _span(dram: ResolvedDram, level: int) -> int:
    """Return the number of banks below one node of a level."""
    return int(np.prod(dram.node_counts[level + 1 :]))


def _rules(dram: ResolvedDram, used: set[int]) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return the rules between used commands, sorted by the preceding one, without rules that another rule implies."""
    commands = np.zeros((len(dram.commands), d.COMMAND_COLUMNS), dtype=np.int64)
    commands[:, d.COMMAND_SPAN] = [_span(dram, int(level)) for level in dram.command_level]
    commands[:, d.COMMAND_BUS] = dram.command_bus
    commands[:, d.COMMAND_OPENS], commands[:, d.COMMAND_CLOSES] = dram.opens, dram.closes
    commands[:, d.COMMAND_ACCESSES] = dram.reads | dram.writes
    rows: list[tuple[int, ...]] = []
    rings: dict[tuple[int, int], int] = {}
    for command in range(len(dram.commands)):
        commands[command, d.COMMAND_FIRST_RULE] = len(rows)
        found = _rows_of(dram, command, used, rings) if command in used else []
        found = [(*row, int(commands[row[0], d.COMMAND_SPAN])) for row in found]
        narrow = [row for row in found if _is_narrow(row, int(commands[command, d.COMMAND_SPAN]))]
        rows += [row for row in found if row not in narrow]
        commands[command, d.COMMAND_FIRST_NARROW] = len(rows)
        rows += narrow
        commands[command, d.COMMAND_LAST_RULE] = len(rows)
    table = np.array(rows, dtype=np.int64).reshape(-1, d.RULE_COLUMNS)
    return commands, table, _rings(dram, [dram.rules[rule].window for rule, _ in rings])


def _is_narrow(row: tuple[int, ...], addressed: int) -> bool:
    """Return whether a rule concerns only one place of `ready`."""
    plain = row[d.RULE_WINDOW] == 1 and row[d.RULE_OUTER] == 0
    return plain and max(row[d.RULE_SPAN], addressed) <= row[d.RULE_STRIDE]


def _rows_of(dram: ResolvedDram, command: int, used: set[int], rings: dict[tuple[int, int], int]) -> list[tuple[int, ...]]:
    """Return the rows of `rules` of one preceding command, without the stride, the widest first.

    A rule with a window has a ring for each following command, in which all its preceding commands are counted (``rings``). It
    has as many rows as it counts this command, and each row counts it once. The wide rules come first because a processor stalls
    when it loads as one vector what it has just stored piece by piece.
    """
    plain: dict[tuple[int, int], int] = {}
    rows: list[tuple[int, ...]] = []
    for rule in dram.constraints[dram.constraints[:, PRECEDING] == command].tolist():
        following, span, latency = rule[FOLLOWING], _span(dram, rule[LEVEL]), rule[LATENCY]
        if following not in used or rule[WINDOW] > 1:
            continue
        if rule[SIBLING]:
            outer = _span(dram, rule[LEVEL] - 1)
            if outer > span:
                rows.append((following, latency, 1, 0, NONE, span, outer))
        else:
            plain[following, span] = max(latency, plain.get((following, span), -FAR))
    for number, window in enumerate(dram.rules):
        if window.window > 1 and command in window.preceding:
            for following in sorted(used.intersection(window.following)):
                ring, span = rings.setdefault((number, following), len(rings)), _span(dram, window.level)
                for _ in range(window.preceding.count(command)):
                    latency = plain.pop((following, span), -FAR // 2)
                    rows.append((following, latency, window.window, window.latency, ring, span, 0))
    for (following, span), latency in plain.items():
        if not any(f == following and s > span and other >= latency for (f, s), other in plain.items()):
            rows.append((following, latency, 1, 0, NONE, span, 0))
    return sorted(rows, key=lambda row: -row[d.RULE_SPAN])


def _rings(dram: ResolvedDram, windows: list[int]) -> Int64Array:
    """Return the last cycles of a command at each node, initially "long ago", with one row per rule with a window.

    The part of a node begins at the number of its first bank times the part's length: ``window`` cycles and the place of the
    oldest.
    """
    banks, longest = int(np.prod(dram.node_counts)), max(windows, default=1)
    rings = np.full((max(len(windows), 1), banks * (longest + 1)), -FAR // 2, dtype=np.int64)
    for ring, window in enumerate(windows):
        rings[ring, window :: window + 1] = 0
    return rings
