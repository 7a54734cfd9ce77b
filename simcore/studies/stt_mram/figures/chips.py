"""Figures of part 6: what saves write energy on a chip, and the front of write energy against accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isnan
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simcore.studies.stt_mram.chips.search import TOLERATED_LOSS_POINTS
from simcore.studies.stt_mram.figures.labels import Point, write_beside
from simcore.studies.stt_mram.figures.marks import COLOURS, numbered_axis
from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN
from workloads.faults.chip import PAD_NAMES

#: Chips that lose more are drawn at this loss. Below the second number the axis of losses is linear; it ends at the third.
MOST_LOSS_POINTS, LINEAR_POINTS, LEAST_LOSS_POINTS = 30.0, 2.0, -1.0
#: The width of a panel of the front, and of a chip's name below it.
_PANEL_INCHES, _NAME_INCHES = 4.6, 3.45
#: The place of a text beside a bar, and what is behind it.
_BESIDE = {"xytext": (4, 0), "va": "center", "fontsize": 6.5, "zorder": 4}
_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def draw_contributions(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per format with a bar per chip: microjoules of writes by scratchpad; gain, losses and lost runs beside it."""
    table = tables["accuracy_contributions"]
    formats = table["format"].unique()
    names = list(dict.fromkeys(table["chip"]))
    figure = Figure(figsize=(4.6 + 4.4 * len(formats), 1.6 + 0.4 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(formats), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, formats, strict=True):
        rows = table[table["format"] == name].set_index("chip")
        reference = float(rows["write_uj"].iloc[0])
        for chip, row in rows.iterrows():
            left, height = 0.0, names.index(str(chip))
            for colour, pad in zip(COLOURS, PAD_NAMES, strict=False):
                axes.barh(height, row[f"{pad}_write_uj"], left=left, color=colour, label=pad if height == 0 else None, zorder=2)
                left += row[f"{pad}_write_uj"]
            axes.annotate(_told(row), (left, height), textcoords="offset points", bbox=_WHITE, **_BESIDE)
        axes.axvline(
            reference / CLAIMED_WRITE_GAIN, color="black", linewidth=0.9, linestyle="--", label="half of the first", zorder=3
        )
        first = rows.iloc[0]
        title = f"{first['net']} on {first['data']}, {name}\nseeds {first['seeds']}{_fresh_seeds(first)}"
        axes.set(xlabel="writes of a training step, µJ", title=title, xlim=(0, 1.9 * reference))
    panels[0].set_yticks(range(len(names)), [f"{name}  ({at})" for at, name in enumerate(names, start=1)], fontsize=7)
    panels[0].invert_yaxis()
    panels[-1].legend(fontsize=7, loc="lower right")
    return figure


def _told(row: Mapping[str, Any]) -> str:
    """Return gain, loss from both sets of seeds, and how many runs were lost."""
    lost, runs = row["lost_runs"] + row["fresh_lost_runs"], row["runs"] + row["fresh_runs"]
    fresh = "" if isnan(row["fresh_loss_mean_points"]) else f", fresh {_loss(row, 'fresh_loss')}"
    ended = f"\n{lost:g} of {runs:g} runs lost" if lost else ""
    return f"{row['write_energy_gain']:.2f}x; lost {_loss(row, 'loss')}{fresh}{ended}"


def _loss(row: Mapping[str, Any], name: str) -> str:
    mean, deviation = row[f"{name}_mean_points"], row[f"{name}_std_points"]
    return f"{mean:.2f}" if isnan(deviation) else f"{mean:.2f} ± {deviation:.2f}"


def _fresh_seeds(row: Mapping[str, Any]) -> str:
    return f", fresh {row['fresh_seeds']}" if row["fresh_seeds"] else ""


def draw_chips(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per format with a point per chip and its spread over seeds, and the front as a line.

    Chips of the contributions have numbers, which the legend names and which are those of that figure; those of the search are
    grey.
    """
    table = tables["accuracy_chips"]
    table = table[table["write_energy_gain"].notna()]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(table.loc[table["combines"].notna(), "chip"]), start=1)}
    formats = table["format"].unique()
    across = max(1, int(len(formats) * _PANEL_INCHES / _NAME_INCHES))
    figure = Figure(figsize=(1.2 + _PANEL_INCHES * len(formats), 5.7 + 0.15 * len(numbers) / across), layout="constrained")
    panels = figure.subplots(1, len(formats), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, formats, strict=True):
        _front_panel(axes, table[table["format"] == name])
        axes.set_title(f"{table.loc[table['format'] == name, 'net'].iloc[0]} on {table['data'].iloc[0]}, {name}")
    panels[0].set_ylabel("accuracy lost, points: mean and deviation over seeds")
    known = dict(zip(*reversed(_legend_of(panels)), strict=True))
    figure.legend(known.values(), known.keys(), loc="outside upper center", fontsize=7, ncols=2 * len(formats))
    named = [Line2D([], [], linestyle="", label=f"{at}  {name}") for name, at in numbers.items()]
    if named:
        figure.legend(handles=named, loc="outside lower center", fontsize=7.5, ncols=across, handlelength=0, handletextpad=0)
    figure.draw_without_rendering()  # the places of the numbers depend on the layout
    for axes, name in zip(panels, formats, strict=True):
        write_beside(axes, list(_marked(table[table["format"] == name], numbers)))
    return figure


def _legend_of(panels: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """Return handles and labels of all panels. Not every panel has every kind of point."""
    both = [axes.get_legend_handles_labels() for axes in panels]
    return [handle for handles, _ in both for handle in handles], [label for _, labels in both for label in labels]


def _front_panel(axes: Any, rows: pd.DataFrame) -> None:
    """Draw the chips of a format: those of the search, the made ones with both sets of seeds, and the front."""
    searched = rows["combines"].isna()
    made = rows[~searched]
    if searched.any():
        _points(axes, rows[searched], "loss", {"color": "0.6", "marker": "o", "label": "chips of the search"})
    _points(axes, made, "loss", {"color": COLOURS[0], "marker": "o", "label": "first seeds"})
    if made["fresh_loss_mean_points"].notna().any():
        look = {"color": COLOURS[1], "marker": "D", "label": "fresh seeds", "markerfacecolor": "none"}
        _points(axes, made, "fresh_loss", look)
    best = rows[rows["front"]].sort_values("write_energy_gain")
    drawn = _drawn(best["loss_mean_points"])
    axes.plot(best["write_energy_gain"], drawn, color=COLOURS[0], zorder=1, label="no other is better")
    _lines(axes)
    axes.set_xlabel("write energy of a training step:\ncell's own write / this chip (log)")


def _marked(rows: pd.DataFrame, numbers: Mapping[str, int]) -> Iterator[Point]:
    """Yield the drawn points of a format with their bars. A chip's number stands beside its point of the first seeds."""
    for row in rows.to_dict("records"):
        for name in ("loss", "fresh_loss"):
            if not isnan(mean := row[f"{name}_mean_points"]):
                deviation = 0.0 if isnan(row[f"{name}_std_points"]) else row[f"{name}_std_points"]
                at, low, high = (
                    min(max(points, LEAST_LOSS_POINTS), MOST_LOSS_POINTS) for points in (mean, mean - deviation, mean + deviation)
                )
                text = str(numbers.get(row["chip"], "")) if name == "loss" else ""
                yield Point(row["write_energy_gain"], at, low, high, text)


def _points(axes: Any, rows: pd.DataFrame, name: str, style: Mapping[str, Any]) -> None:
    """Draw means with their deviations, as far as the axis goes."""
    mean = _drawn(rows[f"{name}_mean_points"])
    deviation = rows[f"{name}_std_points"].fillna(0.0)
    down, up = deviation.clip(upper=mean - LEAST_LOSS_POINTS), deviation.clip(upper=MOST_LOSS_POINTS - mean)
    axes.errorbar(
        rows["write_energy_gain"], mean, (down, up), linestyle="", markersize=4.5, capsize=2, linewidth=0.8, alpha=0.9, **style
    )


def _drawn(points: pd.Series[float]) -> pd.Series[float]:
    return points.clip(LEAST_LOSS_POINTS, MOST_LOSS_POINTS)


def _lines(axes: Any) -> None:
    """Draw the claimed gain and the tolerated loss, and make the axis of losses linear below a few points."""
    claimed, tolerated = f"claimed: {CLAIMED_WRITE_GAIN:g} times", f"tolerated: {TOLERATED_LOSS_POINTS:g} point"
    axes.axvline(CLAIMED_WRITE_GAIN, color="black", linewidth=0.9, linestyle="--", label=claimed)
    axes.axhline(TOLERATED_LOSS_POINTS, color="black", linewidth=0.9, linestyle=":", label=tolerated)
    axes.set_yscale("symlog", linthresh=LINEAR_POINTS, linscale=2.5)
    ticks = (-1, -0.5, 0, 0.5, 1, 1.5, 2, 5, 10, 20)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(LEAST_LOSS_POINTS - 0.1, 1.2 * MOST_LOSS_POINTS)
    numbered_axis(axes, (1, 1.5, 2, 3, 4, 5, 7))
