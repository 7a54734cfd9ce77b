"""Figures of the banks over the time of the run: when each was busy, and when requests waited at it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcore.results.any_run import AnyRun
from simcore.results.figures.layers import scaled
from simcore.results.heatmap import Measured
from simcore.results.time_map import LayerBins, layer_bins, ports_of, whole_run

#: Spans of equal length into which the run is divided.
_COLUMNS = 240
#: A layer that takes a smaller share of the run has no name above the map.
_LEAST_NAMED = 0.015


def bank_figures(run: AnyRun) -> dict[str, Figure | None]:
    """Return the maps of a machine with banks, each None if it would be empty."""
    if not run.facts["banks"] or not run.facts["cycles"]:
        return {}
    return {
        "bank_occupancy": draw_over_time(run, "busy", "banks busy"),
        "bank_conflicts": draw_over_time(run, "conflict", "requests waiting at banks"),
    }


def draw_over_time(run: AnyRun, what: Measured, said: str) -> Figure | None:
    """Draw a map with a row for each bank and the time of the run to the right; above it stand the layers that run.

    ``what`` is "busy" or "conflict" (`whole_run`), ``said`` the same in words. Return None for a map of zeros.
    """
    layers = layer_bins(run)
    total, conflict, busy = whole_run(layers, ports_of(run), _COLUMNS)
    grid = 100 * (conflict if what == "conflict" else busy)
    if not grid.any():
        return None
    figure, axes, scale = _empty_map(run, total, said)
    draw_map(figure, axes, grid, extent=(0.0, total / scale, len(grid) - 0.5, -0.5))
    _name_layers(layers, axes, scale)
    return figure


def draw_layer_over_time(run: AnyRun, layer: LayerBins, what: Measured, said: str) -> Figure | None:
    """Draw a map of one layer, whose bins last for different times. Return None for a map of zeros."""
    cycles = layer.conflict if what == "conflict" else layer.busy / ports_of(run)
    grid = 100 * cycles / layer.lengths
    if not grid.any():
        return None
    figure, axes, scale = _empty_map(run, layer.cycles, f"{said}, layer {layer.name}")
    edges = np.append(layer.starts, layer.cycles) / scale
    rows = np.arange(len(grid) + 1) - 0.5
    drawn = axes.pcolormesh(edges, rows, grid, cmap="Blues", vmin=0, vmax=grid.max())
    axes.set_ylim(len(grid) - 0.5, -0.5)
    figure.colorbar(drawn, ax=axes, label="% of the cycles")
    axes.grid(visible=False)
    return figure


def _empty_map(run: AnyRun, cycles: int, said: str) -> tuple[Figure, Axes, float]:
    """Return a figure with a row for each bank, its axes, and what cycles are divided by."""
    names = [str(bank["scratchpad"]) for bank in run.facts["banks"]]
    figure = Figure(figsize=(8.0, min(12.0, 2.0 + 0.09 * len(names))))
    axes = figure.subplots()
    scale, unit = scaled(cycles, "cycles")
    firsts = [at for at, name in enumerate(names) if at == 0 or name != names[at - 1]]
    axes.set_yticks(firsts, [names[at] for at in firsts], fontsize=6)
    axes.set(xlabel=unit, title=f"{run.facts['network']} on {run.facts['system']}: {said}")
    return figure, axes, scale


def draw_map(
    figure: Figure, axes: Axes, grid: npt.NDArray[np.float64], extent: tuple[float, float, float, float] | None = None
) -> None:
    """Draw shares in percent of the cycles as colours, from white for none, with a bar that says what they are."""
    drawn = axes.imshow(grid, aspect="auto", interpolation="nearest", cmap="Blues", vmin=0, vmax=grid.max(), extent=extent)
    figure.colorbar(drawn, ax=axes, label="% of the cycles")
    axes.grid(visible=False)


def _name_layers(layers: Sequence[LayerBins], axes: Axes, scale: float) -> None:
    """Mark the begin of each layer, and name those that take long enough above the map."""
    ran = [layer for layer in layers if layer.cycles]
    lengths = np.array([layer.cycles for layer in ran], float)
    starts = np.concatenate(([0.0], np.cumsum(lengths)[:-1]))
    for start in starts[1:]:
        axes.axvline(start / scale, color="black", linewidth=0.3)
    named = [at for at, length in enumerate(lengths) if length >= _LEAST_NAMED * lengths.sum()]
    top = axes.secondary_xaxis("top")
    middles = [(starts[at] + lengths[at] / 2) / scale for at in named]
    top.set_xticks(middles, [ran[at].name for at in named], rotation=90, fontsize=5)
