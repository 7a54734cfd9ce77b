"""What happens at the banks over the time of the whole run, on a grid of equal columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from simcore.program.outcome import Outcome
from simcore.results.record import LayerRun

#: What a map shows: cycles in which a request waited at a bank, or those in which its ports were busy, summed over the ports.
Measured = Literal["conflict", "busy"]


@dataclass(frozen=True)
class HeatMap:
    """A map for a terminal: shares (0..1) of the cycles of equal spans of the run, [row, span], and a name for each row.

    ``title`` says what is shown, ``empty`` stands in place of a map of zeros.
    """

    title: str
    empty: str
    names: Sequence[str]
    shares: npt.NDArray[np.float64]


def bank_heat_map(runs: Sequence[LayerRun], banks: int, columns: int, what: Measured) -> npt.NDArray[np.float64]:
    """Return, as [bank, column], the measured cycles as a share of each column's cycles.

    The columns divide the run into spans of equal length. Each bin of a layer's timeline is spread evenly over the columns that
    it overlaps.
    """
    outcomes = [run.outcome for run in runs if run.outcome is not None and run.outcome.cycles]
    grid = np.zeros((banks, columns))
    total = sum(outcome.cycles for outcome in outcomes)
    start = 0
    for outcome in outcomes:
        measured = outcome.conflict_timeline if what == "conflict" else outcome.busy_timeline
        grid += measured @ _overlaps(outcome, start, total, columns)
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
