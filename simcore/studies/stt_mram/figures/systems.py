"""Figures of parts 4 and 5: energy by part, energy gains, and cycles against the write pulse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simcore.program.outcome import CAUSE_NAMES
from simcore.studies.stt_mram.energy_split import GROUPS
from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.settings import CLAIMED_GAIN, KIB
from simcore.studies.stt_mram.systems import PRESET_BYTES

_BARS = (("none", "SRAM"), ("capacity", "iso-capacity"), ("area", "iso-area"))


def draw_systems(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per class with bars of the energy by part, relative to the SRAM system, ungated and at the preset's size."""
    table = tables["systems"]
    table = table[~table["gated"] & (table["sram_kib"] == PRESET_BYTES // KIB)]
    classes = table["leakage_class"].unique()
    figure = Figure(figsize=(10, 4.2))
    panels = figure.subplots(1, len(classes), sharey=True, squeeze=False)[0]
    for axes, leakage_class in zip(panels, classes, strict=True):
        of_class = table[table["leakage_class"] == leakage_class]
        runs = list(of_class[["network", "pass"]].drop_duplicates().itertuples(index=False))
        for run, (network, which) in enumerate(runs):
            rows = of_class[(of_class["network"] == network) & (of_class["pass"] == which)].set_index("iso")
            for bar, (iso, _) in enumerate(_BARS):
                bottom = 0.0
                for colour, part in enumerate(GROUPS):
                    height = rows.loc[iso, f"{part}_uj"] / rows.loc["none", "system_uj"]
                    label = part if (run, bar) == (0, 0) else None
                    axes.bar(run + 0.27 * (bar - 1), height, 0.25, bottom, color=f"C{colour}", label=label)
                    bottom += height
        axes.set_xticks(range(len(runs)), [f"{network} {which}" for network, which in runs], rotation=60, ha="right", fontsize=6)
        axes.set_title(f"{leakage_class}, 4 x {table['sram_kib'].iloc[0] / KIB:g} MiB, 22 nm")
    panels[0].set_ylabel("energy / SRAM system")
    title = "left to right:\nSRAM,\niso-capacity,\niso-area"
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7, title=title, title_fontsize=7)
    return figure


def draw_gains(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per scope with the claimed range. A row per configuration has a point per network and pass."""
    table = tables["systems"]
    table = table[table["iso"] != "none"]
    columns = list(table[["leakage_class", "sram_kib", "iso", "gated"]].drop_duplicates().itertuples(index=False, name=None))
    names = [f"{name}, {kib / KIB:g} MiB, iso-{iso}{', gated' if gated else ''}" for name, kib, iso, gated in columns]
    figure = Figure(figsize=(10, 5.5))
    for axes, scope in zip(figure.subplots(1, len(SCOPES), sharey=True), SCOPES, strict=True):
        axes.axvspan(*CLAIMED_GAIN, color="C2", alpha=0.25)
        for which, marker in (("inference", "o"), ("training", "x")):
            kept = table[table["pass"] == which]
            keys = zip(kept["leakage_class"], kept["sram_kib"], kept["iso"], kept["gated"], strict=True)
            heights = [columns.index(key) for key in keys]
            axes.plot(kept[f"{scope}_gain"], heights, marker, markersize=4, markerfacecolor="none", linestyle="", label=which)
        axes.set(xscale="log", xlabel="SRAM / STT-MRAM energy", title=scope)
        axes.set_yticks(range(len(names)), names, fontsize=5)
    axes.legend(fontsize=7)
    return figure


def draw_pulses(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per network with the cycles as a stack of computing and the causes of stalls."""
    table = tables["pulses"]
    networks = table["network"].unique()
    figure = Figure(figsize=(4.5 * len(networks), 3.6))
    panels = figure.subplots(1, len(networks), squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        rows = table[table["network"] == network]
        columns = [rows["compute_cycles"], *(rows[f"{cause}_cycles"] for cause in CAUSE_NAMES)]
        axes.stackplot(rows["pulse_ns"], np.array(columns), labels=("compute", *CAUSE_NAMES))
        cell, kib = rows["cell"].iloc[0], rows["capacity_kib"].iloc[0]
        axes.set(xlabel="write pulse, ns", title=f"{network}, training step, {cell}, {kib / KIB:g} MiB in all")
    panels[0].set_ylabel("cycles")
    panels[0].legend(fontsize=6, loc="upper left")
    return figure
