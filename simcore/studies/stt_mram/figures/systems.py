"""Figures of parts 4 and 5: energy by part, energy gains, and cycles against the write pulse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from models.arrays.cells import memory_cell
from simcore.program.outcome import CAUSE_NAMES
from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.energy_split import GROUPS
from simcore.studies.stt_mram.figures.marks import COLOURS, PART_NAMES, nominal, series
from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.settings import CLAIMED_GAIN, KIB
from simcore.studies.stt_mram.systems import PRESET_BYTES

_BARS = (("none", "SRAM"), ("capacity", "equal capacity"), ("area", "equal area"))


def draw_systems(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per class with bars of the energy by part, relative to the SRAM system, ungated and at the preset's size.

    On the bar of each SRAM system stand its millijoules.
    """
    table = tables["systems"]
    table = table[~table["gated"] & (table["sram_kib"] == PRESET_BYTES // KIB)]
    classes = table["leakage_class"].unique()
    figure = Figure(figsize=(14, 5.4))
    panels = figure.subplots(1, len(classes), sharey=True, squeeze=False)[0]
    for axes, leakage_class in zip(panels, classes, strict=True):
        _system_panel(axes, table[table["leakage_class"] == leakage_class])
        axes.set_title(f"{leakage_class}, 4 x {capacity(table['sram_kib'].iloc[0])}, 22 nm")
    panels[0].set_ylabel("energy / energy of the SRAM system")
    title = "bars of a run, left to right:\nSRAM (with its mJ above),\nequal capacity, equal area"
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7.5, title=title, title_fontsize=7.5
    )
    return figure


def _system_panel(axes: Any, of_class: pd.DataFrame) -> None:
    """Draw three bars per run, and above the first, that of SRAM, its energy."""
    runs = list(of_class[["network", "pass"]].drop_duplicates().itertuples(index=False))
    for run, (network, which) in enumerate(runs):
        rows = of_class[(of_class["network"] == network) & (of_class["pass"] == which)].set_index("iso").to_dict("index")
        for bar, (iso, _) in enumerate(_BARS):
            top = _stack(axes, rows, iso, run + 0.27 * (bar - 1), labelled=run + bar == 0)
            if iso == "none":
                place: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center", "va": "bottom"}
                said = f"{1e-3 * rows[iso]['system_uj']:.3g} mJ"
                axes.annotate(said, (run - 0.27, top), fontsize=7, rotation=90, **place)
    axes.set_xticks(range(len(runs)), [f"{network} {which}" for network, which in runs], rotation=60, ha="right", fontsize=7.5)
    axes.margins(y=0.15)


def _stack(axes: Any, rows: Mapping[Any, Any], iso: str, x: float, *, labelled: bool) -> float:
    """Draw the bar of a system and return its height."""
    bottom = 0.0
    for part, colour, hatch in zip(
        GROUPS, (*COLOURS[:3], "#56b4e9", *COLOURS[3:]), ("", "//", "..", "++", "xx", "", "\\\\"), strict=True
    ):
        height = float(rows[iso][f"{part}_uj"] / rows["none"]["system_uj"])
        label = PART_NAMES.get(part, part) if labelled else None
        axes.bar(x, height, 0.25, bottom, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=label)
        bottom += height
    return bottom


def draw_gains(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per scope with the claimed range. A row per configuration has a point per network and pass."""
    table = tables["systems"]
    table = table[table["iso"] != "none"]
    columns = list(table[["leakage_class", "sram_kib", "iso", "gated"]].drop_duplicates().itertuples(index=False, name=None))
    names = [f"{name}, 4 x {capacity(kib)}, equal {iso}{', gated' if gated else ''}" for name, kib, iso, gated in columns]
    looks = series(map(_drawn_as, table["network"]))
    figure = Figure(figsize=(11, 1 + 0.19 * len(names)))
    panels = figure.subplots(1, len(SCOPES), sharey=True)
    for axes, scope in zip(panels, SCOPES, strict=True):
        axes.axvspan(*CLAIMED_GAIN, color="0.85", zorder=0, label="15 to 22 times")
        for (network, which), kept in table.groupby(["network", "pass"], sort=False):
            keys = zip(kept["leakage_class"], kept["sram_kib"], kept["iso"], kept["gated"], strict=True)
            beside = 0.5 * (list(looks).index(_drawn_as(network)) + 0.5) / len(looks) - 0.25
            heights = [columns.index(key) + beside for key in keys]
            look = looks[_drawn_as(network)] | ({"markerfacecolor": "none"} if which == "inference" else {})
            axes.plot(kept[f"{scope}_gain"], heights, markersize=4, linestyle="", label=f"{network}, {which}", **look)
        axes.set(xscale="log", xlabel="SRAM / STT-MRAM energy", title=scope)
        axes.set_xticks([0.3, 1, 3, 10, 30], labels=["0.3", "1", "3", "10", "30"], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_yticks(range(len(names)), names, fontsize=6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=7)
    return figure


def _drawn_as(network: Any) -> str:
    """Return the network without the size of its images: both forms have one colour, inference with an open marker."""
    return str(network).removesuffix("-32")


def draw_pulses(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per network with the cycles as a stack of computing and the causes of stalls."""
    table = tables["pulses"]
    networks = table["network"].unique()
    figure = Figure(figsize=(1.5 + 4.5 * len(networks), 3.6))
    panels = figure.subplots(1, len(networks), squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        rows = table[table["network"] == network]
        columns = [rows["compute_cycles"], *(rows[f"{cause}_cycles"] for cause in CAUSE_NAMES)]
        areas = axes.stackplot(rows["pulse_ns"], 1e-6 * np.array(columns), labels=("compute", *CAUSE_NAMES))
        for at, area in enumerate(areas):
            area.set(hatch=("", "//", "..", "xx", "\\\\")[at % 5], edgecolor="white", linewidth=0)
        cell, kib, batch, leakage = (rows[name].iloc[0] for name in ("cell", "capacity_kib", "batch", "leakage_class"))
        nominal(axes, memory_cell(cell).pulse_ns, "the cell's own pulse")
        axes.set(
            xlabel="write pulse, ns",
            title=f"{network}, training step of {batch} images\n{cell}, {leakage}, {capacity(kib)} in all",
        )
    panels[0].set_ylabel("million cycles")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    return figure
