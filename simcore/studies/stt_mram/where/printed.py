"""The tables of the map in the form for a terminal: named configurations, their gains and their joules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import Cell, printed_table, shown
from simcore.studies.stt_mram.energy_split import PARTS
from simcore.studies.stt_mram.gains import SCOPES

_MEMORIES = {"none": "SRAM", "capacity": "STT, cap.", "area": "STT, area"}
_HEADS = {"dram_traffic": "DRAM\nmoved", "dram_background": "DRAM\nidle", "dram_refresh": "DRAM\nrefresh"}


def where_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield the named configurations and the joules at those of the whole system, or gains and joules of a single one."""
    joules = tables["joules"]
    if "named_configurations" in tables:
        named = tables["named_configurations"]
        yield _named(named)
        joules = joules[joules["only"].isin(named[named["scope"] == "system"]["only"])]
    else:
        yield _gains(tables["gain_map"])
    for only in joules["only"].unique():
        yield _joules(joules[joules["only"] == only], only)


def _named(frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {
        "scope": "scope",
        "equal": "equal",
        "--only": "only",
        "gain": lambda row: f"{row['least_gain']:.2f} to {row['greatest_gain']:.2f}",
        "15-22x": lambda row: f"{row['networks_inside']}/{row['networks']}",
    }
    title = "Where training steps gain up to 15 to 22 times, with the fewest departures from the preset"
    return printed_table(title, frame, columns, text_columns=3)


def _gains(frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {"network": "network", "equal": "iso", "area %": shown("area_used_percent", ".1f")}
    columns |= {scope: shown(f"{scope}_gain", ".2f") for scope in SCOPES}
    return printed_table(f"Energy gain of a training step, {frame['only'].iloc[0]}", frame, columns, text_columns=2)


def _joules(frame: pd.DataFrame, only: str) -> PrintedTable:
    columns: dict[str, Cell] = {"network": "network", "memory": lambda row: _MEMORIES[row["iso"]]}
    columns |= {_HEADS.get(part, part): _millijoules(part) for part in PARTS}
    columns["all"] = _millijoules("system")
    return printed_table(f"Millijoules of a training step, {only} (control: not counted)", frame, columns, text_columns=2)


def _millijoules(part: str) -> Cell:
    return lambda row: _short(1e3 * row[f"{part}_j"])


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
