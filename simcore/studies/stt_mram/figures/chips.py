"""Figures of part 6: what saves write energy on a chip, and the front of write energy against accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.stt_mram.chips.search import TOLERATED_LOSS_POINTS
from simcore.studies.stt_mram.figures.marks import COLOURS, numbered_axis
from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN
from workloads.faults.chip import PAD_NAMES

#: Chips that lose more are drawn at this loss. Below the second number the axis of losses is linear; it ends at the third.
MOST_LOSS_POINTS, LINEAR_POINTS, LEAST_LOSS_POINTS = 30.0, 2.0, -1.0
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
        axes.set(xlabel="writes of a training step, µJ", title=title, xlim=(0, 1.75 * reference))
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

    Chips of the contributions have the numbers of that figure; those of the search are grey.
    """
    table = tables["accuracy_chips"]
    table = table[table["write_energy_gain"].notna()]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(table.loc[table["combines"].notna(), "chip"]), start=1)}
    formats = table["format"].unique()
    figure = Figure(figsize=(1.2 + 4.6 * len(formats), 5.2), layout="constrained")
    panels = figure.subplots(1, len(formats), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, formats, strict=True):
        rows = table[table["format"] == name]
        searched = rows["combines"].isna()
        made = rows[~searched]
        if searched.any():
            _points(axes, rows[searched], "loss", {"color": "0.6", "marker": "o", "label": "chips of the search"})
        _points(axes, made, "loss", {"color": COLOURS[0], "marker": "o", "label": "first seeds"})
        if made["fresh_loss_mean_points"].notna().any():
            _points(
                axes, made, "fresh_loss", {"color": COLOURS[1], "marker": "D", "label": "fresh seeds", "markerfacecolor": "none"}
            )
        best = rows[rows["front"]].sort_values("write_energy_gain")
        axes.plot(
            best["write_energy_gain"], _drawn(best["loss_mean_points"]), color=COLOURS[0], zorder=1, label="no other is better"
        )
        for row in made.to_dict("records"):
            at = (row["write_energy_gain"], min(row["loss_mean_points"], MOST_LOSS_POINTS))
            axes.annotate(str(numbers[row["chip"]]), at, xytext=(4, 4), textcoords="offset points", fontsize=7)
        _lines(axes)
        axes.set_title(f"{rows['net'].iloc[0]} on {rows['data'].iloc[0]}, {name}")
        axes.set_xlabel("write energy of a training step:\ncell's own write / this chip (log)")
    panels[0].set_ylabel("accuracy lost, points: mean and deviation over seeds")
    panels[-1].legend(fontsize=7, loc="upper right", title="numbers: as in contributions", title_fontsize=7)
    return figure


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
    axes.axvline(CLAIMED_WRITE_GAIN, color="black", linewidth=0.9, linestyle="--")
    axes.axhline(TOLERATED_LOSS_POINTS, color="black", linewidth=0.9, linestyle=":")
    axes.set_yscale("symlog", linthresh=LINEAR_POINTS, linscale=2.5)
    ticks = (-1, -0.5, 0, 0.5, 1, 1.5, 2, 5, 10, 20)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(LEAST_LOSS_POINTS - 0.1, 1.2 * MOST_LOSS_POINTS)
    numbered_axis(axes, (1, 1.5, 2, 3, 4, 5, 7))
