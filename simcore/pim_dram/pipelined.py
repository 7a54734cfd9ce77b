"""A pipeline of stages, each on banks of its own: in every interval all stages work on different images.

An interval has steps, one for each kind of phase. In a step all banks begin together and share the limits, the command bus and
the data bus; it ends when the last bank has finished. If transfers overlap, what a stage moves has no step of its own: while its
banks multiply, a further subarray of each brings the inputs of the next image and takes the results of the one before away. A
stage with several layers does their work in turn, each subarray its own part of it. The stage's cycles, and what it shares with
other stages (refreshes, the standby of ranks), are told by layer in proportion to the operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise, product
from typing import Any

import numpy as np

from simcore.dram.tables import IntArray
from simcore.pim.limits import CAUSES
from simcore.pim.outcome import PimOutcome
from simcore.pim.phases import PHASE_KINDS
from simcore.pim.sequence import COLUMNS, joined
from simcore.pim.sequence import Sequence as Operations
from simcore.pim.work import PimWork
from simcore.pim_dram.interval import Bounds, Entry, Step, bounds_of
from simcore.pim_dram.layers import Done, PhaseDone
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.plan import NetworkPlan, PlannedLayer
from simcore.pim_dram.run import PhaseRun, PhaseRuns, commands_of, work_of


@dataclass(frozen=True)
class Pipeline:
    """What each layer does for every image and before the first, by name, and the cycles between two images.

    ``once_cycles`` are those before the first image, in which all stages write their weights at the same time. ``bounds`` says
    how many cycles each thing that stages share, and the slowest stage, need at least (`simcore.pim_dram.interval`).
    """

    every: Mapping[str, Done]
    once: Mapping[str, Done]
    once_cycles: int
    steps: tuple[Step, ...]
    bounds: Bounds
    stages: int
    intervals_per_stage: int

    @property
    def interval_cycles(self) -> int:
        """Return the cycles between two images."""
        return sum(step.cycles for step in self.steps)

    @property
    def latency_cycles(self) -> int:
        """Return the cycles of one image, which takes an interval in each stage, or three if transfers overlap."""
        return self.stages * self.intervals_per_stage * self.interval_cycles


def run_pipeline(machine: PimMachine, runs: PhaseRuns, plan: NetworkPlan) -> Pipeline:
    """Run all steps of an interval, and the writing of weights before the first image."""
    every = entries_of(plan)
    done: dict[str, list[PhaseDone]] = {}
    steps = _steps(machine, runs, every, done)
    first: dict[str, list[PhaseDone]] = {}
    before_first = _steps(machine, replace(runs, log=None), _entries(plan, lambda layer: layer.once), first)
    by_layer, before = ({name: Done(machine, tuple(phases)) for name, phases in found.items()} for found in (done, first))
    return Pipeline(
        every=by_layer,
        once=before,
        once_cycles=sum(step.cycles for step in before_first),
        steps=steps,
        bounds=bounds_of(machine, every, overlap=_overlaps(machine, every)),
        stages=len({entry.stage for entry in every}),
        intervals_per_stage=3 if _overlaps(machine, every) else 1,
    )


def _overlaps(machine: PimMachine, entries: Sequence[Entry]) -> bool:
    return machine.spec.overlap_transfers and {"multiply", "move"} <= {entry.phase.kind for entry in entries}


def entries_of(plan: NetworkPlan) -> list[Entry]:
    """Return what all layers do for every image."""
    return _entries(plan, lambda layer: layer.phases)


def _entries(plan: NetworkPlan, phases_of: Any) -> list[Entry]:
    def entries(layer: PlannedLayer) -> Iterator[Entry]:
        stage = layer.placed.stage
        for phase in phases_of(layer):
            whole = replace(phase, repeats=phase.repeats * phase.times, times=1)
            yield Entry(layer.name, stage, plan.placed.stages[stage].first_bank, whole)

    return [entry for layer in plan.layers for entry in entries(layer)]


def _steps(machine: PimMachine, runs: PhaseRuns, entries: Sequence[Entry], done: dict[str, list[PhaseDone]]) -> tuple[Step, ...]:
    """Run the steps one after the other: one for each kind of phase, or for multiplications and transfers together."""
    return tuple(_step(machine, runs, of_kind, beside, done) for of_kind, beside in steps_of(machine, entries))


def steps_of(machine: PimMachine, entries: Sequence[Entry]) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """Yield the entries of each step of an interval, and those that transfer beside them."""
    moves = [entry for entry in entries if entry.phase.kind == "move"] if _overlaps(machine, entries) else []
    for kind in PHASE_KINDS:
        of_kind = [entry for entry in entries if entry.phase.kind == kind and entry not in moves]
        if of_kind:
            yield of_kind, moves if kind == "multiply" else []


def _step(
    machine: PimMachine,
    runs: PhaseRuns,
    entries: Sequence[Entry],
    beside: Sequence[Entry],
    done: dict[str, list[PhaseDone]],
) -> Step:
    """Run entries at the same time, others beside them, add their runs to those of their layers, and return the step."""
    measured, moved = _measured(machine, runs, entries, beside)
    every = [*entries, *beside]
    weights, cycles = [len(entry.sequence) for entry in every], max(measured.cycles, moved.cycles)
    rank_cycles = cycles * machine.ranks * machine.channels
    shared = [split(total, weights) for total in (measured.refreshes, measured.open_cycles, rank_cycles)]
    elsewhere = [_not_told_apart(run) for run in _stage_runs(machine, moved, beside)]
    found = [*_stage_runs(machine, measured, entries), *elsewhere]
    for number, (entry, run) in enumerate(zip(every, found, strict=True)):
        units = entry.phase.banks * entry.phase.subarrays
        commands = units * commands_of(entry.sequence, machine.dram) + shared[0][number]
        whole = replace(run, command_counts=commands, open_cycles=int(shared[1][number]), rank_cycles=int(shared[2][number]))
        whole = replace(whole, first_bank=entry.first_bank)
        done.setdefault(entry.layer, []).append(PhaseDone(entry.phase, whole))
    return _ended(measured, entries) if measured.cycles >= moved.cycles else _ended(moved, beside)


def _not_told_apart(run: PhaseRun) -> PhaseRun:
    """Return a run without the cycles by subarray, because another subarray did it than those that are told apart."""
    return replace(run, busy_cycles=np.zeros_like(run.busy_cycles), unit_stall_cycles=np.zeros_like(run.unit_stall_cycles))


def _ended(measured: _Measured, entries: Sequence[Entry]) -> Step:
    """Return a step as what the subarray did that finished last."""
    at = np.unravel_index(measured.finished.argmax(), measured.finished.shape)
    stage = next(entry.stage for entry in entries if int(at[1]) in entry.banks)
    layers = dict.fromkeys(entry.layer for entry in entries if entry.stage == stage)
    stalls = measured.stalls[at]
    return Step(entries[0].phase.kind, measured.cycles, measured.cycles - int(stalls.sum()), stalls, tuple(layers))


@dataclass(frozen=True)
class _Measured:
    """What the engine measured in all channels. Arrays are [subarray, bank]; ``refreshes`` is [command]."""

    cycles: int
    finished: IntArray
    stalls: IntArray
    refreshes: IntArray
    open_cycles: int


def _measured(
    machine: PimMachine, runs: PhaseRuns, entries: Sequence[Entry], beside: Sequence[Entry]
) -> tuple[_Measured, _Measured]:
    """Return what was measured of these entries, and of those beside them, each of which has the place of its first subarray."""
    subarrays = max(entry.phase.subarrays for entry in entries)
    finished = np.zeros((machine.subarrays, machine.shown_banks), np.int64)
    stalls = np.zeros((*finished.shape, len(CAUSES)), np.int64)
    moved, moved_stalls = finished.copy(), stalls.copy()
    refreshes, opened = np.zeros(len(machine.dram.commands), np.int64), 0
    outcomes: list[PimOutcome] = []
    for channel in range(machine.channels):
        banks = range(channel * machine.banks, (channel + 1) * machine.banks)
        work = work_of_channel(machine, entries, beside, channel)
        every = tuple(chain(work.sequences, *work.further))
        if not work.beside and runs.may_run_one(tuple(dict.fromkeys(every))):
            alone = runs.each_alone(every)
            finished[:subarrays, banks.start : banks.stop] = np.reshape([each.cycles for each in alone], (subarrays, -1))
            opens = np.reshape([each.open_cycles.sum() for each in alone], (subarrays, -1))
            opened += sum(int(opens[:, rank :: machine.ranks].max(initial=0)) for rank in range(machine.ranks))
            continue
        outcome = runs.outcome(work)
        outcomes.append(outcome)
        ended, waited = outcome.finished.reshape(-1, machine.banks), outcome.stalls.reshape(-1, machine.banks, len(CAUSES))
        finished[:subarrays, banks.start : banks.stop] = ended[:subarrays]
        stalls[:subarrays, banks.start : banks.stop] = waited[:subarrays]
        if len(ended) > subarrays:
            moved[0, banks.start : banks.stop], moved_stalls[0, banks.start : banks.stop] = ended[-1], waited[-1]
        refreshes += _refreshes(outcome)
        opened += int(outcome.open_cycles.sum())
    if outcomes:
        runs.write_down(outcomes)
    none = np.zeros_like(refreshes)
    return (
        _Measured(int(finished.max()), finished, stalls, refreshes, opened),
        _Measured(int(moved.max()), moved, moved_stalls, none, 0),
    )


def work_of_channel(machine: PimMachine, entries: Sequence[Entry], beside: Sequence[Entry], channel: int) -> PimWork:
    """Return what the banks of a channel do in a step."""
    banks = range(channel * machine.banks, (channel + 1) * machine.banks)
    subarrays = max(entry.phase.subarrays for entry in entries)
    first, *further = _sequences(entries, banks, subarrays)
    movers = _sequences(beside, banks, 1)[0]
    return work_of(machine, first, subarrays, beside=movers if any(map(len, movers)) else (), further=tuple(further))


def _refreshes(outcome: PimOutcome) -> IntArray:
    found: IntArray = outcome.command_counts.sum(axis=0) * outcome.dram.refreshes
    return found


def _sequences(entries: Sequence[Entry], banks: range, subarrays: int) -> list[tuple[Operations, ...]]:
    """Return what each subarray of each bank does in a step, [subarray][bank]; one object for those that do the same.

    A subarray does the phases in which it takes part, one after the other, and does not wait for those in which it has no part.
    """
    made: dict[tuple[int, ...], Operations] = {}

    def sequence(subarray: int, bank: int) -> Operations:
        members = tuple(number for number, entry in enumerate(entries) if entry.works_in(subarray, bank))
        if members not in made:
            made[members] = _after_each_other([entries[number].sequence for number in members])
        return made[members]

    return [tuple(sequence(subarray, bank) for bank in banks) for subarray in range(subarrays)]


def _after_each_other(mine: Sequence[Operations]) -> Operations:
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
    for bank, (first, last) in product(
        entries[number].banks, pairwise(sorted({0, *(entry.phase.subarrays for entry in entries)}))
    ):
        together = [at for at, entry in enumerate(entries) if entry.works_in(last - 1, bank)]
        if number in together:
            weights, mine = [len(entries[at].sequence) for at in together], together.index(number)
            busy[first:last, bank] = split(computing[first:last, bank], weights)[mine]
            waits[first:last, bank] = split(measured.stalls[first:last, bank], weights)[mine]
    none = np.zeros(len(machine.dram.commands), np.int64)
    return PhaseRun(computed + int(stalled.sum()), computed, stalled, bank, busy, waits, none, 0, 0)


def split(total: Any, weights: Sequence[int]) -> list[Any]:
    """Return whole shares of ``total``, a number or an array of them, in proportion to the weights; their sum is the total."""
    whole = np.asarray(total, dtype=object)
    parts = [whole * below // sum(weights) for below in (0, *accumulate(weights))]
    return [np.asarray(after - before, dtype=np.int64) for before, after in pairwise(parts)]
