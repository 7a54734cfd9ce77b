"""Figures of parts 1 and 2: comparison of arrays, and the write over voltage and pulse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import AbstractPathEffect, withStroke

from models.arrays.cells import memory_cell
from simcore.studies.stt_mram.figures.marks import capacity_axis, series
from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN

#: The least error rate of the map's colours. Smaller rates are drawn in the same colour.
LEAST_RATE = 1e-12


def draw_arrays(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the density and leakage ratios against the capacity, with a line per class and cell."""
    table = tables["comparisons"]
    equal = table[table["iso"] == "capacity"]
    figure = Figure(figsize=(9.5, 3.6))
    looks = series(equal["cell"])
    lines: dict[Any, str] = {"hp": "-", "lop": "--", "lstp": ":"}
    panels = figure.subplots(1, 2)
    for axes, (column, title) in zip(panels, (("density_ratio", "area"), ("leakage_mw_ratio", "leakage")), strict=True):
        for (leakage_class, cell), rows in equal.groupby(["leakage_class", "cell"], sort=False):
            line, name = lines[leakage_class], f"{leakage_class}, {cell}"
            axes.plot(rows["sram_kib"], rows[column], line, markersize=4, linewidth=1, label=name, **looks[cell])
        axes.set(xlabel="capacity", ylabel="SRAM / STT-MRAM", yscale="log", title=f"{title} at equal capacity, 22 nm")
        capacity_axis(axes, equal["sram_kib"])
    panels[0].set_yticks([1, 2, 3, 4, 6, 10], labels=["1", "2", "3", "4", "6", "10"], minor=False)
    panels[0].set_yticks([], minor=True)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=6)
    return figure


def draw_writes(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the logarithm of the error rate as colours, and the cells' energy relative to the nominal write as lines."""
    table = tables["writes"]
    rates = table.pivot_table("write_error_rate", index="voltage_v", columns="pulse_ns")
    energy = table.pivot_table("relative_cell_energy", index="voltage_v", columns="pulse_ns")
    figure = Figure(figsize=(5.5, 3.8))
    axes = figure.subplots()
    colours = axes.pcolormesh(
        rates.columns, rates.index, np.log10(np.maximum(rates.to_numpy(), LEAST_RATE)), shading="nearest", cmap="viridis_r"
    )
    lines = axes.contour(energy.columns, energy.index, energy.to_numpy(), levels=(0.25, 0.5, 1.0, 2.0), colors="white")
    outlined: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="black")]
    lines.set_path_effects(outlined)
    for label in axes.clabel(lines, fmt=lambda level: f"{level:g} x energy", fontsize=7):
        label.set_path_effects(outlined)
    cell = memory_cell(table["cell"].iloc[0])
    assert cell.nominal_voltage_v is not None
    axes.plot(cell.pulse_ns, cell.nominal_voltage_v, "*", color="white", markeredgecolor="black", markersize=11, label="nominal")
    axes.legend(loc="lower left", fontsize=7)
    figure.colorbar(colours, label="log10 of the write error rate")
    axes.set(xscale="log", xlabel="write pulse, ns", ylabel="write voltage, V", title=f"{cell.name}, 22 nm")
    axes.set_xticks(rates.columns[::2], labels=[f"{pulse_ns:g}" for pulse_ns in rates.columns[::2]], minor=False)
    axes.set_xticks([], minor=True)
    return figure


def draw_cheapest_writes(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the energy gain over the nominal write against the tolerated error rate, for the cells and for the whole word."""
    table = tables["cheapest_writes"]
    figure = Figure(figsize=(5.5, 3.8))
    axes = figure.subplots()
    for varied, look in series(table["varied"]).items():
        rows = table[table["varied"] == varied]
        for part, style, of in (("cell", "-", "cells"), ("word", "--", "word with periphery")):
            drawn = look | ({} if part == "cell" else {"markerfacecolor": "none"})
            gain = rows[f"{part}_energy_gain"]
            axes.plot(rows["target_error_rate"], gain, style, markersize=4, linewidth=1, label=f"{varied}, {of}", **drawn)
    axes.axhline(CLAIMED_WRITE_GAIN, color="black", linewidth=0.8)
    title = f"{table['cell'].iloc[0]}, 22 nm, lop, 1 MiB"
    axes.set(xscale="log", xlabel="write error rate", ylabel="nominal energy / energy", title=title)
    axes.legend(title="varied", fontsize=7)
    return figure
