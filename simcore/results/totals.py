"""Metrics of a whole run, each with its unit."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import pandas as pd

from simcore.kinds import MachineKind, kind_of
from simcore.results.glossary import Term, terms_of
from simcore.spec import MachineSpec

#: The ends of the names of a kind's own columns that are amounts even where the kind does not define them: causes and energies.
_AMOUNT_ENDS = ("_cycles", "_pj")


def added_columns(layers: pd.DataFrame, known: Mapping[str, Term]) -> list[str]:
    """Return the columns that may be summed over layers: those whose definition is an amount. No ratio is among them."""
    return [name for name in layers.columns if (known[name].adds_up if name in known else name.endswith(_AMOUNT_ENDS))]


def pass_table(layers: pd.DataFrame, kind: MachineKind[Any, Any]) -> pd.DataFrame:
    """Return one row per pass of a training step, in the order in which they first run: the sums of all columns that add up."""
    added = added_columns(layers, terms_of(kind))
    return layers.groupby("pass", sort=False)[added].sum(min_count=1).reset_index()


def totals_table(layers: pd.DataFrame, system: MachineSpec, areas: Mapping[str, float]) -> pd.DataFrame:
    """Return columns ``metric``, ``value`` and ``unit``: the sum of each column that adds up, and metrics derived from them.

    ``areas`` has the area of each part of the machine in mm2; an empty one gives areas that are not a number.
    """
    kind = kind_of(system)
    known = terms_of(kind)
    values = {column: float(layers[column].sum(min_count=1)) for column in added_columns(layers, known)}
    cycles = values["cycles"]
    values["stall_cycles"] = cycles - values["compute_cycles"]
    values["time_ns"] = cycles * 1e9 / system.core_clock_hz
    room = cycles * kind.macs_per_cycle(system)
    values["array_utilisation_percent"] = 100.0 * values["macs"] / room if room else 0.0
    pads = {bank.scratchpad for bank in kind.banks(system)}
    values["scratchpad_area_mm2"] = sum(area for part, area in areas.items() if part in pads) if areas else nan
    values["area_mm2"] = sum(areas.values()) if areas else nan
    rows = [(metric, value, known[metric].unit if metric in known else "") for metric, value in values.items()]
    return pd.DataFrame(rows, columns=["metric", "value", "unit"])
