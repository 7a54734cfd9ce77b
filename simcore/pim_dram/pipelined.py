"""A pipeline of stages, each on banks of its own: in every interval all stages work on different images.

An interval has steps, one for each kind of phase. In a step all banks begin together and share the limits, the command bus and
the data bus; it ends when the last bank has finished. A stage with several layers does their work in turn; its cycles, and
what it shares with other stages (refreshes, the standby of ranks), are told by layer in proportion to the operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from simcore.dram.tables import IntArray
from simcore.pim.limits import CAUSES
from simcore.pim.outcome import PimOutcome
from simcore.pim.phases import PHASE_KINDS, Phase
from simcore.pim.sequence import COLUMNS, joined, repeated
from simcore.pim.sequence import Sequence as Operations
from simcore.pim_dram.layers import Done, PhaseDone
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.plan import NetworkPlan, PlannedLayer
from simcore.pim_dram.run import PhaseRun, PhaseRuns, commands_of


@dataclass(frozen=True)
class Entry:
    """A phase of a layer in the banks of its stage."""

    layer: str
    stage: int
    first_bank: int
    phase: Phase

    @property
    def sequence(self) -> Operations:
        """Return all that a subarray does in the phase."""
        return repeated(self.phase.sequence, self.phase.repeats)

    @property
    def banks(self) -> range:
        """Return the numbers of its banks, counted through all channels."""
        return range(self.first_bank, self.first_bank + self.phase.banks)


@dataclass(frozen=True)
class Pipeline:
    """What each layer does for every image and before the first, by name, and the cycles between two images.

    ``once_cycles`` are those before the first image, in which all stages write their weights at the same time.
    """

    every: Mapping[str, Done]
    once: Mapping[str, Done]
    once_cycles: int
    interval_cycles: int
    stages: int

    @property
    def latency_cycles(self) -> int:
        """Return the cycles of one image, which takes an interval in each stage."""
        return self.stages * self.interval_cycles


def run_pipeline(machine: PimMachine, runs: PhaseRuns, plan: NetworkPlan) -> Pipeline:
    """Run all steps of an interval, and the writing of weights before the first image."""
    every = _entries(plan, lambda layer: layer.phases)
    done: dict[str, list[PhaseDone]] = {}
    interval = _steps(machine, runs, every, done)
    first: dict[str, list[PhaseDone]] = {}
    before_first = _steps(machine, replace(runs, log=None), _entries(plan, lambda layer: layer.once), first)
    by_layer, before = ({name: Done(machine, tuple(phases)) for name, phases in found.items()} for found in (done, first))
    return Pipeline(by_layer, before, before_first, interval, len({entry.stage for entry in every}))


def _entries(plan: NetworkPlan, phases_of: Any) -> list[Entry]:
    def entries(layer: PlannedLayer) -> Iterator[Entry]:
        stage = layer.placed.stage
        for phase in phases_of(layer):
            whole = replace(phase, repeats=phase.repeats * phase.times, times=1)
            yield Entry(layer.name, stage, plan.placed.stages[stage].first_bank, whole)

    return [entry for layer in plan.layers for entry in entries(layer)]


def _steps(machine: PimMachine, runs: PhaseRuns, entries: Sequence[Entry], done: dict[str, list[PhaseDone]]) -> int:
    """Run a step for each kind of phase, one after the other, and return the cycles of all."""
    return sum(_step(machine, runs, [entry for entry in entries if entry.phase.kind == kind], done) for kind in PHASE_KINDS)


def _step(machine: PimMachine, runs: PhaseRuns, entries: Sequence[Entry], done: dict[str, list[PhaseDone]]) -> int:
    """Run entries at the same time, add their runs to those of their layers, and return the cycles until all have finished."""
    if not entries:
        return 0
    measured = _measured(machine, runs, entries)
    weights = [len(entry.sequence) for entry in entries]
    rank_cycles = measured.cycles * machine.ranks * machine.channels
    shared = [split(total, weights) for total in (measured.refreshes, measured.open_cycles, rank_cycles)]
    for number, (entry, run) in enumerate(zip(entries, _stage_runs(machine, measured, entries), strict=True)):
        units = entry.phase.banks * entry.phase.subarrays
        commands = units * commands_of(entry.sequence, machine.dram) + shared[0][number]
        whole = replace(run, command_counts=commands, open_cycles=int(shared[1][number]), rank_cycles=int(shared[2][number]))
        done.setdefault(entry.layer, []).append(PhaseDone(entry.phase, whole))
    return measured.cycles


@dataclass(frozen=True)
class _Measured:
    """What the engine measured in all channels. Arrays are [subarray, bank]; ``refreshes`` is [command]."""

    cycles: int
    finished: IntArray
    stalls: IntArray
    refreshes: IntArray
    open_cycles: int


def _measured(machine: PimMachine, runs: PhaseRuns, entries: Sequence[Entry]) -> _Measured:
    subarrays = max(entry.phase.subarrays for entry in entries)
    finished = np.zeros((machine.subarrays, machine.shown_banks), np.int64)
    stalls = np.zeros((*finished.shape, len(CAUSES)), np.int64)
    refreshes, opened = np.zeros(len(machine.dram.commands), np.int64), 0
    outcomes: list[PimOutcome] = []
    for channel in range(machine.channels):
        banks = range(channel * machine.banks, (channel + 1) * machine.banks)
        sequences = tuple(_work_of(bank, entries) for bank in banks)
        if runs.may_run_one(sequences):
            alone = runs.each_alone(sequences)
            finished[:subarrays, banks.start : banks.stop] = [each.finished.max(initial=0) for each in alone]
            opened += sum(
                max(int(each.open_cycles.sum()) for each in alone[rank :: machine.ranks]) for rank in range(machine.ranks)
            )
            continue
        outcome = runs.outcome(sequences, subarrays)
        outcomes.append(outcome)
        finished[:subarrays, banks.start : banks.stop] = _by_unit(outcome.finished, subarrays)
        stalls[:subarrays, banks.start : banks.stop] = outcome.stalls.reshape(subarrays, machine.banks, -1)
        refreshes += _refreshes(outcome)
        opened += int(outcome.open_cycles.sum())
    if outcomes:
        runs.write_down(outcomes)
    return _Measured(int(finished.max()), finished, stalls, refreshes, opened)


def _by_unit(values: IntArray, subarrays: int) -> IntArray:
    return values.reshape(subarrays, -1)


def _refreshes(outcome: PimOutcome) -> IntArray:
    found: IntArray = outcome.command_counts.sum(axis=0) * outcome.dram.refreshes
    return found


def _work_of(bank: int, entries: Sequence[Entry]) -> Operations:
    """Return what a bank does in a step: the phases of its layers, one after the other."""
    mine = [entry.sequence for entry in entries if bank in entry.banks]
    if not mine:
        return Operations(np.zeros((0, COLUMNS), np.int64))
    if all(np.array_equal(each.operations, mine[0].operations) for each in mine):
        return Operations(mine[0].operations, sum(each.repeats for each in mine))
    return joined(*mine)


def _stage_runs(machine: PimMachine, measured: _Measured, entries: Sequence[Entry]) -> list[PhaseRun]:
    """Return the run of each entry: its share of what the subarray of its stage that finished last did."""
    found: list[PhaseRun | None] = [None] * len(entries)
    for stage in dict.fromkeys(entry.stage for entry in entries):
        members = [number for number, entry in enumerate(entries) if entry.stage == stage]
        banks = sorted({bank for number in members for bank in entries[number].banks})
        last = int(measured.finished[:, banks].argmax())
        at = last // len(banks), banks[last % len(banks)]
        waited = measured.stalls[at]
        weights = [len(entries[number].sequence) for number in members]
        stalls, compute = split(waited, weights), split(int(measured.finished[at] - waited.sum()), weights)
        for number, stalled, computed in zip(members, stalls, compute, strict=True):
            found[number] = _share(machine, measured, entries, number, (stalled, int(computed), at[1]))
    return [run for run in found if run is not None]


def _share(
    machine: PimMachine, measured: _Measured, entries: Sequence[Entry], number: int, critical: tuple[IntArray, int, int]
) -> PhaseRun:
    """Return the run of one entry, with its share of the cycles of each of its banks."""
    stalled, computed, bank = critical
    busy, waits = np.zeros_like(measured.finished), np.zeros_like(measured.stalls)
    computing = measured.finished - measured.stalls.sum(axis=2)
    for each in entries[number].banks:
        together = [at for at, entry in enumerate(entries) if each in entry.banks]
        weights, mine = [len(entries[at].sequence) for at in together], together.index(number)
        busy[:, each] = split(computing[:, each], weights)[mine]
        waits[:, each] = split(measured.stalls[:, each], weights)[mine]
    none = np.zeros(len(machine.dram.commands), np.int64)
    return PhaseRun(computed + int(stalled.sum()), computed, stalled, bank, busy, waits, none, 0, 0)


def split(total: Any, weights: Sequence[int]) -> list[Any]:
    """Return whole shares of ``total``, a number or an array of them, in proportion to the weights; their sum is the total."""
    whole = np.asarray(total, dtype=object)
    parts = [whole * below // sum(weights) for below in (0, *accumulate(weights))]
    return [np.asarray(after - before, dtype=np.int64) for before, after in pairwise(parts)]
