"""Sums over the rows of layers, without pandas and equal to its sums to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def summed(rows: Sequence[Mapping[str, Any]], column: str) -> float:
    """Return the sum of a column. Missing values (None, NaN) are left out; the sum of none is NaN."""
    values = np.array([np.nan if row[column] is None else row[column] for row in rows])
    if values.dtype.kind != "f":
        return float(values.sum())
    missing = np.isnan(values)
    return float("nan") if missing.all() else float(np.where(missing, 0.0, values).sum())
