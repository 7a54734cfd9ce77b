"""Figures of the banks over the time of the run: when each was busy, and when requests waited at it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcore.results.figures.layers import scaled
from simcore.results.heatmap import Measured, bank_heat_map
from simcore.results.results import Results

#: Spans of equal length into which the run is divided.
_COLUMNS = 240
#: A layer that takes a smaller share of the run has no name above the map.
_LEAST_NAMED = 0.015


def bank_figures(results: Results) -> dict[str, Figure | None]:
    """Return the maps of a machine with banks, each None if it would be empty."""
    if not results.kind.has_banks or not results.cycles:
        return {}
    return {
        "bank_occupancy": draw_over_time(results, "busy", "banks busy"),
        "bank_conflicts": draw_over_time(results, "conflict", "requests waiting at banks"),
    }


def draw_over_time(results: Results, what: Measured, said: str) -> Figure | None:
    """Draw a map with a row for each bank and the time of the run to the right; above it stand the layers that run.

    ``what`` is "busy" or "conflict" (`bank_heat_map`), ``said`` the same in words. Return None for a map of zeros.
    """
    banks = results.kind.banks(results.system)
    grid = 100 * bank_heat_map(results.runs, len(banks), _COLUMNS, what)
    if what == "busy":
        grid /= np.array([bank.ports for bank in banks])[:, None]
    if not grid.any():
        return None
    names = [bank.scratchpad for bank in banks]
    figure = Figure(figsize=(8.0, min(12.0, 2.0 + 0.09 * len(names))))
    axes = figure.subplots()
    scale, unit = scaled(results.cycles, "cycles")
    draw_map(figure, axes, grid, extent=(0.0, results.cycles / scale, len(names) - 0.5, -0.5))
    firsts = [at for at, name in enumerate(names) if at == 0 or name != names[at - 1]]
    axes.set_yticks(firsts, [names[at] for at in firsts], fontsize=6)
    axes.set(xlabel=unit, title=f"{results.network} on {results.system.name}: {said}")
    _name_layers(results, axes, scale)
    return figure


def draw_map(
    figure: Figure, axes: Axes, grid: npt.NDArray[np.float64], extent: tuple[float, float, float, float] | None = None
) -> None:
    """Draw shares in percent of the cycles as colours, from white for none, with a bar that says what they are."""
    drawn = axes.imshow(grid, aspect="auto", interpolation="nearest", cmap="Blues", vmin=0, vmax=grid.max(), extent=extent)
    figure.colorbar(drawn, ax=axes, label="% of the cycles")
    axes.grid(visible=False)


def _name_layers(results: Results, axes: Axes, scale: float) -> None:
    """Mark the begin of each layer, and name those that take long enough above the map."""
    ran = [run for run in results.runs if run.outcome is not None and run.outcome.cycles]
    lengths = np.array([run.outcome.cycles for run in ran if run.outcome is not None], float)
    starts = np.concatenate(([0.0], np.cumsum(lengths)[:-1]))
    for start in starts[1:]:
        axes.axvline(start / scale, color="black", linewidth=0.3)
    named = [at for at, length in enumerate(lengths) if length >= _LEAST_NAMED * results.cycles]
    top = axes.secondary_xaxis("top")
    middles = [(starts[at] + lengths[at] / 2) / scale for at in named]
    top.set_xticks(middles, [ran[at].name for at in named], rotation=90, fontsize=5)
