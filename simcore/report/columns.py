"""Tables in the form of a report: columns of plain values, each with its unit and meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.errors import InputError
from simcore.kinds import machine_kind
from simcore.results.glossary import TERMS, Term, terms_of

if TYPE_CHECKING:
    import pandas as pd

#: Significant digits of numbers that are no integers. The run's directory holds them exactly.
_DIGITS = 12
#: The most characters of a cell.
_LONGEST_CELL = 2000


def terms_of_kind(name: str) -> Mapping[str, Term]:
    """Return the definitions of a kind's columns; only the common ones if the kind is not installed."""
    try:
        return terms_of(machine_kind(name))
    except InputError:
        return TERMS


def table_object(name: str, table: pd.DataFrame, terms: Mapping[str, Term], most_rows: int | None = None) -> dict[str, Any]:
    """Return a table, at most so many rows of it, as plain JSON values. ``rows`` is how many it has in all."""
    kept = table if most_rows is None else table.iloc[:most_rows]
    columns = [column_object(str(column), list(kept[column].tolist()), terms) for column in table.columns]
    return {"name": name, "rows": len(table), "kept": len(kept), "columns": columns}


def with_fewer_rows(table: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the first rows of a table, at most so many."""
    if table["kept"] <= most:
        return table
    columns = [{**column, "cells": column["cells"][:most]} if "cells" in column else column for column in table["columns"]]
    return {**table, "kept": most, "columns": columns}


def column_object(name: str, values: Sequence[Any], terms: Mapping[str, Term]) -> dict[str, Any]:
    """Return one column with its unit and meaning, "" where there is no definition."""
    term = terms.get(name)
    cells = [cell(value) for value in values]
    found = {"name": name, "unit": term.unit if term else "", "text": term.text if term else ""}
    is_number = all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in cells)
    if cells and all(value == cells[0] and type(value) is type(cells[0]) for value in cells):
        return {**found, "number": is_number, "all": cells[0]}  # one value stands for a column of equal ones
    return {**found, "number": is_number, "cells": cells}


def cell(value: Any) -> str | int | float | bool | None:
    """Return a value of a table as JSON has it: None for what is missing or not finite."""
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or isinstance(plain, bool | int):
        return plain if plain is None or isinstance(plain, bool) or abs(plain) < 2**53 else str(plain)
    if isinstance(plain, float):
        return shortened(plain) if math.isfinite(plain) else None
    text = str(plain)
    return None if text == "<NA>" else text[:_LONGEST_CELL]


def shortened(value: float) -> float | int:
    """Return a number with twelve significant digits, as an integer if it is a small one."""
    if value == int(value) and abs(value) < 10**_DIGITS:
        return int(value)
    return float(f"{value:.{_DIGITS}g}")
