"""Computations and accesses that schedules save, without any machine, and whether they are the claimed 41 %."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simcore.progress import OnProgress
from simcore.pruning.operations import operation_savings, operations_of
from simcore.pruning.training import Training
from simcore.studies.form.spread import spread
from simcore.studies.pruning.settings import (
    CLAIM_WITHIN,
    CLAIMED_PERCENT,
    COUNTED_BATCH,
    NETWORKS,
    RETRAIN_EPOCHS,
    SCHEDULES,
    PruningSettings,
)

#: Count -> its name in the table.
_COUNTS = {
    "macs": "computations",
    "accesses": "accesses",
    "weight_accesses": "weight_accesses",
    "activation_accesses": "activation_accesses",
}


@dataclass(frozen=True)
class Count:
    """A network under a schedule, in a training of so many epochs."""

    network: str
    schedule: str
    epochs: int


def count_table(settings: PruningSettings, on_progress: OnProgress | None = None) -> pd.DataFrame:
    """Return a row per network, schedule and number of epochs: what is saved of both other procedures."""
    counts = [
        Count(network, schedule, epochs)
        for network in settings.counted_networks
        for schedule in SCHEDULES
        for epochs in settings.counted_epochs
    ]
    return pd.DataFrame(spread(count_row, counts, settings.jobs, "counting", on_progress))


def count_row(count: Count) -> dict[str, Any]:
    """Return the row of one network, schedule and number of epochs."""
    from workloads.load import load_network
    from workloads.pruning import declared_log, schedule_from

    data_set, samples = NETWORKS[count.network]
    network = load_network(count.network, COUNTED_BATCH)
    log = declared_log(network, schedule_from(count.schedule), count.epochs)
    training = Training(network=network, log=log, samples=samples, retrain_epochs=RETRAIN_EPOCHS)
    saved = operation_savings(operations_of(training))
    last = log.live[-1]
    row: dict[str, Any] = {
        **{"network": count.network, "data_set": data_set, "schedule": count.schedule, "epochs": count.epochs},
        "filters_pruned_percent": 100.0 * (1 - sum(last.values()) / sum(log.filters.values())),
    }
    for name, told in _COUNTS.items():
        row[f"{told}_saved_percent"] = saved["of_train_prune_retrain"][name]
        row[f"{told}_saved_of_dense_percent"] = saved["of_dense"][name]
    for told in ("computations", "accesses", "weight_accesses"):
        row[f"{told}_as_claimed"] = abs(float(row[f"{told}_saved_percent"]) - CLAIMED_PERCENT) <= CLAIM_WITHIN
    return row


def count_findings(table: pd.DataFrame) -> dict[str, Any]:
    """Return which schedules save the claimed share of computations, of accesses and of both, and the ranges of all."""
    return {
        "claimed_percent": CLAIMED_PERCENT,
        **{f"{told}_as_claimed": _named(table[table[f"{told}_as_claimed"]], told) for told in ("computations", "accesses")},
        "both_as_claimed": _named(table[table["computations_as_claimed"] & table["accesses_as_claimed"]], "computations"),
        "computations_and_weights_as_claimed": _named(
            table[table["computations_as_claimed"] & table["weight_accesses_as_claimed"]], "weight_accesses"
        ),
        "cases": len(table),
        **{f"{told}_range_percent": _range(table[f"{told}_saved_percent"]) for told in ("computations", "accesses")},
        "by_schedule": list(_by_schedule(table)),
    }


def _named(rows: pd.DataFrame, told: str) -> list[dict[str, Any]]:
    columns = ["network", "schedule", "epochs", f"{told}_saved_percent"]
    return [{str(key): value for key, value in row.items()} for row in rows[columns].to_dict("records")]


def _by_schedule(table: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    for schedule, rows in table.groupby("schedule", sort=False):
        ranges = {f"{told}_percent": _range(rows[f"{told}_saved_percent"]) for told in ("computations", "accesses")}
        yield {"schedule": schedule, **ranges}


def _range(values: Any) -> tuple[float, float]:
    return float(values.min()), float(values.max())
