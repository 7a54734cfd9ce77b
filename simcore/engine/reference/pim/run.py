"""Micro-programs on the reference engine's DRAM."""

from __future__ import annotations

import numpy as np

from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.record import CommandRecord
from simcore.engine.reference.pim.channel import PimChannel
from simcore.pim.outcome import PimOutcome
from simcore.pim.work import PimWork


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
