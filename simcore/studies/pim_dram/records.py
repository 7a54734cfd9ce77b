"""Rows of a table as plain values, which the findings are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

Row = dict[str, Any]


def records(table: pd.DataFrame) -> list[Row]:
    """Return the rows of a table."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def groups(rows: Iterable[Row], *keys: str) -> list[tuple[tuple[Any, ...], list[Row]]]:
    """Return the rows with equal values of ``keys`` together, each group with these values, in the order in which they come."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return list(found.items())


def greatest(rows: Iterable[Row], column: str) -> Row:
    """Return the first row with the greatest value in a column."""
    return max(rows, key=lambda row: row[column])


def ends(rows: Iterable[Row], column: str) -> Row:
    """Return the least and the greatest value of a column."""
    values = [float(row[column]) for row in rows]
    return {"least": min(values), "greatest": max(values)}
