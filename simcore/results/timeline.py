"""The table of bank conflicts and occupancy over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array
from simcore.results.banks import BankName
from simcore.results.frames import frame
from simcore.results.record import LayerRun

if TYPE_CHECKING:
    import pandas as pd

_TIMELINE_COLUMNS = ("layer", "number", "bin_start_cycle", "bin_cycles", "conflict_cycles", "busy_cycles")


def timeline_table(runs: Sequence[LayerRun], banks: Sequence[BankName]) -> pd.DataFrame:
    """Return the conflict and busy cycles of each bank in each time bin of each layer.

    A bin is some whole folds of the layer or, without folds, an equal share of its steps.
    """
    columns: dict[str, list[Any]] = {name: [] for name in _TIMELINE_COLUMNS}
    for run in runs:
        if run.outcome is not None:
            _append_bins(columns, run.name, run.outcome, len(banks))
    number = _joined(columns.pop("number"))
    scratchpads = np.array([bank.scratchpad for bank in banks], object)
    indices = np.array([bank.bank for bank in banks], np.int64)
    layers = np.concatenate(columns["layer"]) if columns["layer"] else np.empty(0, object)
    return frame(
        {
            "layer": layers,
            "scratchpad": scratchpads[number],
            "bank": indices[number],
            **{name: _joined(columns[name]) for name in ("bin_start_cycle", "bin_cycles", "conflict_cycles", "busy_cycles")},
        }
    )


def _append_bins(columns: dict[str, list[Any]], layer: str, outcome: Outcome, banks: int) -> None:
    """Add one layer's bins, bank by bank."""
    bins = len(outcome.bin_start_cycles)
    lengths = np.diff(outcome.bin_start_cycles, append=outcome.start_cycle + outcome.cycles)
    columns["layer"].append(np.full(banks * bins, layer, object))
    columns["number"].append(np.repeat(np.arange(banks, dtype=np.int64), bins))
    columns["bin_start_cycle"].append(np.tile(outcome.bin_start_cycles, banks))
    columns["bin_cycles"].append(np.tile(lengths, banks))
    columns["conflict_cycles"].append(outcome.conflict_timeline.ravel())
    columns["busy_cycles"].append(outcome.busy_timeline.ravel())


def _joined(parts: list[Any]) -> Int64Array:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
