"""What machines make of the schedules: cycles, joules, writes. Each case is a training on one system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simcore.progress import OnProgress
from simcore.pruning.order import PruneOrder
from simcore.pruning.result import prune
from simcore.pruning.run_cost import RunCost
from simcore.pruning.tables import epoch_rows, tables_of, wear_rows
from simcore.pruning.training import PROCEDURES, PRUNED
from simcore.studies.form.plain import rows_of
from simcore.studies.form.spread import spread
from simcore.studies.pruning.settings import EPOCHS, NETWORKS, RETRAIN_EPOCHS, ROUNDED_ON, PruningSettings

#: Amounts of a training that the tables show, as far as a machine has them.
SHOWN = (*("macs", "weight_accesses", "activation_accesses", "dram_bytes", "cycles", "energy_pj", "write_pj", "time_s"),)
SAMPLES = NETWORKS["vgg16-32"][1]

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A network that is pruned by a schedule, to multiples of ``multiple`` filters, in minibatches of ``batch`` on a system."""

    network: str
    batch: int
    schedule: str
    system: str
    multiple: int = 1

    @property
    def names(self) -> dict[str, Any]:
        """Return the columns that name the case."""
        return {"network": self.network, "schedule": self.schedule, "multiple": self.multiple, "system": self.system}


@dataclass(frozen=True)
class CaseRows:
    """What a case found: rows by procedure, by layer, by epoch and by scratchpad, each with the case's names."""

    case: Case
    procedures: Rows
    layers: Rows
    epochs: Rows
    wear: Rows
    filters: Rows = field(default_factory=tuple)


def cases_of(settings: PruningSettings) -> list[Case]:
    """Return the trainings to simulate: every schedule on every system, and the first one with every multiple on one system."""
    network, batch = settings.simulated_network, settings.simulated_batch
    first = settings.simulated_schedules[0]
    every = [
        Case(network, batch, schedule, system) for system in settings.chosen_systems for schedule in settings.simulated_schedules
    ]
    rounded = [Case(network, batch, first, ROUNDED_ON, multiple) for multiple in settings.multiples]
    return list(dict.fromkeys([*every, *rounded]))


def run_cases(cases: Sequence[Case], jobs: int, on_progress: OnProgress | None = None) -> list[CaseRows]:
    """Return what each case found. Networks that several cases have are simulated once."""
    return spread(run_case, cases, jobs, "training", on_progress)


def run_case(case: Case) -> CaseRows:
    """Sum up one training on one system."""
    order = PruneOrder(
        network=case.network,
        samples=SAMPLES,
        batch=case.batch,
        systems=(case.system,),
        schedule=case.schedule,
        epochs=EPOCHS[-1],
        retrain_epochs=RETRAIN_EPOCHS,
        round_filters=None if case.multiple == 1 else case.multiple,
        limit_s=None,
    )
    result = prune(order)
    (run,) = result.runs
    filters = result.training.log.rows()
    return CaseRows(
        case,
        list(_procedures(case, run)),
        [{**case.names, **row} for row in rows_of(tables_of(result)["layer_savings"])],
        [{**case.names, **row} for row in epoch_rows(result)],
        [{**case.names, **row} for row in wear_rows(run)],
        [
            {**case.names, "epoch": epoch, "layer": layer, "live_filters": live, "filters": of}
            for epoch, layer, live, of in filters
        ],
    )


def _procedures(case: Case, run: RunCost) -> Iterable[dict[str, Any]]:
    for procedure in PROCEDURES:
        amounts = {name: run.totals[procedure][name] for name in SHOWN}
        saved: dict[str, Any] = {}
        if procedure == PRUNED:
            saved = {f"{name}_saved_{of}_percent": percents.get(name) for of, percents in run.savings.items() for name in SHOWN}
        yield {**case.names, "kind": run.kind, "procedure": procedure, **amounts, **saved}


def rows_table(found: Sequence[CaseRows], name: str) -> pd.DataFrame:
    """Return the rows of one sort of all cases that are not rounded."""
    return pd.DataFrame([row for each in found if each.case.multiple == 1 for row in getattr(each, name)])


def machine_table(found: Sequence[CaseRows]) -> pd.DataFrame:
    """Return a row per schedule, system and procedure."""
    return rows_table(found, "procedures")


def filter_table(found: Sequence[CaseRows]) -> pd.DataFrame:
    """Return the live filters per schedule, epoch and layer, which no system changes."""
    first = found[0].case.system
    rows = [row for each in found if each.case.system == first and each.case.multiple == 1 for row in each.filters]
    return pd.DataFrame(rows).drop(columns=["system", "multiple"])


def rounded_table(found: Sequence[CaseRows]) -> pd.DataFrame:
    """Return a row per multiple: what pruning while training saves of a dense training, in each amount."""
    schedule = next(each.case.schedule for each in found)
    rows = []
    for each in found:
        if each.case.system == ROUNDED_ON and each.case.schedule == schedule:
            of = next(row for row in each.procedures if row["procedure"] == PRUNED)
            last = [row for row in each.filters if row["epoch"] == EPOCHS[-1]]
            left = sum(row["live_filters"] for row in last) / sum(row["filters"] for row in last)
            saved = {f"{name}_saved_percent": of[f"{name}_saved_of_dense_percent"] for name in ("macs", "cycles", "energy_pj")}
            networks = len(
                {
                    tuple(row["live_filters"] for row in each.filters if row["epoch"] == epoch)
                    for epoch in range(1, EPOCHS[-1] + 1)
                }
            )
            rows.append(
                {**each.case.names, "filters_left_percent": 100 * left, "networks": networks, "cycles": of["cycles"], **saved}
            )
    return pd.DataFrame(rows)
