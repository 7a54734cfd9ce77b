"""Traces on the compiled DRAM controllers."""

from __future__ import annotations

import numpy as np
from numba import int64

from simcore.dram.controller import ControllerSpec
from simcore.dram.outcome import DramOutcome
from simcore.dram.tables import ResolvedDram
from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.kernel import run_dram
from simcore.engine.compiled.dram.state import DramState, dram_state
from simcore.errors import InputError
from simcore.program.program import Int64Array

#: Commands per piece of the log.
_LOG_ROWS = 1 << 16

_VECTOR, _TABLE = int64[::1], int64[:, ::1]

_run_dram = compile_kernel(
    int64(
        _VECTOR,  # fixed
        _VECTOR,  # scalars
        *[_TABLE] * 8,  # commands, rules, rings, ready, banks, ranks, counts, issued
        _VECTOR,  # hit_banks
        *[_TABLE] * 7,  # channels, slots, order, priority, free, fields, xors
        *[_VECTOR] * 2,  # numbers, sizes
        _TABLE,  # log
        *[_VECTOR] * 6,  # earliest, write, address, arrive, depart, kind
    ),
    run_dram,
)


def run_trace(
    dram: ResolvedDram,
    earliest: Int64Array,
    op: Int64Array,
    address: Int64Array,
    controller: ControllerSpec,
    record_commands: bool,
) -> DramOutcome:
    """Run a trace that has been checked. Raises InputError where refreshes come faster than they can be done."""
    state = dram_state(dram, controller)
    arrive, depart, kind = (np.zeros(len(earliest), dtype=np.int64) for _ in range(3))
    log = np.zeros((_LOG_ROWS if record_commands else 0, d.LOG_COLUMNS), dtype=np.int64)
    tables, pieces = [getattr(state, name) for name in DramState.__slots__], []
    while True:
        status = _run_dram(*tables, log, earliest, op, address, arrive, depart, kind)
        logged = int(state.scalars[d.SCALAR_LOGGED])
        pieces.append(_levels(dram, log[:logged]))
        state.scalars[d.SCALAR_LOGGED] = 0
        if status == d.PRIORITY_FULL:
            raise InputError(f"{dram.name}: refreshes are asked for faster than they can be done")
        if status == d.DONE:
            break
    return _outcome(dram, state, (arrive, depart, kind, op), np.concatenate(pieces))


def _outcome(
    dram: ResolvedDram, state: DramState, requests: tuple[Int64Array, Int64Array, Int64Array, Int64Array], commands: Int64Array
) -> DramOutcome:
    arrive, depart, kind, op = requests
    end, ranks = int(state.scalars[d.SCALAR_END]), state.ranks
    still_open = np.where(ranks[:, d.RANK_OPEN] > 0, end - ranks[:, d.RANK_SINCE], 0)
    return DramOutcome(
        dram=dram,
        cycles=end,
        last_command_cycle=int(state.scalars[d.SCALAR_LAST_COMMAND]),
        arrive=arrive,
        depart=depart,
        kind=kind,
        op=op,
        commands=commands,
        command_counts=state.issued,
        open_cycles=ranks[:, d.RANK_CYCLES] + still_open,
        banks=state.counts,
    )


def _levels(dram: ResolvedDram, log: Int64Array) -> Int64Array:
    """The log with a bank's number split into its levels, -1 below the addressed node."""
    commands = np.full((len(log), 2 + len(dram.levels)), -1, dtype=np.int64)
    commands[:, 0], commands[:, 1] = log[:, d.LOG_CLOCK], log[:, d.LOG_COMMAND]
    left = log[:, d.LOG_BANK]
    for level in range(dram.bank_level, -1, -1):
        addressed = dram.command_level[log[:, d.LOG_COMMAND]] >= level
        commands[:, 2 + level] = np.where(addressed, left % dram.counts[level], -1)
        left = left // dram.counts[level]
    commands[:, 2 + dram.levels.index("row")] = log[:, d.LOG_ROW]
    commands[:, 2 + dram.levels.index("column")] = log[:, d.LOG_COLUMN]
    return commands
