"""Figure of part 3: R(a) of single macros with the claimed range, and with the scratchpads of the simulated networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.figures.marks import claimed, series

#: Every second capacity is drawn.
EVERY = 2
#: The columns that identify a run.
_RUN = ["network", "pass", "sram_kib"]


def draw_energy_ratios(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per class with lines of equal capacity."""
    table = tables["energy_ratios"]
    table = table[table["accesses_per_ns"] > 0]
    capacities = sorted(table["capacity_kib"].unique())[1::EVERY]
    looks = series(capacities)
    figure = Figure(figsize=(11, 3.6))
    classes = table["leakage_class"].unique()
    panels = figure.subplots(1, len(classes), sharey=True, squeeze=False)[0]
    for axes, leakage_class in zip(panels, classes, strict=True):
        of_class = table[table["leakage_class"] == leakage_class]
        claimed(axes, "15 to 22 times")
        for kib in capacities:
            rows = of_class[of_class["capacity_kib"] == kib]
            label = f"R(a) of {capacity(kib)}"
            axes.plot(
                rows["accesses_per_ns"], rows["energy_ratio"], label=label, markevery=6, markersize=4, linewidth=1, **looks[kib]
            )
        axes.set(xscale="log", yscale="log", xlabel="128-bit accesses per ns", title=f"{leakage_class}, 22 nm")
        _simulated(axes, tables.get("systems"), leakage_class)
    panels[0].set_ylabel("SRAM / STT-MRAM energy of scratchpads")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    return figure


def _simulated(axes: Any, systems: pd.DataFrame | None, leakage_class: str) -> None:
    """Draw the scratchpad gains of the simulated networks at equal capacity, ungated, at the access rate of the SRAM system."""
    if systems is None:
        return
    kept = systems[(systems["leakage_class"] == leakage_class) & ~systems["gated"]]
    rates = kept[kept["iso"] == "none"].set_index(_RUN)["accesses_per_ns"]
    equal = kept[kept["iso"] == "capacity"].set_index(_RUN)
    for marker, sram_kib in zip("x+12", kept["sram_kib"].unique(), strict=False):
        rows = equal.xs(sram_kib, level="sram_kib", drop_level=False)
        label = f"simulated runs, 4 x {capacity(sram_kib)}"
        axes.plot(rates.loc[rows.index], rows["scratchpads_gain"], marker, color="black", markersize=5, label=label)
