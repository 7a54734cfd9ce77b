"""Figures of how a training goes: filters alive, cycles per epoch, writes."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]


def draw_filters(tables: Tables) -> Figure:
    """Draw a panel per schedule: live filters of each layer against the epoch, in percent."""
    table = tables["filters"]
    schedules = list(table["schedule"].unique())
    figure = Figure(figsize=(3.6 * len(schedules), 3.2))
    for axes, schedule in zip(figure.subplots(1, len(schedules), sharey=True, squeeze=False)[0], schedules, strict=True):
        for layer, rows in table[table["schedule"] == schedule].groupby("layer", sort=False):
            axes.plot(rows["epoch"], 100 * rows["live_filters"] / rows["filters"], linewidth=0.8, label=layer)
        axes.set(xlabel="epoch", title=schedule)
    figure.axes[0].set_ylabel("live filters, %")
    figure.axes[-1].legend(fontsize=5, ncols=2)
    return figure


def draw_epochs(tables: Tables) -> Figure:
    """Draw a panel per schedule: the cycles of each epoch as a share of the first, dense one, with a line per system."""
    table = tables["epochs"]
    schedules = list(table["schedule"].unique())
    figure = Figure(figsize=(3.6 * len(schedules), 3.2))
    for axes, schedule in zip(figure.subplots(1, len(schedules), sharey=True, squeeze=False)[0], schedules, strict=True):
        rows = table[table["schedule"] == schedule]
        for system, of_system in rows.groupby("system", sort=False):
            axes.plot(of_system["epoch"], 100 * of_system["cycles"] / of_system["cycles"].iloc[0], label=system)
        first = rows[rows["system"] == rows["system"].iloc[0]]
        axes.plot(first["epoch"], 100 * first["macs"] / first["macs"].iloc[0], "k--", linewidth=0.8, label="computations")
        axes.set(xlabel="epoch", title=schedule)
    figure.axes[0].set_ylabel("cycles, % of the first epoch")
    figure.axes[-1].legend(fontsize=6)
    return figure


def draw_writes(tables: Tables) -> Figure:
    """Draw a panel per schedule: writes to the scratchpads in a whole training, by system and procedure."""
    table = tables["writes"]
    schedules = list(table["schedule"].unique())
    figure = Figure(figsize=(3.6 * len(schedules), 3.2))
    for axes, schedule in zip(figure.subplots(1, len(schedules), sharey=True, squeeze=False)[0], schedules, strict=True):
        of_schedule = table[table["schedule"] == schedule]
        for number, (procedure, rows) in enumerate(of_schedule.groupby("procedure", sort=False)):
            axes.bar([place + 0.25 * number for place in range(len(rows))], rows["writes"] / 1e9, 0.25, label=procedure)
        names = list(of_schedule["system"].unique())
        axes.set_xticks([place + 0.25 for place in range(len(names))], names, rotation=45)
        axes.set(title=schedule)
    figure.axes[0].set_ylabel("billion line writes")
    figure.axes[-1].legend(fontsize=6)
    return figure
