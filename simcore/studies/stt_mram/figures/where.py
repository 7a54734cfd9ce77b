"""Figures of the map: where the claimed gain holds, along each axis, and the joules at the named configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simcore.studies.stt_mram.arrays import macro
from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.energy_split import PARTS
from simcore.studies.stt_mram.figures.marks import COLOURS, claimed, nominal, numbered_axis, series
from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.ratio_map import in_claimed_range
from simcore.studies.stt_mram.settings import KIB, MIB
from simcore.studies.stt_mram.where.axes import CENTRE_KIB, LEAKAGES, NOMINAL, main_memories

#: Columns of the maps: main memory and residue.
PANELS = (("ddr4", 100.0, "DDR4, not gated"), ("ddr4", 5.0, "DDR4, gated, 5 % left"), ("hbm2", 5.0, "HBM2, gated, 5 % left"))
_TITLES = {"scratchpads": "scratchpads alone", "chip": "chip", "system": "whole system"}
_MEMORIES = (("none", "SRAM"), ("capacity", "equal\ncapacity"), ("area", "equal\narea"))
_EQUAL: dict[Any, str] = {"capacity": "equal capacity", "area": "equal area"}


def map_cells(gains: pd.DataFrame, iso: str, scope: str, memory: str, residue_percent: float) -> pd.DataFrame:
    """Return the greatest gain over the networks, a row per capacity and a column per leakage, at the preset's other values."""
    wanted = {"iso": iso, "main_memory": memory, "residue_percent": residue_percent}
    wanted |= {key: NOMINAL[key] for key in ("clock_mhz", "batch", "array")}
    kept = gains[(gains[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    cells = kept.pivot_table(f"{scope}_gain", index="sram_kib", columns="leakage", aggfunc="max")
    return cells[[point.name for point in LEAKAGES if point.name in cells.columns]]


def draw_map_capacity(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the map at equal capacity."""
    return _draw_map(tables["gain_map"], "capacity")


def draw_map_area(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the map at equal area."""
    return _draw_map(tables["gain_map"], "area")


def _draw_map(gains: pd.DataFrame, iso: str) -> Figure:
    """Draw a panel per scope and column of ``PANELS``. A cell has its gain as colour and number; claimed ones have a frame."""
    figure = Figure(figsize=(11.5, 7.5))
    grid = figure.subplots(len(SCOPES), len(PANELS), sharex=True, sharey=True)
    colours: Any = None
    for row, scope in zip(grid, SCOPES, strict=True):
        for axes, (memory, residue_percent, title) in zip(row, PANELS, strict=True):
            cells = map_cells(gains, iso, scope, memory, residue_percent)
            colours = axes.pcolormesh(cells.to_numpy(), cmap="viridis", norm=LogNorm(0.3, 60))
            _write_cells(axes, cells.to_numpy())
            axes.set_xticks(np.arange(len(cells.columns)) + 0.5, map(_leakage, cells.columns), rotation=45, ha="right")
            axes.set_yticks(np.arange(len(cells)) + 0.5, [f"4 x {capacity(kib)}" for kib in cells.index])
            axes.set_title(f"{_TITLES[scope]}: {title}")
            axes.grid(visible=False)
            _mark_preset(axes, cells)
        row[0].set_ylabel("SRAM")
    bar = figure.colorbar(colours, ax=grid, label="SRAM energy / STT-MRAM energy, greatest over networks", fraction=0.025)
    bar.set_ticks([0.3, 1, 3, 8, 15, 22, 60], labels=["0.3", "1", "3", "8", "15", "22", "60"], minor=False)
    networks = ", ".join(gains["network"].unique())
    figure.suptitle(
        f"Energy gain of a training step at {_EQUAL[iso]} (22 nm, 1 GHz, batch {NOMINAL['batch']}, 32x32): {networks}\n"
        "red frame: 15 to 22 times; dot: the preset train-sram; x: leakage (mW of 1 MiB of SRAM)"
    )
    return figure


def _leakage(name: str) -> str:
    """Return a point on the axis of leakage with the milliwatts of 1 MiB of SRAM."""
    point = next(point for point in LEAKAGES if point.name == name)
    leakage_mw = point.sram_factor * macro("sram", MIB, point.leakage_class).leakage_mw
    return f"{name} ({leakage_mw:.0f})" if leakage_mw >= 100 else f"{name} ({leakage_mw:.2g})"


def _write_cells(axes: Any, values: np.ndarray[Any, Any]) -> None:
    for (y, x), gain in np.ndenumerate(values):
        axes.text(x + 0.5, y + 0.5, f"{gain:.2g}", ha="center", va="center", fontsize=7, color="black" if gain > 8 else "white")
        if in_claimed_range(gain):
            axes.add_patch(Rectangle((x + 0.04, y + 0.06), 0.92, 0.88, fill=False, edgecolor="red", linewidth=2))


def _mark_preset(axes: Any, cells: pd.DataFrame) -> None:
    x, y = list(cells.columns).index(NOMINAL["leakage"]), list(cells.index).index(NOMINAL["sram_kib"])
    axes.plot(x + 0.15, y + 0.78, marker="o", color="white", markeredgecolor="black", markersize=5)


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
            name = f"{network}, {_EQUAL[iso]}"
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


_LABELS = {
    "kept": "codes and scrubs",
    "dram_traffic": "main memory: moved",
    "dram_background": "main memory: background",
    "dram_refresh": "main memory: refresh",
}
_PART_COLOURS = (*COLOURS[:2], "#56b4e9", "#f0e442", "#7f4f24", "#b08968", "#ddb892", *COLOURS[2:5])
_HATCHES = ("", "//", "..", "||", "", "xx", "++", "", "\\\\", "oo")


def draw_joules(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the share of each part in the energy, with joules above each bar: a panel per configuration named for the system."""
    named, joules = tables["named_configurations"], tables["joules"]
    of_system = named[named["scope"] == "system"]
    shown = of_system if len(of_system) else named
    figure = Figure(figsize=(11, 3.1 * len(shown)))
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axes, row in zip(panels, shown.to_dict("records"), strict=True):
        _joule_panel(axes, joules[joules["only"] == row["only"]])
        equal = "equal capacity and equal area" if row["equal"] == "both" else _EQUAL[row["equal"]]
        axes.set_title(f"{row['only']} (named for the {_TITLES[row['scope']]} at {equal})")
        axes.set_ylabel("% of the step's energy")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    figure.suptitle("Energy of a training step by part; above each bar: joules and SRAM's energy over it")
    return figure


def _joules(energy_j: float) -> str:
    return f"{energy_j:.3g} J" if energy_j >= 1 else f"{1e3 * energy_j:.3g} mJ"


def _joule_panel(axes: Any, rows: pd.DataFrame) -> None:
    places, names = [], []
    for at, (network, of_network) in enumerate(rows.groupby("network", sort=False)):
        whole: dict[Any, Any] = of_network.set_index("iso").to_dict("index")
        for bar, (iso, name) in enumerate(_MEMORIES):
            bottom, x, total = 0.0, 3.6 * at + bar, whole[iso]["system_j"]
            for part, colour, hatch in zip(PARTS, _PART_COLOURS, _HATCHES, strict=True):
                height = 100 * whole[iso][f"{part}_j"] / total
                label = _LABELS.get(part, part) if (at, bar) == (0, 0) else None
                axes.bar(x, height, 0.85, bottom, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=label)
                bottom += height
            times = "" if iso == "none" else f"\n{whole['none']['system_j'] / total:.1f}x"
            axes.annotate(f"{_joules(total)}{times}", (x, 101), ha="center", va="bottom", fontsize=7)
            places.append(x)
            names.append(f"{name}\n{network}" if bar == 1 else name)
    axes.set_xticks(places, names, fontsize=7)
    axes.set(ylim=(0, 124), yticks=range(0, 101, 20))
    axes.grid(visible=False, axis="x")
