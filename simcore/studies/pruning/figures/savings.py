"""Figures of what is saved: by schedule, by system, by multiple of filters."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from simcore.pruning.training import PRUNED, RETRAINED
from simcore.studies.pruning.settings import CLAIMED_PERCENT

Tables = Mapping[str, pd.DataFrame]


def draw_counts(tables: Tables) -> Figure:
    """Draw the computations saved against the schedule, with a mark per network and length, and the claimed figure as a line."""
    table = tables["counts"]
    figure = Figure(figsize=(6, 3.6))
    axes = figure.subplots()
    for (network, epochs), rows in table.groupby(["network", "epochs"], sort=False):
        axes.plot(rows["computations_saved_percent"], rows["schedule"], "o", markersize=3, label=f"{network}, {epochs} epochs")
    axes.axvline(CLAIMED_PERCENT, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.set(xlabel="computations saved of training, pruning and retraining, %")
    axes.legend(fontsize=5)
    return figure


def draw_savings(tables: Tables) -> Figure:
    """Draw a panel per schedule: computations, cycles and joules saved, by system."""
    table = tables["machines"]
    table = table[table["procedure"] == PRUNED]
    schedules = list(table["schedule"].unique())
    figure = Figure(figsize=(3.6 * len(schedules), 3.2))
    amounts = {"macs": "computations", "cycles": "cycles", "energy_pj": "joules"}
    for axes, schedule in zip(figure.subplots(1, len(schedules), sharey=True, squeeze=False)[0], schedules, strict=True):
        rows = table[table["schedule"] == schedule]
        for number, (name, told) in enumerate(amounts.items()):
            heights = rows[f"{name}_saved_of_{RETRAINED}_percent"].astype(float)
            axes.bar([place + 0.25 * number for place in range(len(rows))], heights, 0.25, label=told)
        axes.set_xticks([place + 0.25 for place in range(len(rows))], list(rows["system"]), rotation=45)
        axes.set(title=schedule)
    figure.axes[0].set_ylabel("saved of training, pruning and retraining, %")
    figure.axes[-1].legend(fontsize=6)
    return figure


def draw_rounded(tables: Tables) -> Figure:
    """Draw computations and cycles saved of a dense training against the multiple."""
    table = tables["rounded"]
    figure = Figure(figsize=(3.6, 3.2))
    axes = figure.subplots()
    for number, (name, told) in enumerate((("macs", "computations"), ("cycles", "cycles"), ("energy_pj", "joules"))):
        axes.bar([place + 0.25 * number for place in range(len(table))], table[f"{name}_saved_percent"], 0.25, label=told)
    axes.set_xticks([place + 0.25 for place in range(len(table))], [str(multiple) for multiple in table["multiple"]])
    axes.set(xlabel="filters in multiples of", ylabel="saved of a dense training, %")
    axes.legend(fontsize=6)
    return figure
