"""The run of phases on an engine. Equal phases run once, and subarrays that share nothing are run as one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram
from simcore.engine.micro_programs import run_work
from simcore.engine.shortcuts import Shortcuts
from simcore.pim.limits import CAUSES
from simcore.pim.outcome import PimOutcome
from simcore.pim.phases import Phase
from simcore.pim.sequence import BURSTS, FIRST, HOLD, NONE, SECOND, TRANSFER, Sequence, repeated
from simcore.pim.work import PimWork
from simcore.pim_dram.commands import CommandLog
from simcore.pim_dram.machine import PimMachine


@dataclass(frozen=True)
class PhaseRun:
    """A phase that ran once. ``cycles`` are compute_cycles and all of ``stall_cycles`` (by cause).

    Arrays over subarrays are [subarray, bank], of all that are told apart; those that took no part have zeros. Commands, and
    cycles of ranks, are those of one of `PimMachine.copies` channels that do the same.
    """

    cycles: int
    compute_cycles: int
    stall_cycles: IntArray  # [cause]
    critical_bank: int  # the bank whose subarray finished last
    busy_cycles: IntArray  # [subarray, bank], cycles in which it computed
    unit_stall_cycles: IntArray  # [subarray, bank, cause]
    command_counts: IntArray  # [command]
    open_cycles: int  # in which a row of a rank was open, summed over ranks
    rank_cycles: int  # of all ranks
    first_bank: int = 0  # the first of the banks that took part


@dataclass
class PhaseRuns:
    """Runs phases on one engine, and remembers those that ran."""

    machine: PimMachine
    engine: str
    shortcuts: Shortcuts
    log: CommandLog | None = None
    _known: dict[tuple[bytes, int, int, int], PhaseRun] = field(default_factory=dict)

    def run(self, phase: Phase) -> PhaseRun:
        """Return the run of a phase, once (not ``times`` times)."""
        if not self.shortcuts.equal_layers or self.log is not None:
            return self._run(phase)
        repeats = phase.sequence.repeats * phase.repeats
        key = phase.sequence.operations.tobytes(), repeats, phase.banks, phase.subarrays
        if key not in self._known:
            alone = self.may_run_one((phase.sequence,))
            self._known[key] = self._run_one(phase) if alone else self._run(phase)
        return self._known[key]

    def may_run_one(self, sequences: tuple[Sequence, ...]) -> bool:
        """Return whether one subarray can stand for all that do the same, because none waits for another."""
        return self.shortcuts.equal_layers and self.log is None and all(shares_nothing(self.machine, each) for each in sequences)

    def each_alone(self, sequences: tuple[Sequence, ...]) -> list[PimOutcome]:
        """Return the outcome of each sequence in a subarray of its own, run without the others."""
        known: dict[tuple[bytes, int], PimOutcome] = {}
        found: dict[Sequence, PimOutcome] = {}
        for sequence in dict.fromkeys(sequences):
            key = sequence.operations.tobytes(), sequence.repeats
            if key not in known:
                known[key] = self.outcome(work_of(self.machine, (sequence,), 1))
            found[sequence] = known[key]
        return [found[sequence] for sequence in sequences]

    def outcome(self, work: PimWork) -> PimOutcome:
        """Return the outcome of a work on the banks of one channel."""
        return run_work(work, self.engine, record_commands=self.log is not None, shortcuts=self.shortcuts)

    def write_down(self, channels: list[PimOutcome]) -> None:
        """Add the commands of a phase in these channels to the stream, if one is wanted."""
        if self.log is not None:
            for channel, outcome in enumerate(channels):
                self.log.add(outcome.commands, channel)
            self.log.clock += max(outcome.cycles for outcome in channels)

    def _run(self, phase: Phase) -> PhaseRun:
        """Run a phase on all its subarrays."""
        outcome = self.outcome(work_of_phase(self.machine, phase))
        for _ in range(phase.times if self.log is not None else 0):
            self.write_down([outcome])
        return phase_run(outcome, phase, self.machine)

    def _run_one(self, phase: Phase) -> PhaseRun:
        """Run a phase on one subarray, and return what all of them do."""
        machine = self.machine
        outcome = self.outcome(work_of(machine, (repeated(phase.sequence, phase.repeats),), 1))
        units = phase.subarrays * phase.banks
        busy = np.zeros((machine.subarrays, machine.banks), np.int64)
        busy[: phase.subarrays, : phase.banks] = outcome.cycles
        return PhaseRun(
            cycles=outcome.cycles,
            compute_cycles=outcome.cycles,
            stall_cycles=np.zeros(len(CAUSES), np.int64),
            critical_bank=0,
            busy_cycles=busy,
            unit_stall_cycles=np.zeros((machine.subarrays, machine.banks, len(CAUSES)), np.int64),
            command_counts=units * outcome.command_counts.sum(axis=0),
            open_cycles=min(phase.banks, machine.ranks) * int(outcome.open_cycles.sum()),
            rank_cycles=outcome.cycles * machine.ranks,
        )


def work_of(
    machine: PimMachine,
    sequences: tuple[Sequence, ...],
    subarrays: int,
    *,
    beside: tuple[Sequence, ...] = (),
    further: tuple[tuple[Sequence, ...], ...] = (),
) -> PimWork:
    """Return the work of banks of one channel of the machine, with the arguments of `PimWork`."""
    return PimWork(machine.channel_dram, machine.limits, sequences, subarrays, machine.spec.lock_step, beside, further)


def work_of_phase(machine: PimMachine, phase: Phase) -> PimWork:
    """Return the work of a phase, once, on all of its subarrays."""
    return work_of(machine, (repeated(phase.sequence, phase.repeats),) * phase.banks, phase.subarrays)


def shares_nothing(machine: PimMachine, sequence: Sequence) -> bool:
    """Return whether subarrays with this sequence never wait for each other: no limit holds, no data move, no row is held."""
    limits, operations = machine.limits, sequence.operations
    limited = limits.trrd or limits.tfaw or limits.command_bus or limits.power_cycles or limits.refresh != "none"
    return not limited and not operations[:, BURSTS].any() and not operations[:, HOLD].any()


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
        critical_bank=outcome.critical_unit % phase.banks,
        busy_cycles=busy,
        unit_stall_cycles=stalls,
        command_counts=outcome.command_counts.sum(axis=0),
        open_cycles=int(outcome.open_cycles.sum()),
        rank_cycles=outcome.cycles * machine.ranks,
    )


def commands_of(sequence: Sequence, dram: ResolvedDram) -> IntArray:
    """Return how often a sequence issues each command, [command]. Refreshes are not its own."""
    operations, found = sequence.operations, np.zeros(len(dram.commands), np.int64)
    second, moves = operations[:, SECOND] != NONE, operations[:, BURSTS] > 0
    np.add.at(found, operations[:, FIRST], 1)
    np.add.at(found, operations[second, SECOND], 1)
    np.add.at(found, operations[moves, TRANSFER], operations[moves, BURSTS])
    found[dram.roles["precharge"]] += len(operations) + int(sequence.row_copies.sum())
    return found * sequence.repeats
