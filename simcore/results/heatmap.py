"""Bank conflicts over the time of the whole run, on a grid of equal columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simcore.program.outcome import Outcome
from simcore.results.record import LayerRun


def conflict_heat_map(runs: Sequence[LayerRun], banks: int, columns: int) -> npt.NDArray[np.float64]:
    """Return, as [bank, column], the share (0..1) of each column's cycles in which a request waited at the bank.

    The columns divide the run into spans of equal length. Each bin of a layer's timeline is spread evenly over the columns that
    it overlaps.
    """
    outcomes = [run.outcome for run in runs if run.outcome is not None and run.outcome.cycles]
    grid = np.zeros((banks, columns))
    total = sum(outcome.cycles for outcome in outcomes)
    start = 0
    for outcome in outcomes:
        grid += outcome.conflict_timeline @ _overlaps(outcome, start, total, columns)
        start += outcome.cycles
    return grid * columns / total if total else grid


def _overlaps(outcome: Outcome, start: int, total: int, columns: int) -> npt.NDArray[np.float64]:
    """Return, as [bin, column], the share of each bin of the layer that lies in each column."""
    bins = np.append(outcome.bin_start_cycles - outcome.start_cycle, outcome.cycles) + start
    edges = np.linspace(0, total, columns + 1)
    inside = np.minimum(bins[1:, None], edges[None, 1:]) - np.maximum(bins[:-1, None], edges[None, :-1])
    lengths = np.maximum(bins[1:] - bins[:-1], 1)
    shares: npt.NDArray[np.float64] = np.maximum(inside, 0.0) / lengths[:, None]
    return shares
