"""The Pareto front as a figure: every point, and those of the front marked and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simcore.errors import InputError
from simcore.results.figures.style import figure_style, require_matplotlib
from simcore.sweeps.pareto import WORK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simcore.sweeps.sweep import Sweep

#: The most works that the legend names.
_MOST_NAMED = 8


def pareto_figure(sweep: Sweep) -> Figure:
    """Return a panel for the first objective over each other one. Raise InputError without matplotlib or a second objective."""
    require_matplotlib()
    from matplotlib.figure import Figure

    metrics = [each.metric for each in sweep.compared]
    if len(metrics) < 2:
        raise InputError(f"a Pareto figure needs two objectives, got {len(metrics)}", hint="objectives: [cycles, energy_pj]")
    with figure_style():
        figure = Figure(figsize=(4.2 * (len(metrics) - 1), 3.6))
        panels = figure.subplots(1, len(metrics) - 1, squeeze=False)[0]
        for panel, metric in zip(panels, metrics[1:], strict=True):
            _draw(panel, sweep, metrics[0], metric)
    return figure


def _draw(panel: Axes, sweep: Sweep, first: str, second: str) -> None:
    """Draw the points of each work in a colour of its own, and join those of its front."""
    work = [column for column in WORK if column in sweep.table.columns]
    groups = list(sweep.table.groupby(work, sort=False, dropna=False)) if work else [((), sweep.table)]
    front = set(sweep.pareto.index)
    for number, (names, rows) in enumerate(groups):
        colour = f"C{number % 10}"
        best = rows[rows.index.isin(front)].sort_values(first)
        label = ", ".join(map(str, names)) if number < _MOST_NAMED else None
        panel.scatter(rows[first], rows[second], s=8, color=colour, alpha=0.35, linewidths=0)
        panel.plot(best[first], best[second], marker="o", markersize=4, linewidth=1, color=colour, label=label or "Pareto front")
    panel.set_xlabel(first)
    panel.set_ylabel(second)
    panel.set_xscale("log")
    panel.legend(fontsize=7)
