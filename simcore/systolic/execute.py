"""The execution of a plan on an engine, layer by layer, with reports of progress and, if asked for, a check of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from simcore.engine import run_programs
from simcore.engine.records import Records
from simcore.engine.replay_choice import replay_that_pays
from simcore.kinds.runs import Ran, RunOrder
from simcore.machine.line_writes import no_line_writes
from simcore.machine.machine import build_machine
from simcore.program.outcome import Outcome
from simcore.results import LayerRun
from simcore.spec import System
from simcore.systolic.planned import PlannedLayer
from simcore.systolic.value_check import ValueCheck


def execute(system: System, order: RunOrder, planned: Sequence[PlannedLayer]) -> Ran:
    """Run those planned layers that run. Raise WrongValuesError if a checked value differs from numpy's."""
    check = ValueCheck(planned, system) if order.check_values else None
    running = [layer for layer in planned if layer.runs]
    ends = list(accumulate(layer.steps for layer in running))
    progress, line_writes = order.progress, no_line_writes(build_machine(system))

    def on_step(index: int, step: int) -> None:
        if progress is not None:
            progress(ends[index] - running[index].steps + step, ends[-1], running[index].instance.name)

    def on_layer(index: int, _: Outcome) -> None:
        if check is not None:
            check.compare()
        if progress is not None:
            progress(ends[index], ends[-1], running[index].instance.name)

    steps = sum(layer.steps for layer in running)
    shortcuts = replay_that_pays(order.shortcuts, steps) if order.engine == "compiled" else order.shortcuts
    outcomes = run_programs(
        system,
        (layer.program(system, with_folds=check is not None) for layer in running),
        engine=order.engine,
        shortcuts=shortcuts,
        on_layer=on_layer,
        on_step=None if progress is None else on_step,
        operands=None if check is None else check.operands,
        records=Records(line_writes, order.traced, order.kept),
    )
    said = {} if check is None else check.said
    return Ran(_layer_runs(planned, outcomes, said), line_writes)


def _layer_runs(planned: Sequence[PlannedLayer], outcomes: Sequence[Outcome], values: Mapping[str, str]) -> list[LayerRun]:
    following = iter(outcomes)
    runs = []
    for layer in planned:
        name, op = layer.instance.name, layer.instance.layer.op
        outcome = next(following) if layer.runs else None
        macs = int(layer.facts.get("macs", layer.instance.macs))
        facts = {**layer.facts, "pass": layer.instance.layer.pass_name}
        runs.append(LayerRun(name, op, macs, outcome, facts, layer.fused_into, values.get(name)))
    return runs
