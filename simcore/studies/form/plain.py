"""Tables and findings of a study as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as a list of rows of plain values, with numbers in full precision and None for not-a-number."""
    return [{str(key): plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def plain(value: Any) -> Any:
    """Return the value with plain numbers for numpy's, and None for not-a-number and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
