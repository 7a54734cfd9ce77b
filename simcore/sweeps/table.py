"""The table of a sweep, one row a point, and its Parquet files. Equal answers give equal bytes, whoever simulated them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simcore.reading.tree import Entry, plain
from simcore.sweeps.simulating import Answer
from simcore.sweeps.space import Choice

#: The first column, and the column of what went wrong.
POINT, ERROR = "point", "error"


def point_table(
    choices: Sequence[tuple[str, Choice]], axes: Sequence[str], done: Mapping[str, Answer], failed: Mapping[str, Answer]
) -> pd.DataFrame:
    """Return one row for each (name, choice) that is done or failed: the values of ``axes``, every total, and the error.

    A column of which some values are missing, because those points failed or have no such metric, holds integers as Int64.
    """
    known = [(name, choice) for name, choice in choices if name in done or name in failed]
    columns: dict[str, list[Any]] = {POINT: [name for name, _ in known]}
    for key in axes:
        columns[key] = _alike([shown_value(choice[key]) for _, choice in known])
    columns[ERROR] = [failed[name].error if name not in done else None for name, _ in known]
    answers = [done.get(name) for name, _ in known]
    metrics = dict.fromkeys(metric for answer in answers if answer is not None for metric in answer.metrics)
    for metric in metrics:
        columns[metric] = [None if answer is None else answer.metrics.get(metric) for answer in answers]
    return pd.DataFrame({name: _column(values, name in (POINT, ERROR)) for name, values in columns.items()})


def shown_value(item: Entry) -> Any:
    """Return the value of an axis as the table shows it: a plain value, the name of a network or system, or JSON."""
    value = plain(item.value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else json.dumps(value, default=str, sort_keys=True)


def _alike(values: list[Any]) -> list[Any]:
    """Return the values of an axis, as texts if they are not all numbers or all flags."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} or len(kinds) <= 1:
        return values
    return [value if isinstance(value, str) else json.dumps(value) for value in values]


def _column(values: list[Any], is_text: bool) -> Any:
    """Return a column whose type depends on its values alone."""
    there = [value for value in values if value is not None]
    if is_text or any(isinstance(value, str) for value in there):
        return pd.array(values, dtype="string")
    if there and all(isinstance(value, bool) for value in there):
        return pd.array(values, dtype="boolean" if len(there) < len(values) else "bool")
    if there and all(isinstance(value, int) for value in there):
        return pd.array(values, dtype="Int64" if len(there) < len(values) else "int64")
    return pd.array([float("nan") if value is None else float(value) for value in values], dtype="float64")


def check_cells(table: pd.DataFrame) -> None:
    """Raise ValueError for a column with anything but plain values, such as lists, which no sweep writes."""
    for name, column in table.items():
        kinds = {type(value) for value in column} if column.dtype == object else set()
        if other := kinds - {str, int, float, bool, type(None)}:
            raise ValueError(f"column '{name}' holds values of type {', '.join(sorted(kind.__name__ for kind in other))}")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write the table as Parquet."""
    with open(path, "wb") as file:  # pyarrow takes no path that is not UTF-8
        table.to_parquet(file, index=False)
