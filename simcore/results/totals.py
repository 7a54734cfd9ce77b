"""Metrics of a whole run, each with its unit."""

from __future__ import annotations

import pandas as pd

from simcore.kinds import kind_of
from simcore.results.glossary import terms_of
from simcore.spec import MachineSpec

#: Columns of the layer table that cannot be summed over layers.
_NOT_ADDED = (
    *("layer", "op", "pass", "fused_into", "start_cycle", "values"),
    *("mapping_efficiency_percent", "array_utilisation_percent"),
)


def pass_table(layers: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pass of a training step, in the order in which they first run: the sums of all columns that add up."""
    added = [column for column in layers.columns if column not in _NOT_ADDED]
    return layers.groupby("pass", sort=False)[added].sum(min_count=1).reset_index()


def totals_table(layers: pd.DataFrame, system: MachineSpec, area_mm2: float) -> pd.DataFrame:
    """Return columns ``metric``, ``value`` and ``unit``: the sum of each column that adds up, and metrics derived from them."""
    values = {column: float(layers[column].sum(min_count=1)) for column in layers.columns if column not in _NOT_ADDED}
    cycles = values["cycles"]
    values["stall_cycles"] = cycles - values["compute_cycles"]
    values["time_ns"] = cycles * 1e9 / system.core_clock_hz
    kind = kind_of(system)
    room = cycles * kind.macs_per_cycle(system)
    values["array_utilisation_percent"] = 100.0 * values["macs"] / room if room else 0.0
    values["scratchpad_area_mm2"] = area_mm2
    known = terms_of(kind)
    rows = [(metric, value, known[metric].unit if metric in known else "") for metric, value in values.items()]
    return pd.DataFrame(rows, columns=["metric", "value", "unit"])
