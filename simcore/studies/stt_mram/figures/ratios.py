"""Figure of part 3: R(a) of single macros with the claimed range, and with the scratchpads of the simulated networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.stt_mram.settings import CLAIMED_GAIN, KIB

#: Every second capacity is drawn.
EVERY = 2
#: The columns that identify a run.
_RUN = ["network", "pass", "sram_kib"]


def draw_energy_ratios(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per class with lines of equal capacity."""
    table = tables["energy_ratios"]
    table = table[table["accesses_per_ns"] > 0]
    capacities = sorted(table["capacity_kib"].unique())[1::EVERY]
    figure = Figure(figsize=(9, 3.4))
    classes = table["leakage_class"].unique()
    panels = figure.subplots(1, len(classes), sharey=True, squeeze=False)[0]
    for axes, leakage_class in zip(panels, classes, strict=True):
        of_class = table[table["leakage_class"] == leakage_class]
        axes.axhspan(*CLAIMED_GAIN, color="C2", alpha=0.25)
        for shade, kib in enumerate(capacities):
            rows = of_class[of_class["capacity_kib"] == kib]
            colour = str(0.75 - 0.75 * shade / len(capacities))
            axes.plot(rows["accesses_per_ns"], rows["energy_ratio"], color=colour, label=f"{kib / KIB:g} MiB")
        axes.set(xscale="log", yscale="log", xlabel="128-bit accesses per ns", title=f"{leakage_class}, 22 nm")
        _simulated(axes, tables.get("systems"), leakage_class)
    panels[0].set_ylabel("SRAM / STT-MRAM energy")
    panels[-1].legend(fontsize=6, ncols=2)
    return figure


def _simulated(axes: Any, systems: pd.DataFrame | None, leakage_class: str) -> None:
    """Draw the scratchpad gains of the simulated networks at equal capacity, ungated, at the access rate of the SRAM system."""
    if systems is None:
        return
    kept = systems[(systems["leakage_class"] == leakage_class) & ~systems["gated"]]
    rates = kept[kept["iso"] == "none"].set_index(_RUN)["accesses_per_ns"]
    equal = kept[kept["iso"] == "capacity"].set_index(_RUN)
    for size, sram_kib in enumerate(kept["sram_kib"].unique()):
        rows = equal.xs(sram_kib, level="sram_kib", drop_level=False)
        label = f"simulated, 4 x {sram_kib / KIB:g} MiB"
        axes.plot(rates.loc[rows.index], rows["scratchpads_gain"], "o", color=f"C{size}", markersize=3, label=label)
