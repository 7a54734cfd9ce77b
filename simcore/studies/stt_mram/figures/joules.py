"""The figure of joules: what each part of the energy takes at the configurations named for the whole system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simcore.studies.stt_mram.energy_split import PARTS
from simcore.studies.stt_mram.figures.marks import COLOURS, EQUAL, MARKERS, PART_NAMES, SCOPE_TITLES

_BARS = {"none": "SRAM", **EQUAL}
_PART_COLOURS = (*COLOURS[:2], "#56b4e9", "#f0e442", "#7f4f24", "#b08968", "#ddb892", *COLOURS[2:5])
_HATCHES = ("", "//", "..", "||", "", "xx", "++", "", "\\\\", "oo")


def draw_joules(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a row of two panels per configuration named for the system: joules on a logarithmic axis, and the share of each part.

    A configuration that is named more than once is drawn once.
    """
    named, joules = tables["named_configurations"], tables["joules"]
    of_system = named[named["scope"] == "system"]
    groups = (of_system if len(of_system) else named).groupby("only", sort=False)
    shown = {str(only): names for only, names in groups}
    rows_of = {only: joules[joules["only"] == only] for only in shown}
    most = max(len(rows) for rows in rows_of.values())
    figure = Figure(figsize=(12, 0.9 + len(shown) * (0.8 + 0.19 * most)))
    grid = figure.subplots(len(shown), 2, squeeze=False, sharex="col", width_ratios=(1, 1.25))
    for (left, right), (only, names) in zip(grid, shown.items(), strict=True):
        bars = rows_of[only].to_dict("records")
        _joules(left, bars)
        _shares(right, bars)
        left.set_title(f"{only}\n{_named_for(names)}", loc="left")
    energies = joules.loc[joules["only"].isin(shown), "system_j"]
    grid[0, 0].set_xlim(energies.min() / 2, 4 * energies.max())  # room for the joules beside the greatest
    grid[-1, 0].set_xlabel("energy of the step, J (log); beside SRAM's replacements: how many times less than SRAM")
    grid[-1, 1].set_xlabel("% of the step's energy")
    figure.suptitle("Energy of a training step: joules (left), and the share of each part (right)")
    figure.legend(*grid[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def _named_for(names: pd.DataFrame) -> str:
    """Return for what a configuration is named."""
    found = [
        f"{SCOPE_TITLES[row['scope']]} at {' and '.join(EQUAL.values()) if row['equal'] == 'both' else EQUAL[row['equal']]}"
        for row in names.to_dict("records")
    ]
    return f"named for: {'; '.join(found)}"


def _told(energy_j: float) -> str:
    return f"{energy_j:.3g} J" if energy_j >= 1 else f"{1e3 * energy_j:.3g} mJ"


def _joules(axes: Any, bars: list[dict[Any, Any]]) -> None:
    """Draw the energy of each bar as a point, with its joules beside it."""
    sram = {row["network"]: row["system_j"] for row in bars if row["iso"] == "none"}
    for at, row in enumerate(bars):
        look = list(_BARS).index(row["iso"])
        axes.plot(row["system_j"], at, MARKERS[look], color=COLOURS[look], markersize=5)
        less = "" if row["iso"] == "none" else f", {sram[row['network']] / row['system_j']:.1f}x less"
        said = f"{_told(row['system_j'])}{less}"
        axes.annotate(said, (row["system_j"], at), xytext=(6, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_xscale("log")
    axes.set_yticks(range(len(bars)), [f"{row['network']}, {_BARS[row['iso']]}" for row in bars], fontsize=7)
    axes.set_ylim(len(bars) - 0.4, -0.6)


def _shares(axes: Any, bars: list[dict[Any, Any]]) -> None:
    """Draw the percent of each part. The bars stand beside those with the names."""
    for at, row in enumerate(bars):
        left = 0.0
        for part, colour, hatch in zip(PARTS, _PART_COLOURS, _HATCHES, strict=True):
            share = 100 * row[f"{part}_j"] / row["system_j"]
            label = PART_NAMES.get(part, part) if at == 0 else None
            axes.barh(at, share, 0.8, left, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=label)
            left += share
    axes.set_yticks(range(len(bars)), [""] * len(bars))
    axes.set_xlim(0, 100)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
