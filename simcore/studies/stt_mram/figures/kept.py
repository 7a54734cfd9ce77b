"""The figure of stored words: what flips them over the thermal stability, and the energy of the scratchpads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.figures.marks import nominal, series
from simcore.studies.stt_mram.pulses import SRAM_BYTES
from simcore.studies.stt_mram.settings import KIB
from simcore.studies.stt_mram.variants import pads


def draw_thermal_stability(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the stored bits that heat and reads flip in a training step, and the energy with the protection that it takes."""
    table = tables["thermal_stability"]
    network = table["network"].iloc[-1]
    rows = table[table["network"] == network]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    flips, energy = figure.subplots(1, 2)
    once = rows[rows["error_rate"] == rows["error_rate"].iloc[0]]
    for column, look in series(("reads", "heat")).items():
        name = {"reads": "read_error_rate", "heat": "retention_error_rate"}[column]
        flips.plot(once["thermal_stability"], once[name], label=f"flipped by {column}", **look)
    for rate in rows["error_rate"].unique():
        flips.axhline(rate, color="0.6", linewidth=0.8, linestyle="--")
        flips.annotate(f"{rate:.1e}", (0.99, rate), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
    flips.plot([], [], color="0.6", linewidth=0.8, linestyle="--", label="error rates of the right panel")
    flips.set(yscale="log", ylabel="stored bits wrong when overwritten", title=_titled(rows.iloc[0]))
    _energies(energy, rows)
    for axes in (flips, energy):
        nominal(axes, float(rows["own_stability"].iloc[0]), "the cell's own")
        axes.set(xlabel=f"thermal stability at 300 K (at work: {rows['temperature_k'].iloc[0]:g} K)")
        axes.legend(fontsize=7)
    return figure


def _titled(row: Mapping[str, Any]) -> str:
    """Return the run and its memory: network, images of a step, cell, class and size (of all scratchpads, at equal capacity)."""
    size = f"{len(pads())} x {capacity(SRAM_BYTES // KIB)}"
    return f"{row['network']}, training step of {row['batch']} images\n{row['cell']}, {row['leakage_class']}, {size}"


def _energies(axes: Any, rows: pd.DataFrame) -> None:
    """Draw a line per error rate, and write at each point what keeps the bits: nothing, a code or a scrub."""
    for rate, look in series(rows["error_rate"]).items():
        line = rows[(rows["error_rate"] == rate) & rows["total_uj"].notna()]
        axes.plot(line["thermal_stability"], line["total_uj"], label=f"writes and stays at {rate:.1e}", **look)
        for stability, total_uj, kept in zip(line["thermal_stability"], line["total_uj"], line["protection"], strict=True):
            if kept != "none":
                axes.annotate(kept, (stability, total_uj), xytext=(-4, 5), textcoords="offset points", ha="right", fontsize=7)
    axes.margins(x=0.08)
    axes.set(
        ylim=(0, None), ylabel="energy of the scratchpads, µJ", title=f"{rows['cell'].iloc[0]}; further left reads flip too much"
    )
