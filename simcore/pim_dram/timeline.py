"""The timeline of a run: its phases, and what every subarray does in them.

The phases are those that ran. What subarrays do in the wanted cycles is simulated again on the reference engine, which knows the
cause of each wait when it comes. Both engines take the same cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from simcore.dram.outcome import COMMAND_CLOCK, COMMAND_LEVELS
from simcore.engine.micro_programs import trace_work
from simcore.errors import InputError
from simcore.pim.activity import Activity, PhaseActivity
from simcore.pim.phases import PHASE_KINDS, Phase
from simcore.pim.work import PimWork
from simcore.pim_dram.interval import Entry
from simcore.pim_dram.layers import Done, PhaseDone
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.pipelined import Pipeline, entries_of, steps_of, work_of_channel
from simcore.pim_dram.plan import NetworkPlan
from simcore.pim_dram.run import work_of_phase
from simcore.program.program import Int64Array
from simcore.program.traces import NOTHING, Take, Traced

#: The most commands of a phase that are simulated before the first wanted cycle: some minutes.
MOST_BEFORE = 1_000_000


@dataclass(frozen=True)
class Span:
    """Cycles of a layer, or of all stages of a pipeline (layer ""), that begin on an idle machine.

    ``row`` has the columns of PhaseActivity, ``shares`` the layers of stages and their rows. ``works`` makes the work of each
    channel that is told apart.
    """

    layer: str
    row: tuple[int, ...]
    works: Callable[[], Iterable[PimWork]]
    shares: tuple[tuple[str, tuple[int, ...]], ...] = ()


def hand_over_timeline(
    machine: PimMachine, plan: NetworkPlan, done: Mapping[str, Done], pipeline: Pipeline | None, traced: Traced
) -> None:
    """Hand over all phases of a run, then the operations and commands of those in the wanted cycles.

    ``done`` has what each layer did, by name.
    """

    def wanted() -> Iterator[Span]:
        """Yield the spans that have a wanted cycle, in the order of their starts."""
        for span in _layers(machine, plan, done) if pipeline is None else _steps(machine, plan, pipeline):
            if traced.is_over(span.row[PhaseActivity.CYCLE]):
                return
            if _end(span) > traced.first_cycle:
                yield span

    for span in wanted():
        for layer, row in ((span.layer, span.row), *span.shares):
            if traced.phases is not None and row[PhaseActivity.CYCLES]:
                traced.phases(layer, np.array([row], dtype=np.int64))
    for span in wanted():
        _refuse_late_cycles(span, traced.first_cycle)
        for channel, work in enumerate(span.works()):
            trace_work(work, _of_span(traced, span, channel, machine.banks))


def _refuse_late_cycles(span: Span, first: int) -> None:
    """Raise InputError if too many commands of a span come before the first wanted cycle, because all of them are simulated."""
    start, cycles = span.row[PhaseActivity.CYCLE], span.row[PhaseActivity.CYCLES]
    commands = sum(work.commands for work in span.works())
    before = commands * max(first - start, 0) // cycles
    if before > MOST_BEFORE:
        phase = f"{PHASE_KINDS[span.row[PhaseActivity.KIND]]}{f' of {span.layer}' if span.layer else ''}"
        message = f"expected a first cycle up to {start + cycles * MOST_BEFORE // commands} in the phase '{phase}', got {first}"
        hint = f"the phase begins in cycle {start}, and everything from there on is simulated again"
        raise InputError(message, "--cycles", hint)


def _end(span: Span) -> int:
    return span.row[PhaseActivity.CYCLE] + span.row[PhaseActivity.CYCLES]


def _layers(machine: PimMachine, plan: NetworkPlan, done: Mapping[str, Done]) -> Iterator[Span]:
    """Yield the phases of layers that follow each other."""
    start = 0
    for layer in plan.layers:
        for each in done[layer.name].phases if layer.name in done else ():
            for _ in range(each.phase.times):
                row = _row(start, each.run.cycles, each.phase)
                yield Span(layer.name, row, lambda phase=each.phase: [work_of_phase(machine, phase)])  # type: ignore[misc]
                start += each.run.cycles


def _steps(machine: PimMachine, plan: NetworkPlan, pipeline: Pipeline) -> Iterator[Span]:
    """Yield the steps of an interval, each with the shares of the layers in it."""
    phases: dict[str, Iterator[PhaseDone]] = {name: iter(done.phases) for name, done in pipeline.every.items()}
    start = 0
    for step, (entries, beside) in zip(pipeline.steps, steps_of(machine, entries_of(plan)), strict=True):
        ends: dict[tuple[int, bool], int] = {}
        shares = []
        for number, entry in enumerate((*entries, *beside)):
            place, cycles = (entry.stage, number >= len(entries)), next(phases[entry.layer]).run.cycles
            begin = ends.get(place, start)
            ends[place] = begin + cycles
            shares.append((entry.layer, _row(begin, cycles, entry.phase, *place)))

        def works(of: tuple[list[Entry], list[Entry]] = (entries, beside)) -> list[PimWork]:
            return [work_of_channel(machine, *of, channel) for channel in range(machine.channels)]

        yield Span("", _row(start, step.cycles, entries[0].phase), works, tuple(shares))
        start += step.cycles


def _row(start: int, cycles: int, phase: Phase, stage: int = NOTHING, beside: bool = False) -> tuple[int, ...]:
    kind = PHASE_KINDS.index(phase.kind)
    return start, cycles, kind, stage, int(beside), phase.repeats, phase.banks, phase.subarrays


def _of_span(traced: Traced, span: Span, channel: int, banks: int) -> Traced:
    """Return what is traced of a span, in cycles from its start on and banks of the channel."""
    start, end = span.row[PhaseActivity.CYCLE], _end(span)
    last = end if traced.end_cycle is None else min(end, traced.end_cycle)

    def moved(take: Take | None, move: Callable[[Int64Array], None]) -> Take | None:
        """Return a taker of rows that moves them into the run's cycles and banks first, or None for nothing to take them."""

        def taken(_: str, rows: Int64Array) -> None:
            move(rows)
            assert take is not None
            take(span.layer, rows)

        return None if take is None else taken

    def operations(rows: Int64Array) -> None:
        rows[:, Activity.CYCLE] += start
        rows[:, Activity.BANK] += channel * banks

    def commands(rows: Int64Array) -> None:
        rows[:, COMMAND_CLOCK] += start
        rows[:, COMMAND_LEVELS] = channel

    return replace(
        traced,
        first_cycle=max(traced.first_cycle - start, 0),
        end_cycle=last - start,
        operations=moved(traced.operations, operations),
        commands=moved(traced.commands, commands),
    )
