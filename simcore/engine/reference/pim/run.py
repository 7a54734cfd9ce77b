"""Micro-programs on the reference engine's DRAM."""

from __future__ import annotations

import numpy as np

from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.record import CommandRecord
from simcore.engine.reference.pim.activity import ActivityTrace
from simcore.engine.reference.pim.channel import PimChannel
from simcore.engine.reference.traces import CommandTrace
from simcore.pim.outcome import PimOutcome
from simcore.pim.work import PimWork
from simcore.program.traces import Traced


def trace_work(work: PimWork, traced: Traced) -> None:
    """Run the sequences until all have finished, or nothing more is traced, and hand over operations and commands."""
    dram = work.device_dram
    clock, record = DramClock(), CommandRecord(dram, keeps_commands=False)
    commands = None if traced.commands is None else CommandTrace(traced, traced.commands, (1, 1))
    record.tell = None if commands is None else commands.note
    activity = None if traced.operations is None else ActivityTrace(traced, traced.operations, work, dram.roles["write"])
    clock.run(PimChannel(clock, work, record, activity).done)
    for trace in (activity, commands):
        if trace is not None:
            trace.hand_over()


def run_work(work: PimWork, record_commands: bool) -> PimOutcome:
    """Run the sequences until all have finished."""
    clock, record = DramClock(), CommandRecord(work.device_dram, record_commands)
    channel = PimChannel(clock, work, record)
    clock.run(channel.done)
    finished = np.array([subarray.finished for subarray in channel.subarrays], dtype=np.int64)
    return PimOutcome(
        dram=work.dram,
        finished=finished,
        stalls=np.array([list(subarray.stalls.values()) for subarray in channel.subarrays], dtype=np.int64),
        command_counts=record.issued(),
        open_cycles=record.open_cycles(int(finished.max(initial=0))),
        commands=record.commands(),
    )
