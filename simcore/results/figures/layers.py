"""Figures with a row for each layer: where its cycles went, how well it uses the machine, and what its energy is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcore.results.any_run import AnyRun
from simcore.results.tables import stall_column

#: Inches of a figure's width, of a layer's row, and of everything above and below the rows; no figure is higher than the last.
_WIDTH, _ROW, _AROUND, _HIGHEST = 8.0, 0.17, 1.5, 60.0
#: Markers of the shares of a layer.
_MARKERS = "osD^v"


def layer_figures(results: AnyRun) -> dict[str, Figure | None]:
    """Return the figures that every kind of machine has. None stands for an energy or a use that is not known."""
    uses = {"elements that hold work": "mapping_efficiency_percent", "use of the peak": "array_utilisation_percent"}
    layers = layers_that_ran(results)
    layers = layers[layers["macs"] > 0]
    return {
        "cycles": draw_cycles(results),
        "utilisation": draw_shares(results, list(layers["layer"]), {label: layers[column] for label, column in uses.items()}),
        "energy": draw_energy(results),
    }


def layers_that_ran(results: AnyRun) -> pd.DataFrame:
    """Return the rows of ``layers`` with cycles."""
    layers = results.table("layers")
    return layers[layers["cycles"] > 0]


def draw_cycles(results: AnyRun) -> Figure:
    """Draw the cycles of each layer as a bar: compute, then every stall cause that takes any."""
    layers = layers_that_ran(results)
    spent = {"compute": layers["compute_cycles"], **{cause: layers[stall_column(cause)] for cause in results.facts["causes"]}}
    return draw_stacks(results, list(layers["layer"]), spent, "cycles")


def draw_energy(results: AnyRun) -> Figure | None:
    """Draw the energy of each layer as a bar of its parts, or return None if it is not known."""
    layers = layers_that_ran(results)
    energy = results.table("energy")
    parts = {part: layers[f"{part}_pj"] for part in energy["part"]}
    if not parts or not energy["energy_pj"].sum():
        return None
    return draw_stacks(results, list(layers["layer"]), parts, "pJ")


def draw_stacks(results: AnyRun, names: Sequence[str], parts: Mapping[str, pd.Series[float]], unit: str) -> Figure:
    """Draw a bar for each name, stacked of those parts that are not zero. The legend says each part's share of the sum.

    ``unit`` is "cycles" or "pJ". A part has the same colour in all figures with these parts.
    """
    values = {part: column.to_numpy(float) for part, column in parts.items()}
    lengths = np.sum(list(values.values()), axis=0)
    scale, said = scaled(float(lengths.max(initial=0.0)), unit)
    figure, axes = _rows(results, names, said)
    left = np.zeros(len(names))
    for number, (part, of_layers) in enumerate(values.items()):
        if of_layers.any():
            label = f"{part} ({100 * of_layers.sum() / lengths.sum():.1f} %)"
            axes.barh(range(len(names)), of_layers / scale, left=left, color=part_colour(number), label=label)
            left = left + of_layers / scale
    figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure


def draw_shares(results: AnyRun, names: Sequence[str], shares: Mapping[str, pd.Series[float]]) -> Figure | None:
    """Draw shares in percent as one mark each in the row of every name. Return None if none is known (all are NaN)."""
    known = {label: values.to_numpy(float) for label, values in shares.items()}
    known = {label: values for label, values in known.items() if not np.isnan(values).all()}
    if not known:
        return None
    figure, axes = _rows(results, names, "percent")
    for number, (label, values) in enumerate(known.items()):
        axes.plot(values, range(len(names)), _MARKERS[number % len(_MARKERS)], markersize=4, alpha=0.8, label=label)
    axes.set_xlim(-2, 102)
    figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure


def _rows(results: AnyRun, names: Sequence[str], unit: str) -> tuple[Figure, Axes]:
    """Return an empty figure with a row for each name, the first on top."""
    figure = Figure(figsize=(_WIDTH, min(_HIGHEST, _AROUND + _ROW * len(names))))
    axes = figure.subplots()
    axes.set(xlabel=unit, title=title_of(results))
    axes.set_yticks(range(len(names)), list(names), fontsize=6)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    return figure, axes


def title_of(run: AnyRun) -> str:
    """Return what ran, on which system, and how long it took."""
    return f"{run.facts['network']} on {run.facts['system']}: {run.facts['said_time']}"


def scaled(most: float, unit: str) -> tuple[float, str]:
    """Return what to divide values by, and the unit of the quotients, so that the largest is a number that can be read."""
    steps = {"cycles": ("cycles", "thousand cycles", "million cycles"), "pJ": ("pJ", "nJ", "uJ", "mJ")}[unit]
    number = min(len(steps) - 1, next((at for at in range(len(steps)) if most < 1000.0 ** (at + 1)), len(steps) - 1))
    return 1000.0**number, steps[number]


def part_colour(number: int) -> object:
    """Return the colour of a part: the strong colours first, then the pale ones."""
    return colormaps["tab20"]((2 * number) % 20 + number // 10 % 2)
