"""Figures of times and speedups: by precision and level, by effect, and over the grid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.pim_dram.settings import CLAIMS
from simcore.studies.pim_dram.yardsticks import MEASURED

Tables = Mapping[str, pd.DataFrame]
#: The yardsticks that the figures show as lines.
_LINES = (MEASURED, "titan-xp-b1", "ideal-titan-xp-b1")


def draw_speedups(tables: Tables) -> Figure:
    """Draw a panel per network with a line per level: the greatest speedup over the measured GPU against the precision."""
    table = tables["best"]
    table = table[table["yardstick"] == MEASURED]
    networks = list(table["network"].unique())
    figure = Figure(figsize=(3.2 * len(networks), 3.4))
    for axes, network in zip(figure.subplots(1, len(networks), sharey=True, squeeze=False)[0], networks, strict=True):
        for level, rows in table[table["network"] == network].groupby("level", sort=False):
            rows = rows.sort_values("bits")
            axes.plot(rows["bits"], rows["speedup"], marker=".", label=level)
        for claim in CLAIMS:
            if claim.over == "gpu":
                axes.axhline(claim.speedup, color="0.5", linestyle=":", linewidth=1)
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set(yscale="log", xlabel="bits of weights and activations", title=network)
        axes.set_xscale("log", base=2)
        axes.set_xticks(sorted(table["bits"].unique()), labels=[str(bits) for bits in sorted(table["bits"].unique())])
    figure.axes[0].set_ylabel("speedup over the measured GPU\n(dotted: claimed)")
    figure.axes[-1].legend(fontsize=7)
    return figure


def draw_effects(tables: Tables) -> Figure:
    """Draw a panel per base with bars: the slowdown of each effect alone, for every network."""
    table = tables["effects"]
    bases = list(table["base"].unique())
    figure = Figure(figsize=(5 * len(bases), 4))
    for axes, base in zip(figure.subplots(1, len(bases), squeeze=False)[0], bases, strict=True):
        of = table[(table["base"] == base) & (table["effect"] != "none")]
        _bars(axes, of, "effect", "slowdown")
        axes.set(xscale="log", xlabel="time per image / without effects", title=base)
    return figure


def _bars(axes, table: pd.DataFrame, of: str, value: str) -> None:  # type: ignore[no-untyped-def]
    """Draw horizontal bars, one group for each value of the column ``of``, one bar for each network."""
    names, networks = list(dict.fromkeys(table[of])), list(dict.fromkeys(table["network"]))
    height = 0.8 / len(networks)
    for number, network in enumerate(networks):
        rows = table[table["network"] == network].set_index(of)[value].loc[names]
        axes.barh(np.arange(len(names)) + height * (number - len(networks) / 2 + 0.5), rows - 1, height, left=1, label=network)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.invert_yaxis()
    axes.legend(fontsize=7)


def draw_ladder(tables: Tables) -> Figure:
    """Draw a panel per base: the time per image as one effect after the other is switched on, with three yardsticks."""
    table, yardsticks = tables["ladder"], tables["yardsticks"]
    bases = list(table["base"].unique())
    figure = Figure(figsize=(5 * len(bases), 3.8))
    for axes, base in zip(figure.subplots(1, len(bases), squeeze=False)[0], bases, strict=True):
        for colour, (network, rows) in enumerate(table[table["base"] == base].groupby("network", sort=False)):
            before = rows["ms_per_image"].iloc[0] / rows["slowdown"].iloc[0]
            axes.plot(["none", *rows["effect"]], [before, *rows["ms_per_image"]], marker=".", color=f"C{colour}", label=network)
            for style, name in zip(("--", ":", "-."), _LINES, strict=True):
                ms = yardsticks[(yardsticks["network"] == network) & (yardsticks["yardstick"] == name)]["ms_per_image"].iloc[0]
                axes.axhline(ms, color=f"C{colour}", linestyle=style, linewidth=0.7)
        axes.set(yscale="log", title=base)
        axes.tick_params(axis="x", rotation=40)
    figure.axes[0].set_ylabel("ms per image\n(dashed: measured GPU; dotted: Titan Xp, batch 1; dash-dotted: ideal)", fontsize=7)
    figure.axes[0].legend(fontsize=7)
    return figure


def draw_grid(tables: Tables) -> Figure:
    """Draw a panel per network and level: the time between images against the subarrays at work, with a line per precision."""
    table = tables["grid"]
    table = table[(table["standard"] == "ddr4") & (table["program"] == "maj") & (table["pairs"] == 1)]
    networks, levels = list(table["network"].unique()), list(table["level"].unique())
    figure = Figure(figsize=(3.2 * len(networks), 2.6 * len(levels)))
    panels = figure.subplots(len(levels), len(networks), sharex=True, sharey=True, squeeze=False)
    for down, level in enumerate(levels):
        for across, network in enumerate(networks):
            axes, kept = panels[down][across], table[(table["network"] == network) & (table["level"] == level)]
            for (bits, placement), rows in kept.groupby(["bits", "placement"], sort=False):
                style = "-" if placement == "together" else "--"
                colour = f"C{sorted(table['bits'].unique()).index(bits)}"
                label = f"{bits} bits" if placement == "together" else None
                axes.plot(rows["subarrays"], rows["ms_per_image"], style, marker=".", color=colour, label=label)
            axes.set(yscale="log", title=f"{network}, {level}")
            axes.set_xscale("log", base=2)
    for axes in panels[-1]:
        axes.set_xlabel("subarrays of a bank at work")
    panels[0][0].set_ylabel("ms between images\n(dashed: pipelined)")
    panels[0][-1].legend(fontsize=7)
    return figure
