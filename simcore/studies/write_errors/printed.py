"""The study's tables in the form for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import mean_and_deviation, number
from workloads.faults.word_memory import TENSORS


def printed_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield each table that has rows, except single runs and the confirmation, which are only in the CSV files."""
    yield _accuracy("Without write errors", tables["error_free"], ("net", "word"))
    yield _accuracy("Write errors in all tensors at low rates", tables["low_rates"], ("net", "word", "error_rate"))
    swept = ("net", "word", "tensor", "error_rate")
    yield _accuracy("Write errors in one kind of tensor", tables["error_rates"], swept)
    if len(tables["reuse"]):
        yield _accuracy("Write errors in one kind of tensor, with the other way of reusing addresses", tables["reuse"], swept)
    yield _accuracy("Write errors at one bit position (0: least significant)", tables["bits"], (*swept, "bits"))
    yield _placements("Write energy against accuracy", tables["placements"])


def _accuracy(title: str, frame: pd.DataFrame, keys: tuple[str, ...]) -> PrintedTable:
    shown = [name.replace("_", " ") for name in keys]
    rows = [
        (*(_label(row[key]) for key in keys), row["runs"], *_spread(row), number(row["failed_bits"], ",.0f"), row["diverged"])
        for row in frame.to_dict("records")
    ]
    columns = (*shown, "runs", "accuracy %", "min", "max", "loss, points", "failed bits", "diverged")
    return PrintedTable(title, columns, rows, text_columns=len(keys))


def _placements(title: str, frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            row["placement"],
            number(row["relative_write_energy"], ".3f"),
            f"{row['sram_bits_percent']:.0f}",
            number(max(row[f"{tensor}_pulse_ns"] for tensor in TENSORS) or float("nan"), ".3g"),
            row["runs"],
            *_spread(row),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("placement", "write energy", "SRAM bits %", "pulse ns", "runs", "accuracy %", "min", "max", "loss, points")
    return PrintedTable(title, columns, rows)


def _spread(row: Mapping[Any, Any]) -> tuple[str, str, str, str]:
    """Return mean and sample standard deviation of the accuracy, its minimum and maximum, and mean and deviation of the loss."""
    least, most = f"{row['accuracy_min_percent']:.2f}", f"{row['accuracy_max_percent']:.2f}"
    return mean_and_deviation(row, "accuracy", "percent"), least, most, mean_and_deviation(row, "loss", "points")


#: Short names, which fit into the width of the tables.
_SHORT = {"activations": "activ.", "small-cnn": "small"}


def _label(value: object) -> str:
    return f"{value:.0e}" if isinstance(value, float) else _SHORT.get(str(value), str(value))
