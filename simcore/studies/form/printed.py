"""Formatting of numbers in a study's tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def number(value: float, form: str = ".3g") -> str:
    """Return the number in that format, or "-" for not-a-number."""
    return "-" if value != value else format(value, form)


def mean_and_deviation(row: Mapping[Any, Any], name: str, unit: str) -> str:
    """Return the columns ``<name>_mean_<unit>`` and ``<name>_std_points`` of a row as "mean ± standard deviation"."""
    return f"{row[f'{name}_mean_{unit}']:.2f} ± {number(row[f'{name}_std_points'], '.2f')}"
