"""The yardsticks' own table: both bounds of each layer."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.results import Results
from simcore.yardsticks.bounds import BoundLayer, Bounds


def bounds_table(results: Results) -> pd.DataFrame:
    """Return one row per layer that ran: operator, word size, both times, and the longer of them."""
    rows = [_row(layer.instance.name, layer.bounds, results) for layer in _layers(results) if layer.bounds is not None]
    return pd.DataFrame(rows)


def _layers(results: Results) -> list[BoundLayer]:
    layers: list[BoundLayer] = results.details["layers"]
    return layers


def _row(name: str, bounds: Bounds, results: Results) -> dict[str, Any]:
    cycle_ns = 1e9 / results.system.core_clock_hz
    moved = bounds.read_bytes + bounds.written_bytes
    return {
        "layer": name,
        "operator": bounds.operator,
        "word_bytes": bounds.word_bytes,
        "macs_per_byte": bounds.macs / moved,
        "peak_macs_per_s": None if bounds.peak_macs_per_s is None else float(bounds.peak_macs_per_s),
        "compute_time_ns": float(bounds.compute_time) * cycle_ns,
        "memory_time_ns": float(bounds.memory_time) * cycle_ns,
        "bound_by": bounds.bound_by,
    }


def bounds_object(results: Results) -> list[dict[str, Any]]:
    """Return the table as JSON values."""
    return [_row(layer.instance.name, layer.bounds, results) for layer in _layers(results) if layer.bounds is not None]
