"""The execution of a plan, layer by layer, and the records from which all tables are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simcore.kinds.runs import Ran, RunOrder
from simcore.pim.phases import Phase
from simcore.pim_dram.commands import CommandLog, refuse_long_stream
from simcore.pim_dram.energy import periphery_pj
from simcore.pim_dram.layers import Done, PhaseDone, outcome_of
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.pipelined import run_pipeline
from simcore.pim_dram.plan import NetworkPlan, PlannedLayer
from simcore.pim_dram.run import PhaseRuns
from simcore.pim_dram.timeline import hand_over_timeline
from simcore.pim_dram.values import values_of
from simcore.results import LayerRun


def execute(machine: PimMachine, order: RunOrder, plan: NetworkPlan) -> Ran:
    """Run the phases of all layers: one layer after the other, or as a pipeline."""
    log = None if order.commands is None else CommandLog()
    if log is not None:
        refuse_long_stream(phase for layer in plan.layers for phase in layer.phases)
    said = values_of(machine, order, plan.placed) if order.check_values else {}
    runs = PhaseRuns(machine, order.engine, order.shortcuts, log)
    unlogged = replace(runs, log=None)
    pipeline = run_pipeline(machine, runs, plan) if machine.spec.placement == "pipelined" else None
    found, start = [], 0
    for number, layer in enumerate(plan.layers, start=1):
        if pipeline is None:
            done, once = _done(machine, runs, layer.phases), _done(machine, unlogged, layer.once)
        else:
            done, once = pipeline.every.get(layer.name), pipeline.once.get(layer.name)
        spent = periphery_pj(plan.placed, layer.placed, machine)
        found.append(replace(_layer_run(layer, done, once, start, spent), values=said.get(layer.name)))
        start += 0 if done is None else done.cycles
        if order.progress is not None:
            order.progress(number, len(plan.layers), layer.name)
    if order.traced is not None:
        every = {run.name: run.facts["done"] for run in found if run.facts["done"] is not None}
        hand_over_timeline(machine, plan, every, pipeline, order.traced)
    if order.commands is not None and log is not None:
        order.commands(log.commands())
    return Ran(found, details={"machine": machine, "placed": plan.placed, "pipeline": pipeline})


def _done(machine: PimMachine, runs: PhaseRuns, phases: Sequence[Phase]) -> Done | None:
    return None if not phases else Done(machine, tuple(PhaseDone(phase, runs.run(phase)) for phase in phases))


def _layer_run(layer: PlannedLayer, done: Done | None, once: Done | None, start: int, spent_pj: float) -> LayerRun:
    instance, mapped = layer.placed.instance, layer.mapped
    facts: dict[str, Any] = {
        "pass": instance.layer.pass_name,
        "placed": layer.placed,
        "mapped": mapped,
        "done": done,
        "once": once,
        "periphery_pj": spent_pj,
    }
    if mapped is not None:
        facts["mapping_efficiency_percent"] = 100 * mapped.column_utilisation * mapped.unit_utilisation
    macs = instance.macs if mapped is None else mapped.dots.macs
    outcome = None if done is None else outcome_of(done, start)
    return LayerRun(instance.name, instance.layer.op, macs, outcome, facts, layer.placed.fused_into)
