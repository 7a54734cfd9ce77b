"""Tables and numbers of a study in the form for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from simcore.results.printed import PrintedTable

#: What a printed cell shows of a row: a column as it is, or what a function makes of the row.
Cell = str | Callable[[Mapping[Any, Any]], object]


def printed_table(title: str, frame: pd.DataFrame, columns: Mapping[str, Cell], text_columns: int = 1) -> PrintedTable:
    """Return a table with a row for each row of the frame; ``columns`` gives, by heading, what a cell shows."""
    rows = [
        tuple(row[cell] if isinstance(cell, str) else cell(row) for cell in columns.values()) for row in frame.to_dict("records")
    ]
    return PrintedTable(title, tuple(columns), rows, text_columns)


def shown(name: str, form: str = ".3g") -> Cell:
    """Return a cell with a column's number in that format, or "-" for not-a-number."""
    return lambda row: number(row[name], form)


def number(value: float, form: str = ".3g") -> str:
    """Return the number in that format, or "-" for not-a-number."""
    return "-" if value != value else format(value, form)


def mean_and_deviation(row: Mapping[Any, Any], name: str, unit: str) -> str:
    """Return the columns ``<name>_mean_<unit>`` and ``<name>_std_points`` of a row as "mean ± standard deviation"."""
    return f"{row[f'{name}_mean_{unit}']:.2f} ± {number(row[f'{name}_std_points'], '.2f')}"
