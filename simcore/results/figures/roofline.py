"""The roofline: the layers of runs by their multiply-accumulates per byte and per cycle, below what their machines allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcore.errors import InputError
from simcore.results.any_run import AnyRun
from simcore.results.figures.layers import title_of

_MARKERS = "osD^vP*X"


def draw_roofline(runs: Sequence[AnyRun], names: Sequence[str]) -> Figure:
    """Draw every layer that multiplies and moves bytes of main memory, and the roofs of the machines.

    Raise InputError if no layer does.
    """
    points = [points_of(run) for run in runs]
    if not any(map(len, points)):
        raise InputError("no layer of this run multiplies and moves bytes of main memory, so that it has no roofline")
    figure = Figure(figsize=(8.0, 5.0))
    axes = figure.subplots()
    axes.set(
        xscale="log", yscale="log", xlabel="multiply-accumulates per byte of main memory", ylabel="multiply-accumulates per cycle"
    )
    for number, (name, layers) in enumerate(zip(names, points, strict=True)):
        axes.plot(layers["x"], layers["y"], _MARKERS[number % len(_MARKERS)], alpha=0.7, label=f"{name}: {len(layers)} layers")
    known = pd.concat(points)
    for number, run in enumerate(runs):
        _draw_roof(run, axes, float(known["x"].min()) / 2, float(known["x"].max()) * 2, f"C{number}")
    axes.set_title(title_of(runs[0]) if len(runs) == 1 else "roofline")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure


def points_of(run: AnyRun) -> pd.DataFrame:
    """Return layer, x (multiply-accumulates per byte) and y (per cycle) of the layers that multiply and move bytes."""
    layers = run.table("layers")
    moved = layers["dram_read_bytes"] + layers["dram_write_bytes"]
    kept = (layers["macs"] > 0) & (layers["cycles"] > 0) & (moved > 0)
    macs = layers.loc[kept, "macs"]
    return pd.DataFrame({"layer": layers.loc[kept, "layer"], "x": macs / moved[kept], "y": macs / layers.loc[kept, "cycles"]})


def _draw_roof(run: AnyRun, axes: Axes, least: float, most: float, colour: str) -> None:
    peak, bandwidth = run.facts["peak_macs_per_cycle"], run.facts["peak_memory_bytes_per_cycle"]
    if peak is None and bandwidth is None:
        return
    ends = (
        [least, most]
        if not peak or not bandwidth
        else [min(least, peak / bandwidth), peak / bandwidth, max(most, peak / bandwidth)]
    )
    heights = [np.inf if bandwidth is None else bandwidth * x for x in ends]
    axes.plot(ends, [min(height, np.inf if peak is None else peak) for height in heights], "-", color=colour, linewidth=1)
