"""Two runs in one figure: where the cycles of their layers went, side by side."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from simcore.errors import InputError
from simcore.results.any_run import AnyRun
from simcore.results.figures.layers import part_colour, scaled, title_of
from simcore.results.tables import stall_column

_WIDTH, _ROW, _AROUND, _HIGHEST = 8.0, 0.3, 1.7, 60.0


def draw_pair(one: AnyRun, other: AnyRun) -> Figure:
    """Draw two bars for each layer that both ran, the first run's above the other's, stacked of compute and the stall causes.

    Raise InputError if they have no such layer.
    """
    tables = [run.table("layers").drop_duplicates("layer").set_index("layer") for run in (one, other)]
    tables = [table[table["cycles"] > 0] for table in tables]
    names = [name for name in tables[0].index if name in tables[1].index]
    if not names:
        raise InputError("these two runs have no layer in common")
    causes = list(dict.fromkeys([*one.facts["causes"], *other.facts["causes"]]))
    scale, unit = scaled(max(float(table.loc[names, "cycles"].max()) for table in tables), "cycles")
    figure = Figure(figsize=(_WIDTH, min(_HIGHEST, _AROUND + _ROW * len(names))))
    axes = figure.subplots()
    rows = np.arange(len(names))
    told = set()
    for table, shift in zip(tables, (-0.2, 0.2), strict=True):
        left = np.zeros(len(names))
        for number, cause in enumerate(["compute", *causes]):
            column = "compute_cycles" if cause == "compute" else stall_column(cause)
            if column not in table or not table.loc[names, column].any():
                continue
            spent = table.loc[names, column].to_numpy(float) / scale
            label = None if cause in told else cause
            axes.barh(rows + shift, spent, height=0.38, left=left, color=part_colour(number), label=label)
            told.add(cause)
            left = left + spent
    axes.set_yticks(rows, names, fontsize=6)
    axes.set(xlabel=unit, title=f"above: {title_of(one)}\nbelow: {title_of(other)}")
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure
