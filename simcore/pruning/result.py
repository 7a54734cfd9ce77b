"""The cost of a pruned training: the simulation of its networks on every system, and the result as JSON and as a directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from simcore.progress import OnProgress
from simcore.pruning.claims import Wanted, costs_of
from simcore.pruning.layer_savings import LayerSaving, layer_savings
from simcore.pruning.operations import operation_savings, operations_of
from simcore.pruning.order import PruneOrder
from simcore.pruning.run_cost import Amounts, RunCost, saving_percent
from simcore.pruning.step_store import StepStore, steps_folder
from simcore.pruning.training import PRUNED, Training

_WHOLE_MINIBATCHES = "the last minibatch of an epoch counts as a whole one"
#: What an epoch and its live filters are under a schedule, for JSON and pages.
CONVENTION = (
    "epoch e of E trains the network that the schedule prunes at time e / E; live filters are rounded to the nearest integer, a "
    f"half up, and at least 1; {_WHOLE_MINIBATCHES}"
)
#: The same of a log.
LOG_CONVENTION = f"each epoch trains the network whose live filters the log gives for it; {_WHOLE_MINIBATCHES}"


@dataclass(frozen=True)
class PruneResult:
    """The costs of a training on every system. ``simulated`` steps were simulated now; the store had the others.

    ``unrounded`` is the same training with filters that are not rounded to multiples, or None if they are not in this one.
    """

    order: PruneOrder
    training: Training
    runs: tuple[RunCost, ...]
    simulated: int
    unrounded: PruneResult | None = None

    @cached_property
    def operations(self) -> dict[str, Any]:
        """Return computations and accesses by procedure, without any machine, and ``saving_percent``."""
        found = operations_of(self.training)
        return {**found, "saving_percent": operation_savings(found)}

    def layer_rows_of(self, system: str) -> list[LayerSaving]:
        """Return the savings per layer on the system of that name, of the last network against the first."""
        return next(self.layer_rows(run) for run in self.runs if run.system == system)

    def layer_rows(self, run: RunCost) -> list[LayerSaving]:
        """Return the savings per layer on one system, of the last network against the first."""
        from workloads.pruning.ideal import ideal_step

        last = self.training.network_of_epoch[-1]
        words = [
            {layer.name: layer.weight_accesses + layer.activation_accesses for layer in ideal_step(self.training.networks[place])}
            for place in (0, last)
        ]
        ideal = {name: (count, words[1][name]) for name, count in words[0].items()}
        live = self.training.live
        return layer_savings(run.steps[0], run.steps[last], live[0], live[last], ideal)

    def rounding_saved_percent(self, run: RunCost) -> Amounts | None:
        """Return what rounding to multiples saves of pruning while training on one system; None without rounding."""
        if self.unrounded is None:
            return None
        before = next(other for other in self.unrounded.runs if other.system == run.system)
        return saving_percent(before.totals[PRUNED], run.totals[PRUNED])

    @property
    def convention(self) -> str:
        """Return a sentence about what an epoch and its live filters are."""
        return CONVENTION if self.order.log is None else LOG_CONVENTION

    @property
    def every_nth_note(self) -> str | None:
        """Return a sentence about the networks that were not simulated, or None if all were."""
        every, done = len(self.training.live), len(self.training.simulated)
        if done == every:
            return None
        return (
            f"{done} of {every} distinct networks were simulated; each of the other {every - done} counts as a mix of its two "
            "simulated neighbours with its own number of multiply-accumulates"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values; what a machine does not have is null."""
        training, order = self.training, self.order
        last = training.live[training.network_of_epoch[-1]]
        return {
            "network": training.network.name,
            "schedule": order.schedule,
            "log": None if order.schedule is not None else str(order.log) if isinstance(order.log, str | Path) else "given",
            "epochs": training.log.epochs,
            "samples": training.samples,
            "batch": training.network.batch,
            "minibatches_per_epoch": training.minibatches,
            "retrain_epochs": training.retrain_epochs,
            "round_filters": order.round_filters,
            "exempt": list(order.exempt),
            "optimizer": order.optimizer,
            "convention": self.convention,
            "networks": {
                "distinct": len(training.live),
                "costed": len(training.simulated),
                "every_nth_network": training.every_nth,
                "note": self.every_nth_note,
            },
            "live_filters": {name: {"filters": count, "last": last[name]} for name, count in training.log.filters.items()},
            "operations": self.operations,
            "systems": {run.system: self._system_json(run) for run in self.runs},
        }

    def _system_json(self, run: RunCost) -> dict[str, Any]:
        return {
            "kind": run.kind,
            "clock_hz": run.steps[0].clock_hz,
            **run.totals,
            "saving_percent": run.savings,
            "rounding_saved_percent": self.rounding_saved_percent(run),
            "energy_parts_pj": run.energy_parts_pj,
            "layers": [asdict(row) for row in self.layer_rows(run)],
        }

    def write_into(self, directory: Path) -> None:
        """Write results.json, the tables as CSV, and the log of live filters into a directory that exists."""
        from simcore.pruning.tables import tables_of
        from workloads.pruning.log_file import write_log

        (directory / "results.json").write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for name, table in tables_of(self).items():
            table.to_csv(directory / f"{name}.csv", index=False)
        write_log(self.training.log, directory / "live_filters.parquet")


def prune(order: PruneOrder, on_progress: OnProgress | None = None, *, store: StepStore | None = None) -> PruneResult:
    """Simulate every distinct network of the training once on every system, and sum up the procedures.

    Filters in multiples are compared with the same schedule without.

    Steps are kept in ``store``, by default in the user's cache folder, and found there by later runs. Raise InputError for an
    order that cannot be carried out.
    """
    training, machines = order.training(), order.machines()
    kept = StepStore(steps_folder()) if store is None else store
    networks = [training.networks[place] for place in training.simulated]
    wanted = [Wanted(network, machine, order.optimizer, order.limit_s) for machine in machines for network in networks]
    found = costs_of(wanted, kept, on_progress)
    runs = []
    for number, machine in enumerate(machines):
        costs: Sequence[Any] = found.costs[number * len(networks) : (number + 1) * len(networks)]
        steps: Mapping[int, Any] = dict(zip(training.simulated, costs, strict=True))
        runs.append(RunCost(training, machine.name, machine.kind, steps))
    unrounded = None if order.round_filters is None else prune(replace(order, round_filters=None), on_progress, store=kept)
    simulated = found.simulated + (0 if unrounded is None else unrounded.simulated)
    return PruneResult(order, training, tuple(runs), simulated, unrounded)
