"""Rows of tables."""

from __future__ import annotations

import pandas as pd


def only(frame: pd.DataFrame, **wanted: object) -> dict:
    """The one row that has these values."""
    for key, value in wanted.items():
        frame = frame[frame[key] == value]
    (row,) = frame.to_dict("records")
    return row
