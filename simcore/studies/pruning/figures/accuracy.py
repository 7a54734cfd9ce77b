"""The figure of real training: accuracy against the pruned fraction."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]


def draw_accuracy(tables: Tables) -> Figure:
    """Draw the rankings on the left, the procedures ranked by L1 on the right, with the deviation over the seeds as bars.

    The dense training stands at 0 %. Layers that keep multiples of filters are left out.
    """
    table = tables["accuracy"]
    dense = table[table["experiment"] == "dense"]
    figure = Figure(figsize=(7.2, 3.2))
    left, right = figure.subplots(1, 2, sharey=True)
    by_ranking = table[table["experiment"] == "rankings"]
    by_procedure = table[(table["experiment"] == "procedures") & (table["ranking"] == "l1")]
    for axes, rows, name in ((left, by_ranking, "ranking"), (right, by_procedure, "procedure")):
        for label, of_label in rows.groupby(name, sort=False):
            whole = pd.concat([dense, of_label]).sort_values("fraction")
            deviation = whole["accuracy_std_points"]
            axes.errorbar(100 * whole["fraction"], whole["accuracy_mean_percent"], deviation, capsize=2, marker=".", label=label)
        axes.set(xlabel="filters pruned, %", title=f"by {name}")
        if len(rows):
            axes.legend(fontsize=7)
    left.set_ylabel("test accuracy, %")
    return figure
