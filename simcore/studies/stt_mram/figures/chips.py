"""Figures of part 6: what saves write energy on a chip, and the front of write energy against accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN
from workloads.faults.chip import PAD_NAMES

#: Chips that lose more are drawn at this loss.
MOST_LOSS_POINTS = 30.0
#: The place of a text beside a bar, and what is behind it.
_BESIDE = {"xytext": (4, 0), "va": "center", "fontsize": 6}
_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
_MARKERS = ("o", "s", "^", "D")


def draw_contributions(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a panel per format with a bar per chip: microjoules of writes by scratchpad, the gain and the loss beside it."""
    table = tables["accuracy_contributions"]
    formats = table["format"].unique()
    names = list(dict.fromkeys(table["chip"]))
    figure = Figure(figsize=(5.8 + 3.4 * len(formats), 1.6 + 0.34 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(formats), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, formats, strict=True):
        rows = table[table["format"] == name].set_index("chip")
        reference = float(rows["write_uj"].iloc[0])
        for chip, row in rows.iterrows():
            left, height = 0.0, names.index(str(chip))
            for colour, pad in enumerate(PAD_NAMES):
                label = pad if height == 0 else None
                axes.barh(height, row[f"{pad}_write_uj"], left=left, color=f"C{colour}", label=label)
                left += row[f"{pad}_write_uj"]
            spread = "" if isnan(row["loss_std_points"]) else f" ± {row['loss_std_points']:.2f}"
            told = f"{row['write_energy_gain']:.2f}x, {row['loss_mean_points']:.2f}{spread} points"
            axes.annotate(told, (left, height), textcoords="offset points", bbox=_WHITE, **_BESIDE)
        axes.axvline(reference / CLAIMED_WRITE_GAIN, color="black", linewidth=0.8, linestyle="--", label="half of the first")
        axes.set(xlabel="writes of a training step, µJ", title=f"{rows['net'].iloc[0]}, {name}", xlim=(0, 1.45 * reference))
    panels[0].set_yticks(range(len(names)), names, fontsize=7)
    panels[0].invert_yaxis()
    panels[-1].legend(fontsize=7, loc="lower right")
    return figure


def draw_chips(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a point per chip with its spread over seeds, a colour and marker per format, and the front of each as a line.

    The second panel shows the chips that lose less than two points.
    """
    table = tables["accuracy_chips"]
    table = table[table["write_energy_gain"].notna()]
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    whole, near = figure.subplots(1, 2, sharex=True)
    for axes in (whole, near):
        for number, name in enumerate(table["format"].unique()):
            rows = table[table["format"] == name]
            style = {"color": f"C{number}", "marker": _MARKERS[number % len(_MARKERS)]}
            loss = rows["loss_mean_points"].clip(upper=MOST_LOSS_POINTS)
            spread = rows["loss_std_points"].fillna(0.0).clip(upper=MOST_LOSS_POINTS)
            axes.errorbar(
                rows["write_energy_gain"], loss, spread, linestyle="", markersize=4, capsize=2, linewidth=0.7, label=name, **style
            )
            best = rows[rows["front"]].sort_values("write_energy_gain")
            axes.plot(best["write_energy_gain"], best["loss_mean_points"].clip(upper=MOST_LOSS_POINTS), color=f"C{number}")
        axes.axvline(CLAIMED_WRITE_GAIN, color="black", linewidth=0.8, linestyle="--")
        axes.axhline(1.0, color="black", linewidth=0.8, linestyle=":")
        axes.set_xlabel("write energy of the training step: cell's own write / this chip")
    whole.set_yscale("symlog", linthresh=1)
    whole.set_ylabel("accuracy lost, points (mean and deviation over seeds)")
    whole.set_title(f"{table['net'].iloc[0]}: every chip tried")
    near.set(ylim=(-1, 2), title="below 2 points")
    near.legend(fontsize=7, title="line: no other chip is better")
    return figure
