"""The tables of chips in the form for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import Cell, mean_and_deviation, number, printed_table, shown

_GAINS: dict[str, Cell] = {
    "write\ngain": shown("write_energy_gain", ".3f"),
    "step\ngain": shown("step_energy_gain", ".3f"),
    "cycles": shown("relative_cycles", ".3f"),
}


def chip_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield contributions, networks and placements, as far as they are there. Chips of the search are in the CSV file."""
    if "accuracy_contributions" in tables:
        for name, rows in tables["accuracy_contributions"].groupby("format", sort=False):
            yield _contributions(str(name), rows)
    if "accuracy_nets" in tables:
        yield _nets(tables["accuracy_nets"])
    if len(tables.get("placements", ())) > 1:
        yield _placements(tables["placements"])


def _contributions(name: str, frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {
        "chip": "chip",
        **_GAINS,
        "write gain,\nkept on chip": shown("stays_write_energy_gain", ".3f"),
        "SRAM\n%": shown("sram_bits_percent", ".0f"),
        "runs": "runs",
        "lost,\npoints": _lost,
        "fresh\nseeds": lambda row: (
            "-" if isnan(row["fresh_loss_mean_points"]) else mean_and_deviation(row, "fresh_loss", "points")
        ),
    }
    bits = next((each for each in frame["bits_that_err"] if each), "none")
    net = frame["net"].iloc[0]
    return printed_table(f"{net}, {name}: write energy of the training step by chip (low bits: {bits})", frame, columns)


def _nets(frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {
        "net": "net",
        "chip": "combines",
        "low bits": lambda row: row["bits_that_err"] or "-",
        **_GAINS,
        "runs": "runs",
        "accuracy\n%": shown("accuracy_mean_percent", ".2f"),
        "lost,\npoints": _lost,
    }
    return printed_table(
        "Larger networks: the first chip, those that lost too much, the one that is kept", frame, columns, text_columns=3
    )


def _placements(frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {
        "placement": "placement",
        "lost,\npoints": _lost,
        "write, step\n/ safe": lambda row: number(1 / row["step_write_energy_gain"], ".3f"),
        "step\nuJ": shown("step_uj", ".1f"),
        "step\ncycles": shown("step_cycles", ",.0f"),
        "back-\npressure": shown("step_write_backpressure_cycles", ",.0f"),
    }
    return printed_table("Placements: accuracy, and the training step on the machine", frame, columns)


def _lost(row: Mapping[Any, Any]) -> str:
    return mean_and_deviation(row, "loss", "points")
