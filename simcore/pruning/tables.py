"""The tables of a pruned training: procedures, layers of the run, savings of a step per layer, epochs, filters, wear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from simcore.pruning.run_cost import RunCost, weighted
from simcore.pruning.training import PROCEDURES, Training
from simcore.results.frames import frame

if TYPE_CHECKING:
    import pandas as pd

    from simcore.pruning.result import PruneResult

#: The amounts of an epoch that are told epoch by epoch.
_OF_EPOCH = ("cycles", "energy_pj", "dram_bytes")


def tables_of(result: PruneResult) -> dict[str, pd.DataFrame]:
    """Return all tables by name."""
    found = {
        "procedures": frame(list(_procedures(result))),
        "layers": frame(list(_layers(result))),
        "layer_savings": frame([row for run in result.runs for row in _savings(result, run)]),
        "epochs": frame(list(epoch_rows(result))),
        "live_filters": frame(list(result.training.log.rows()), columns=["epoch", "layer", "live_filters", "filters"]),
    }
    wear = [row for run in result.runs for row in wear_rows(run)]
    return {**found, **({"wear": frame(wear)} if wear else {})}


def _procedures(result: PruneResult) -> Iterator[dict[str, Any]]:
    for run in result.runs:
        for procedure in PROCEDURES:
            yield {"system": run.system, "procedure": procedure, **run.totals[procedure]}


def _layers(result: PruneResult) -> Iterator[dict[str, Any]]:
    for run in result.runs:
        for procedure, layers in run.layers.items():
            for layer, amounts in layers.items():
                yield {"system": run.system, "procedure": procedure, "layer": layer, **amounts}


def _savings(result: PruneResult, run: RunCost) -> Iterator[dict[str, Any]]:
    for row in result.layer_rows(run):
        filled = row.filled_percent or (None, None)
        cells = asdict(row)
        del cells["filled_percent"]
        yield {"system": run.system, **cells, "filled_percent": filled[0], "pruned_filled_percent": filled[1]}


def epoch_rows(result: PruneResult) -> Iterator[dict[str, Any]]:
    """Yield, for every epoch of pruning while training and every system, what the epoch costs."""
    training = result.training
    for run in result.runs:
        for epoch, place in enumerate(training.network_of_epoch, start=1):
            macs = training.step_macs[place] * training.minibatches
            yield {"system": run.system, "epoch": epoch, "macs": macs, **_of_epoch(training, run, place)}


def _of_epoch(training: Training, run: RunCost, place: int) -> dict[str, Any]:
    parts = [(share * training.minibatches, run.steps[near].totals) for near, share in training.shares[place]]
    return {name: weighted((weight, totals[name]) for weight, totals in parts) for name in _OF_EPOCH}


def wear_rows(run: RunCost) -> Iterator[dict[str, Any]]:
    """Yield, for each procedure and scratchpad, the writes of the whole training and its share of the endurance of a line.

    The busiest line of a training is written at most as often as the sum of the busiest lines of its steps.
    """
    for procedure in PROCEDURES:
        weights = run.training.weights(procedure)
        for index, pad in enumerate(run.steps[0].wear):
            steps = [(weights[place], run.steps[place].wear[index]) for place in weights]
            writes, busiest = (
                weighted((weight, step[name]) for weight, step in steps) for name in ("writes", "busiest_line_writes")
            )
            endurance = pad["endurance_writes"]
            yield {
                "system": run.system,
                "procedure": procedure,
                "scratchpad": pad["scratchpad"],
                "memory": pad["memory"],
                "writes": writes,
                "busiest_line_writes_at_most": busiest,
                "endurance_writes": endurance,
                "trainings_until_worn": None if endurance is None or not busiest else endurance / busiest,
            }
