"""The tables of chips in the form for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import mean_and_deviation, number


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
    rows = [
        (
            row["chip"],
            *_gains(row),
            f"{row['sram_bits_percent']:.0f}",
            row["runs"],
            mean_and_deviation(row, "loss", "points"),
            "-" if isnan(row["fresh_loss_mean_points"]) else mean_and_deviation(row, "fresh_loss", "points"),
        )
        for row in frame.to_dict("records")
    ]
    bits = next((each for each in frame["bits_that_err"] if each), "none")
    columns = ("chip", "write\ngain", "step\ngain", "cycles", "SRAM\n%", "runs", "lost,\npoints", "fresh\nseeds")
    net = frame["net"].iloc[0]
    return PrintedTable(f"{net}, {name}: write energy of the training step by chip (low bits: {bits})", columns, rows)


def _nets(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            row["net"],
            row["chip"],
            *_gains(row),
            row["runs"],
            f"{row['accuracy_mean_percent']:.2f}",
            mean_and_deviation(row, "loss", "points"),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("net", "chip", "write\ngain", "step\ngain", "cycles", "runs", "accuracy\n%", "lost,\npoints")
    return PrintedTable("Larger networks, on chips found with the small one", columns, rows, text_columns=2)


def _placements(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            row["placement"],
            mean_and_deviation(row, "loss", "points"),
            number(1 / row["step_write_energy_gain"], ".3f"),
            number(row["step_uj"], ".1f"),
            number(row["step_cycles"], ",.0f"),
            number(row["step_write_backpressure_cycles"], ",.0f"),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("placement", "lost,\npoints", "write, step\n/ safe", "step\nuJ", "step\ncycles", "back-\npressure")
    return PrintedTable("Placements: accuracy, and the training step on the machine", columns, rows)


def _gains(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    names = ("write_energy_gain", "step_energy_gain", "relative_cycles")
    first, second, third = (number(row[name], ".3f") for name in names)
    return first, second, third
