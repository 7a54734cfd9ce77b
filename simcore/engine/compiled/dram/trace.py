"""Traces on the compiled request controllers."""

from __future__ import annotations

import numpy as np

from simcore.dram.controller import ControllerSpec
from simcore.dram.outcome import DramOutcome
from simcore.dram.tables import ResolvedDram
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.controller_state import controller_tables
from simcore.engine.compiled.dram.device_columns import TOTAL_LAST_COMMAND
from simcore.engine.compiled.dram.device_state import logged_commands, open_cycles
from simcore.engine.compiled.dram.tables import ControllerTables
from simcore.engine.compiled.flat_tables import flattened
from simcore.engine.compiled.kernels import RUN_TRACE
from simcore.errors import InputError
from simcore.program.program import Int64Array

#: The number of commands in a piece of the log.
_LOG_ROWS = 1 << 16
#: The number of events per call of the kernel. A call takes well below a second, and Python notices Ctrl-C between calls.
_EVENTS = 1 << 16


def run_trace(
    dram: ResolvedDram,
    earliest: Int64Array,
    op: Int64Array,
    address: Int64Array,
    controller: ControllerSpec,
    record_commands: bool,
) -> DramOutcome:
    """Run a trace that has been checked. Raise InputError if refreshes become due faster than the DRAM can do them."""
    flat, tables = flattened(controller_tables(dram, controller, len(earliest), _LOG_ROWS if record_commands else 0))
    pieces, status = [], d.MORE
    while status != d.DONE:
        status = RUN_TRACE(flat, earliest, op, address, _EVENTS)
        if status == d.PRIORITY_FULL:
            raise InputError(f"{dram.name}: refreshes become due faster than the DRAM can do them")
        if status != d.MORE:
            pieces.append(logged_commands(dram, tables.device))
    return _outcome(dram, tables, op, np.concatenate(pieces))


def _outcome(dram: ResolvedDram, tables: ControllerTables, op: Int64Array, commands: Int64Array) -> DramOutcome:
    end, device = int(tables.progress[d.PROGRESS_END]), tables.device
    return DramOutcome(
        dram=dram,
        cycles=end,
        last_command_cycle=int(device.totals[TOTAL_LAST_COMMAND]),
        arrive=tables.answers[d.ANSWER_ARRIVE],
        depart=tables.answers[d.ANSWER_DEPART],
        kind=tables.answers[d.ANSWER_KIND],
        op=op,
        commands=commands,
        command_counts=device.issued,
        open_cycles=open_cycles(device, end),
        banks=tables.counts,
    )
