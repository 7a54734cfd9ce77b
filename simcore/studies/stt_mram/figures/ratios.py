"""Figure of part 3: R(a) of single macros with the claimed range, and simulated networks at the rate of one of their macros."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from models.arrays.scratchpad import scratchpad_of
from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.figures.marks import claimed, series
from simcore.studies.stt_mram.settings import KIB, NODE_NM, WORD_BITS
from simcore.studies.stt_mram.variants import Variant

#: The least capacity is drawn, and every second from the next one on.
EVERY = 2
#: The columns that identify a run.
_RUN = ["network", "pass", "sram_kib"]


def draw_energy_ratios(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per class with lines of equal capacity."""
    table = tables["energy_ratios"]
    table = table[table["accesses_per_ns"] > 0]
    least, *larger = sorted(table["capacity_kib"].unique())
    capacities = [least, *larger[::EVERY]]
    looks = series(capacities)
    figure = Figure(figsize=(12, 3.9))
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
        axes.set(xscale="log", yscale="log", xlabel="128-bit accesses per ns of one macro", title=f"{leakage_class}, 22 nm")
        _simulated(axes, tables.get("systems"), leakage_class)
    panels[0].set_ylabel("SRAM / STT-MRAM energy of scratchpads")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    return figure


def _simulated(axes: Any, systems: pd.DataFrame | None, leakage_class: str) -> None:
    """Draw the scratchpad gains of simulated networks at equal capacity, ungated, at the mean access rate of an SRAM macro."""
    if systems is None:
        return
    kept = systems[(systems["leakage_class"] == leakage_class) & ~systems["gated"]]
    rates = kept[kept["iso"] == "none"].set_index(_RUN)["accesses_per_ns"]
    equal = kept[kept["iso"] == "capacity"].set_index(_RUN)
    for marker, sram_kib in zip("x+12", kept["sram_kib"].unique(), strict=False):
        rows = equal.xs(sram_kib, level="sram_kib", drop_level=False)
        macros = sram_macros(int(sram_kib), leakage_class)
        sizes = "/".join(str(kib) for kib in sorted(macros))
        count = sum(macros.values())
        label = f"simulated runs, 4 x {capacity(sram_kib)}\n= {count} macros of {sizes} KiB"
        look = {"color": "black", "markersize": 5, "linestyle": "", "zorder": 4}
        axes.plot(rates.loc[rows.index] / count, rows["scratchpads_gain"], marker=marker, label=label, **look)


@lru_cache(maxsize=64)
def sram_macros(sram_kib: int, leakage_class: str) -> Mapping[int, int]:
    """Return the KiB of each macro -> the number of such macros, of all scratchpads of an SRAM system of the study."""
    system = Variant(leakage_class, sram_kib * KIB).system()
    found: Counter[int] = Counter()
    for pad in system.scratchpads.values():
        made = scratchpad_of(
            "sram",
            pad.capacity_bytes,
            pad.banks,
            pad.line_bytes,
            system.core_clock_hz,
            node_nm=NODE_NM,
            leakage_class=leakage_class,
            word_bits=WORD_BITS,
        )
        found[made.macro.capacity_bytes // KIB] += int(made.banks * made.macros_per_bank)
    return found
