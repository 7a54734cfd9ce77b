"""Metrics of a whole run, each with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any

from simcore.kinds import MachineKind, kind_of
from simcore.results.glossary import Term, terms_of
from simcore.results.sums import summed
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    import pandas as pd

#: The ends of the names of a kind's own columns that are amounts even where the kind does not define them: causes and energies.
_AMOUNT_ENDS = ("_cycles", "_pj")


def added_columns(columns: Iterable[str], known: Mapping[str, Term]) -> list[str]:
    """Return the columns that may be summed over layers: those whose definition is an amount. No ratio is among them."""
    return [name for name in columns if (known[name].adds_up if name in known else name.endswith(_AMOUNT_ENDS))]


def pass_table(layers: pd.DataFrame, kind: MachineKind[Any, Any]) -> pd.DataFrame:
    """Return one row per pass of a training step, in the order in which they first run: the sums of all columns that add up."""
    added = added_columns(layers.columns, terms_of(kind))
    return layers.groupby("pass", sort=False)[added].sum(min_count=1).reset_index()


def total_rows(
    layers: Sequence[Mapping[str, Any]], system: MachineSpec, areas: Mapping[str, float], time_cycles: int | None = None
) -> list[tuple[str, float, str]]:
    """Return (metric, value, unit) of the sum of each column of layers that adds up, and of metrics derived from them.

    ``areas`` has the area of each part of the machine in mm2; an empty one gives areas that are not a number. ``time_cycles`` are
    the cycles that the run takes if layers run at the same time; else it takes those of all layers.
    """
    kind = kind_of(system)
    known = terms_of(kind)
    values = {column: summed(layers, column) for column in added_columns(layers[0], known)}
    cycles = values["cycles"]
    values["stall_cycles"] = cycles - values["compute_cycles"]
    taken = cycles if time_cycles is None else time_cycles
    values["time_ns"] = taken * 1e9 / system.core_clock_hz
    room = taken * kind.macs_per_cycle(system)
    values["array_utilisation_percent"] = 100.0 * values["macs"] / room if room else 0.0
    pads = {bank.scratchpad for bank in kind.banks(system)}
    values["scratchpad_area_mm2"] = sum(area for part, area in areas.items() if part in pads) if areas else nan
    values["area_mm2"] = sum(areas.values()) if areas else nan
    return [(metric, value, known[metric].unit if metric in known else "") for metric, value in values.items()]
