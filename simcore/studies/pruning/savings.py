"""What the simulated trainings show: savings by system, by multiple of filters, and of writes to STT-MRAM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from simcore.pruning.training import PRUNED, RETRAINED
from simcore.studies.pruning.machines import CaseRows, rows_table


def machine_findings(machines: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per schedule and system, what is saved of the computations, cycles and joules of training, pruning, retraining."""
    rows = machines[machines["procedure"] == PRUNED]
    found = []
    for row in rows.to_dict("records"):
        amounts = ("macs", "cycles", "energy_pj")
        saved = {f"{name}_saved_percent": row[f"{name}_saved_of_{RETRAINED}_percent"] for name in amounts}
        found.append({"schedule": row["schedule"], "system": row["system"], **saved})
    return found


def layer_findings(layers: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per system, the layers whose cycles fall behind and run ahead of the saved computations most."""
    known = layers[layers["macs_saved_percent"].notna() & (layers["macs_saved_percent"] > 0)].copy()
    known["points"] = known["cycles_saved_percent"] - known["macs_saved_percent"]
    found = []
    for system, rows in known.groupby("system", sort=False):
        order = rows.sort_values("points", kind="stable").to_dict("records")
        ends = (("least", order[0]), ("most", order[-1]))
        told = {f"{name}_{key}": row[key] for name, row in ends for key in _OF_LAYER}
        found.append({"system": system, **told})
    return found


_OF_LAYER = ("schedule", "layer", "filters", "live_filters", "macs_saved_percent", "cycles_saved_percent", "cause")


def write_table(found: Sequence[CaseRows]) -> pd.DataFrame:
    """Return a row per schedule, system with scratchpads and procedure: energy, energy of writes to scratchpads, writes."""
    machines, wear = rows_table(found, "procedures"), rows_table(found, "wear")
    kept = machines[machines["write_pj"].notna()]
    if kept.empty or wear.empty:
        return pd.DataFrame()
    keys = ["network", "schedule", "system", "procedure"]
    written = wear.groupby(keys, sort=False).agg(
        memory=("memory", "first"), writes=("writes", "sum"), trainings_until_worn=("trainings_until_worn", "min")
    )
    joined = kept[[*keys, "cycles", "energy_pj", "write_pj"]].merge(written.reset_index(), on=keys)
    joined["write_energy_percent"] = 100 * joined["write_pj"] / joined["energy_pj"]
    return joined


def write_findings(writes: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per schedule and system of STT-MRAM, what pruning saves of writes and their energy, and how long a line lasts."""
    found: list[dict[str, Any]] = []
    if writes.empty:
        return found
    for (schedule, system), rows in writes[writes["memory"] != "sram"].groupby(["schedule", "system"], sort=False):
        of = {row["procedure"]: row for row in rows.to_dict("records")}
        pruned, before = of[PRUNED], of[RETRAINED]
        found.append(
            {
                "schedule": schedule,
                "system": system,
                "writes_saved_percent": 100 * (1 - pruned["writes"] / before["writes"]),
                "write_energy_saved_percent": 100 * (1 - pruned["write_pj"] / before["write_pj"]),
                "write_energy_percent": pruned["write_energy_percent"],
                "trainings_until_worn": pruned["trainings_until_worn"],
                "trainings_until_worn_before": before["trainings_until_worn"],
            }
        )
    return found


def rounded_findings(rounded: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what each multiple saves."""
    columns = ["multiple", "macs_saved_percent", "cycles_saved_percent", "energy_pj_saved_percent", "filters_left_percent"]
    return (
        [] if rounded.empty else [{str(key): value for key, value in row.items()} for row in rounded[columns].to_dict("records")]
    )
