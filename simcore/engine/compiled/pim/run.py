"""Micro-programs on the compiled DRAM device."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled.dram.device_state import logged_commands, open_cycles
from simcore.engine.compiled.flat_tables import flattened
from simcore.engine.compiled.kernels import RUN_MICRO_PROGRAMS
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim.replay import replay
from simcore.engine.compiled.pim.state import pim_tables
from simcore.engine.shortcuts import Shortcuts
from simcore.pim.outcome import PimOutcome
from simcore.pim.work import PimWork

#: The number of cycles with events per call of the kernel. Python notices Ctrl-C between calls.
_EVENTS = 1 << 15


def run_work(work: PimWork, record_commands: bool, shortcuts: Shortcuts) -> PimOutcome:
    """Run the sequences until all have finished."""
    dram = work.device_dram
    flat, tables = flattened(pim_tables(work, record_commands))
    if shortcuts.pim_replay and not record_commands:
        total, finished = replay(work, flat, tables)
        commands = logged_commands(dram, tables.device)
        return PimOutcome(work.dram, finished, total.stalls, total.issued[:, : len(dram.commands)], total.open_cycles, commands)
    pieces, status = [], c.MORE
    while status != c.DONE:
        status = RUN_MICRO_PROGRAMS(flat, _EVENTS)
        if status != c.MORE:
            pieces.append(logged_commands(dram, tables.device))
    finished = tables.units[:, c.UNIT_FINISHED].copy()
    return PimOutcome(
        dram=work.dram,
        finished=finished,
        stalls=tables.stalls,
        command_counts=tables.device.issued[:, : len(dram.commands)],
        open_cycles=open_cycles(tables.device, int(finished.max(initial=0))),
        commands=np.concatenate(pieces),
    )
