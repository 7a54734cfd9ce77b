"""Figures of part 6: accuracy against error rates, and against the energy of placements."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

_ERROR_BARS = {"marker": ".", "capsize": 2, "linewidth": 1}


def draw_accuracy(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the points of accuracy lost, by error rate in all bits and by bit position.

    The figure shows mean and standard deviation over seeds for the main net and word, with a line per kind of tensor.
    """
    figure = Figure(figsize=(8, 3.4))
    by_rate, by_bit = figure.subplots(1, 2, sharey=True)
    rates, bits = _of_main(tables["accuracy_error_rates"]), _of_main(tables["accuracy_bits"])
    for tensor in rates["tensor"].unique():
        rows = rates[rates["tensor"] == tensor]
        by_rate.errorbar(rows["error_rate"], rows["loss_mean_points"], rows["loss_std_points"], label=tensor, **_ERROR_BARS)
        rows = bits[bits["tensor"] == tensor]
        by_bit.errorbar(rows["bits"].astype(int), rows["loss_mean_points"], rows["loss_std_points"], label=tensor, **_ERROR_BARS)
    net, word = rates["net"].iloc[0], rates["word"].iloc[0]
    by_rate.set(xscale="log", xlabel="write error rate, all bits", ylabel="accuracy lost, points", title=f"{net}, {word}")
    by_bit.set(xlabel="bit position (0: least significant)", title=f"error rate {bits['error_rate'].iloc[0]:g} at one bit")
    by_rate.legend(fontsize=7)
    return figure


def _of_main(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the first net and word."""
    first = table.iloc[0]
    kept: pd.DataFrame = table[(table["net"] == first["net"]) & (table["word"] == first["word"])]
    return kept


def draw_placements(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a point per placement: accuracy lost against the write energy of the step, and against its cycles.

    Both are relative to a placement with everything in safe STT-MRAM.
    """
    table = tables["placements"]
    figure = Figure(figsize=(9, 4.2))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("write_energy", "cycles"), strict=True):
        for row in table[table["step_cycles"].notna()].to_dict("records"):
            place = (1 / row[f"step_{name}_gain"], row["loss_mean_points"])
            axes.errorbar(*place, row["loss_std_points"], color="C1" if row["sram_bits_percent"] else "C0", **_ERROR_BARS)
            axes.annotate(row["placement"], place, fontsize=5, xytext=(3, 2), textcoords="offset points")
        axes.set(xlabel=f"{name.replace('_', ' ')} of the training step / all safe")
        axes.set_yscale("symlog", linthresh=1)
    panels[0].set_ylabel("accuracy lost, points (orange: some SRAM)")
    return figure
