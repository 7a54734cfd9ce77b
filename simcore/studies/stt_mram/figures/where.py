"""Figures of the map: where the claimed gain holds, and along each axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simcore.studies.stt_mram.arrays import macro
from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.figures.marks import EQUAL, SCOPE_TITLES, claimed, nominal, numbered_axis, series
from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.ratio_map import in_claimed_range
from simcore.studies.stt_mram.settings import CLAIMED_GAIN, KIB, MIB
from simcore.studies.stt_mram.where.axes import CENTRE_KIB, LEAKAGES, NOMINAL, main_memories

#: Columns of the maps: main memory and residue.
PANELS = (("ddr4", 100.0, "DDR4, not gated"), ("ddr4", 5.0, "DDR4, gated, 5 % left"), ("hbm2", 5.0, "HBM2, gated, 5 % left"))
_CLOCK = f"{NOMINAL['clock_mhz'] / 1000:g} GHz"


def map_cells(gains: pd.DataFrame, iso: str, scope: str, memory: str, residue_percent: float) -> pd.DataFrame:
    """Return the greatest gain over the networks, a row per capacity and a column per leakage, at the preset's other values."""
    wanted = {"iso": iso, "main_memory": memory, "residue_percent": residue_percent}
    wanted |= {key: NOMINAL[key] for key in ("clock_mhz", "batch", "array")}
    kept = gains[(gains[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    cells = kept.pivot_table(f"{scope}_gain", index="sram_kib", columns="leakage", aggfunc="max")
    return cells[[point.name for point in LEAKAGES if point.name in cells.columns]]


def draw_map_capacity(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the map at equal capacity."""
    return _draw_map(tables, "capacity")


def draw_map_area(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the map at equal area."""
    return _draw_map(tables, "area")


def _draw_map(tables: Mapping[str, pd.DataFrame], iso: str) -> Figure:
    """Draw a panel per scope and column of ``PANELS``. A cell has its gain as colour and number; claimed ones have a frame."""
    gains, named = tables["gain_map"], tables.get("named_configurations")
    figure = Figure(figsize=(11.5, 7.7))
    grid = figure.subplots(len(SCOPES), len(PANELS), sharex=True, sharey=True)
    colours: Any = None
    for row, scope in zip(grid, SCOPES, strict=True):
        for axes, (memory, residue_percent, title) in zip(row, PANELS, strict=True):
            cells = map_cells(gains, iso, scope, memory, residue_percent)
            colours = axes.pcolormesh(cells.to_numpy(), cmap="viridis", norm=LogNorm(0.3, 60))
            _write_cells(axes, cells.to_numpy())
            axes.set_xticks(np.arange(len(cells.columns)) + 0.5, map(_leakage, cells.columns), rotation=45, ha="right")
            axes.set_yticks(np.arange(len(cells)) + 0.5, [f"4 x {capacity(kib)}" for kib in cells.index])
            axes.set_title(f"{SCOPE_TITLES[scope]}: {title}")
            axes.grid(visible=False)
            if (memory, residue_percent) == (NOMINAL["main_memory"], NOMINAL["residue_percent"]):
                _mark_preset(axes, cells)
        row[0].set_ylabel("SRAM")
    bar = figure.colorbar(colours, ax=grid, label="SRAM energy / STT-MRAM energy, greatest over networks", fraction=0.025)
    bar.set_ticks([0.3, 1, 3, 8, 15, 22, 60], labels=["0.3", "1", "3", "8", "15", "22", "60"], minor=False)
    figure.suptitle(_map_title(iso, gains["network"].unique()))
    if named is not None:
        figure.supxlabel(_not_held(named, iso), fontsize=8)
    return figure


def _map_title(iso: str, networks: Iterable[str]) -> str:
    return (
        f"Energy gain of a training step at {EQUAL[iso]} (22 nm, every cell at {_CLOCK}, batch {NOMINAL['batch']}, 32x32): "
        f"{', '.join(networks)}\n"
        "red frame: 15 to 22 times; dot: the preset train-sram (DDR4, not gated); x: leakage (mW of 1 MiB of SRAM)"
    )


def _not_held(named: pd.DataFrame, iso: str) -> str:
    """Return the named configurations of this map that no panel holds, because of their clock, memory or residue; "" if none."""
    panels = [(memory, residue_percent) for memory, residue_percent, _ in PANELS]
    found = [
        row["only"]
        for row in named[named["equal"].isin((iso, "both"))].to_dict("records")
        if (row["main_memory"], row["residue_percent"]) not in panels
        or any(row[key] != NOMINAL[key] for key in ("clock_mhz", "batch", "array"))
    ]
    told = list(dict.fromkeys(found))
    lines = ["    ".join(told[at : at + 2]) for at in range(0, len(told), 2)]
    return "\n".join([f"named configurations that no panel holds (panels: {_CLOCK}):", *lines]) if told else ""


def _leakage(name: str) -> str:
    """Return a point on the axis of leakage with the milliwatts of 1 MiB of SRAM."""
    point = next(point for point in LEAKAGES if point.name == name)
    leakage_mw = point.sram_factor * macro("sram", MIB, point.leakage_class).leakage_mw
    return f"{name} ({leakage_mw:.0f})" if leakage_mw >= 100 else f"{name} ({leakage_mw:.2g})"


def _write_cells(axes: Any, values: np.ndarray[Any, Any]) -> None:
    for (y, x), gain in np.ndenumerate(values):
        colour = "black" if gain > 8 else "white"
        axes.text(x + 0.5, y + 0.5, gain_told(float(gain)), ha="center", va="center", fontsize=7, color=colour)
        if in_claimed_range(gain):
            axes.add_patch(Rectangle((x + 0.04, y + 0.06), 0.92, 0.88, fill=False, edgecolor="red", linewidth=2))


def gain_told(gain: float) -> str:
    """Return a gain with two digits, or with as many as show on which side of an end of the claimed range it lies."""
    told = (f"{gain:.{digits}g}" for digits in range(2, 7))
    return next((text for text in told if float(text) not in CLAIMED_GAIN), f"{gain:.2f}")


def _mark_preset(axes: Any, cells: pd.DataFrame) -> None:
    x, y = list(cells.columns).index(NOMINAL["leakage"]), list(cells.index).index(NOMINAL["sram_kib"])
    axes.plot(x + 0.15, y + 0.84, marker="o", color="white", markeredgecolor="black", markersize=5)


#: The axes that are drawn, each in a panel: column, label.
_AXES = (
    ("sram_kib", "capacity of each SRAM scratchpad, MiB"),
    ("clock_mhz", "clock of the core, MHz"),
    ("batch", "images of a step"),
    ("array", "rows and columns of the array"),
    ("residue_percent", "leakage left in an idle bank, % (100: not gated)"),
    ("main_memory", "main memory, pJ per byte read"),
)
_CENTRE = {**NOMINAL, "leakage": "hp", "sram_kib": CENTRE_KIB, "residue_percent": 5.0}


def draw_axes(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the gain of the whole system along each axis from one point: hp, 4 x 16 MiB, DDR4, 5 % left in idle banks."""
    gains = tables["gain_map"]
    looks = series(gains["network"])
    figure = Figure(figsize=(11, 6))
    panels = list(figure.subplots(2, 3, sharey=True).flat)
    for axes, (key, label) in zip(panels, _AXES, strict=True):
        kept = gains[np.logical_and.reduce([gains[name] == value for name, value in _CENTRE.items() if name != key])]
        place = _place(key)
        claimed(axes, "15 to 22 times")
        nominal(axes, place(NOMINAL[key]), "the preset's value")
        for (network, iso), rows in kept.assign(x=kept[key].map(place)).groupby(["network", "iso"], sort=False):
            ordered = rows.sort_values("x")
            look = looks[network] | ({} if iso == "capacity" else {"markerfacecolor": "none"})
            line = "" if key == "main_memory" else "-" if iso == "capacity" else "--"
            name = f"{network}, {EQUAL[iso]}"
            axes.plot(ordered["x"], ordered["system_gain"], linestyle=line, markersize=5, linewidth=1, label=name, **look)
        _x_axis(axes, key, sorted(kept[key].unique()))
        axes.set(xlabel=label, yscale="log")
        axes.set_yticks([1, 2, 5, 10, 15, 22, 30], labels=["1", "2", "5", "10", "15", "22", "30"], minor=False)
        axes.set_yticks([], minor=True)
    figure.supylabel("SRAM energy / STT-MRAM energy, whole system", fontsize=8)
    figure.suptitle(
        "Training steps: gain of the whole system along each axis from hp, 4 x 16 MiB, 1 GHz, batch 32, 32x32, DDR4, 5 % left"
    )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=7)
    return figure


def _place(key: str) -> Any:
    """Return the function from a value of an axis to its place on the x axis. Types of main memory stand side by side."""
    if key == "sram_kib":
        return lambda kib: kib / KIB
    return [memory.name for memory in main_memories()].index if key == "main_memory" else float


def _x_axis(axes: Any, key: str, values: list[Any]) -> None:
    if key == "main_memory":
        names = [f"{memory.name}\n{memory.read_pj_per_byte:.4g}" for memory in main_memories()]
        axes.set_xticks(range(len(names)), names)
        axes.margins(x=0.15)
    elif key == "residue_percent":
        axes.set_xscale("symlog", linthresh=5, linscale=0.5)
        axes.set_xticks(values, labels=[f"{value:g}" for value in values], minor=False)
        axes.set_xticks([], minor=True)
    else:
        numbered_axis(axes, map(_place(key), values))
