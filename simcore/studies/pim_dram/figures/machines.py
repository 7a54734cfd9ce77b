"""Figures of what the machine does: the adder tree, layers, banks, energy, and sensitivity."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from simcore.pim.phases import PHASE_KINDS

Tables = Mapping[str, pd.DataFrame]


def draw_tree(tables: Tables) -> Figure:
    """Draw a panel per number of subarrays: the tree's share of the rounds against the precision."""
    table = tables["adder_tree"]
    subarrays = list(table["subarrays"].unique())
    figure = Figure(figsize=(3.2 * len(subarrays), 3.2))
    for axes, count in zip(figure.subplots(1, len(subarrays), sharey=True, squeeze=False)[0], subarrays, strict=True):
        for columns, rows in table[table["subarrays"] == count].groupby("tree_columns"):
            axes.plot(rows["bits"], rows["tree_percent"], marker=".", label=f"{columns:,} columns per cycle")
        axes.axhline(50, color="black", linewidth=0.8)
        axes.set(xlabel="bits", title=f"{count} subarrays of a bank")
        axes.set_xscale("log", base=2)
    figure.axes[0].set_ylabel("adder tree, % of the rounds")
    figure.axes[-1].legend(fontsize=7)
    return figure


def draw_layers(tables: Tables) -> Figure:
    """Draw a panel per network: the cycles of each layer by phase, one image at a time on the preset."""
    table = tables["layer_utilisation"]
    table = table[(table["level"] == "all") & (table["placement"] == "together")]
    networks = list(table["network"].unique())
    figure = Figure(figsize=(4 * len(networks), 3.6))
    for axes, network in zip(figure.subplots(1, len(networks), squeeze=False)[0], networks, strict=True):
        rows = table[table["network"] == network]
        left = 0.0 * rows["cycles"]
        for kind in PHASE_KINDS:
            axes.barh(rows["layer"], rows[f"{kind}_cycles"] / 1e6, left=left, label=kind)
            left = left + rows[f"{kind}_cycles"] / 1e6
        axes.set(xlabel="million cycles", title=network)
        axes.tick_params(axis="y", labelsize=6)
        axes.invert_yaxis()
    figure.axes[0].legend(fontsize=7)
    return figure


def draw_banks(tables: Tables) -> Figure:
    """Draw a panel per network: the share of the run that the subarrays of each bank compute, by placement."""
    table = tables["bank_utilisation"]
    table = table[table["level"] == "all"]
    networks = list(table["network"].unique())
    figure = Figure(figsize=(3.2 * len(networks), 3))
    for axes, network in zip(figure.subplots(1, len(networks), sharey=True, squeeze=False)[0], networks, strict=True):
        for number, (placement, rows) in enumerate(table[table["network"] == network].groupby("placement", sort=False)):
            axes.bar([0.4 * number + bank for bank in range(len(rows))], rows["computing_percent"], 0.4, label=placement)
        axes.set(xlabel="bank", title=network)
    figure.axes[0].set_ylabel("subarrays compute, % of the run")
    figure.axes[0].legend(fontsize=7)
    return figure


def draw_energy(tables: Tables) -> Figure:
    """Draw a panel per network: the energy of an image by part against the precision, on each standard."""
    table = tables["energy"]
    table = table[(table["program"] == "maj") & (table["subarrays"] == 1) & (table["pairs"] == 1)]
    networks = list(table["network"].unique())
    parts = [name for name in table.columns if name.endswith("_uj")]
    figure = Figure(figsize=(3.6 * len(networks), 3.4))
    for axes, network in zip(figure.subplots(1, len(networks), squeeze=False)[0], networks, strict=True):
        rows = table[table["network"] == network].sort_values(["standard", "bits"])
        bars = [f"{row['standard']} {row['bits']}" for row in rows.to_dict("records")]
        below = 0.0 * rows["uj_per_image"]
        for part in parts:
            axes.bar(bars, rows[part] / 1e3, bottom=below, label=part.removesuffix("_uj"))
            below = below + rows[part] / 1e3
        axes.set(title=network)
        axes.tick_params(axis="x", rotation=90, labelsize=6)
    figure.axes[0].set_ylabel("mJ per image")
    figure.axes[0].legend(fontsize=7)
    return figure


def draw_sensitivity(tables: Tables) -> Figure:
    """Draw a panel per key: the time per image relative to the preset, with a line per network and level."""
    table = tables["sensitivity"]
    keys = list(table["key"].unique())
    figure = Figure(figsize=(3.2 * len(keys), 3.2))
    for axes, key in zip(figure.subplots(1, len(keys), sharey=True, squeeze=False)[0], keys, strict=True):
        for (network, level), rows in table[table["key"] == key].groupby(["network", "level"], sort=False):
            rows = rows.sort_values("value")
            style = "-" if level == "all" else "--"
            colour = f"C{list(table['network'].unique()).index(network)}"
            axes.plot(rows["value"], rows["relative"], style, marker=".", color=colour, label=f"{network}, {level}")
        axes.set(xlabel=key)
    figure.axes[0].set_ylabel("time per image / preset")
    figure.axes[-1].legend(fontsize=6)
    return figure
