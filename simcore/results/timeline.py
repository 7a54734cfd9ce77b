"""The table of bank conflicts and occupancy over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simcore.program.program import Int64Array
from simcore.results.banks import BankName
from simcore.results.frames import chosen, frame
from simcore.results.record import LayerRun

if TYPE_CHECKING:
    import pandas as pd


def timeline_table(runs: Sequence[LayerRun], banks: Sequence[BankName]) -> pd.DataFrame:
    """Return the conflict and busy cycles of each bank in each time bin of each layer.

    A bin is some whole folds of the layer or, without folds, an equal share of its steps.
    """
    ran = [(run.name, run.outcome) for run in runs if run.outcome is not None]
    bins = np.array([len(outcome.bin_start_cycles) for _, outcome in ran], np.int64)
    starts = [outcome.bin_start_cycles for _, outcome in ran]
    lengths = [np.diff(outcome.bin_start_cycles, append=outcome.start_cycle + outcome.cycles) for _, outcome in ran]
    every = len(banks)
    return frame(
        {
            "layer": chosen([name for name, _ in ran], np.repeat(np.arange(len(ran)), every * bins)),
            "scratchpad": chosen([bank.scratchpad for bank in banks], _of_banks(np.arange(every), bins)),
            "bank": _of_banks(np.array([bank.bank for bank in banks], np.int64), bins),
            "bin_start_cycle": _joined([np.tile(each, every) for each in starts]),
            "bin_cycles": _joined([np.tile(each, every) for each in lengths]),
            "conflict_cycles": _joined([outcome.conflict_timeline.ravel() for _, outcome in ran]),
            "busy_cycles": _joined([outcome.busy_timeline.ravel() for _, outcome in ran]),
        }
    )


def _of_banks(values: Int64Array, bins: Int64Array) -> Int64Array:
    """Return the value of each bank once for each bin of a layer, layer by layer."""
    return np.repeat(np.tile(values, len(bins)), np.repeat(bins, len(values)))


def _joined(parts: list[Int64Array]) -> Int64Array:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
