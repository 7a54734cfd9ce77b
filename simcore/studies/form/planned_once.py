"""Runs of one network on several systems, planned once for all systems on which the plan is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simcore.engine.shortcuts import Shortcuts
from simcore.kinds import RunOrder, kind_of
from simcore.kinds.ran_check import check_ran
from simcore.results import Results
from simcore.spec import System
from simcore.systolic.alike import plan_content, roomless_content
from workloads.dataflow.residency.known import KnownPlans
from workloads.network import Network


def simulate_planned_once(network: Network, systems: Sequence[System]) -> Iterator[Results]:
    """Yield the results of the network on each system, in order.

    They are those of ``simulate``, but their manifest names only network and engine. Neighbouring systems that differ in bank
    timings and costs alone share a plan, and those that also differ in capacities share what their plans found. Raise
    InputError as ``simulate`` does, except that no run is too long.
    """
    content, plan, roomless, known = "", None, "", KnownPlans()
    for system in systems:
        kind = kind_of(system)
        if roomless_content(system) != roomless:
            roomless, known = roomless_content(system), KnownPlans()
        order = RunOrder(network, None, kind.engine_named(None), Shortcuts(), known=known)
        costs = kind.costs(system)
        kind.load(system, order.engine)
        if plan is None or plan_content(system) != content:
            content, plan = plan_content(system), kind.plan(system, order)
        ran = kind.run(system, order, plan)
        check_ran(kind, ran)
        manifest = {"network": network.name, "engine": order.engine}
        line_wear = None if ran.line_writes is None else kind.line_wear(system, ran.line_writes)
        yield Results(system, ran.layers, costs, manifest, 0.0, line_wear, details=ran.details)
