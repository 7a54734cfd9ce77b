"""The run of phases on an engine. Equal phases run once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.dram.tables import IntArray
from simcore.engine.micro_programs import run_work
from simcore.engine.shortcuts import Shortcuts
from simcore.pim.limits import CAUSES
from simcore.pim.outcome import PimOutcome
from simcore.pim.phases import Phase
from simcore.pim.sequence import repeated
from simcore.pim.work import PimWork
from simcore.pim_dram.machine import PimMachine


@dataclass(frozen=True)
class PhaseRun:
    """A phase that ran once, in one channel. ``cycles`` are compute_cycles and all of ``stall_cycles`` (by cause).

    Arrays over subarrays are [subarray, bank], of all that the machine has; those that took no part have zeros.
    """

    cycles: int
    compute_cycles: int
    stall_cycles: IntArray  # [cause]
    critical: tuple[int, int]  # the subarray and the bank that finished last
    busy_cycles: IntArray  # [subarray, bank], cycles in which it computed
    unit_stall_cycles: IntArray  # [subarray, bank, cause]
    command_counts: IntArray  # [rank, command]
    open_cycles: IntArray  # [rank]


@dataclass
class PhaseRuns:
    """Runs phases on one engine, and remembers those that ran."""

    machine: PimMachine
    engine: str
    shortcuts: Shortcuts
    _known: dict[tuple[bytes, int, int, int], PhaseRun] = field(default_factory=dict)

    def run(self, phase: Phase) -> PhaseRun:
        """Return the run of a phase, once (not ``times`` times)."""
        if not self.shortcuts.equal_layers:
            return self._run(phase)
        key = phase.sequence.operations.tobytes(), phase.sequence.repeats * phase.repeats, phase.banks, phase.subarrays
        if key not in self._known:
            self._known[key] = self._run(phase)
        return self._known[key]

    def _run(self, phase: Phase) -> PhaseRun:
        machine = self.machine
        sequences = (repeated(phase.sequence, phase.repeats),) * phase.banks
        work = PimWork(machine.channel_dram, machine.limits, sequences, phase.subarrays, machine.spec.lock_step)
        return phase_run(run_work(work, self.engine), phase, machine)


def phase_run(outcome: PimOutcome, phase: Phase, machine: PimMachine) -> PhaseRun:
    """Return what an engine measured, by subarray and bank of the machine."""
    stalls = np.zeros((machine.subarrays, machine.banks, len(CAUSES)), np.int64)
    busy = np.zeros((machine.subarrays, machine.banks), np.int64)
    shape = phase.subarrays, phase.banks
    stalls[: phase.subarrays, : phase.banks] = outcome.stalls.reshape(*shape, len(CAUSES))
    busy[: phase.subarrays, : phase.banks] = (outcome.finished - outcome.stalls.sum(axis=1)).reshape(shape)
    return PhaseRun(
        cycles=outcome.cycles,
        compute_cycles=outcome.compute_cycles,
        stall_cycles=outcome.stalls[outcome.critical_unit],
        critical=divmod(outcome.critical_unit, phase.banks),
        busy_cycles=busy,
        unit_stall_cycles=stalls,
        command_counts=outcome.command_counts,
        open_cycles=outcome.open_cycles,
    )
