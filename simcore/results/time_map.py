"""Banks over time, from the table of the timeline: the bins of each layer, and a map of the whole run on equal columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simcore.results.any_run import AnyRun

if TYPE_CHECKING:
    import pandas as pd

Shares = npt.NDArray[np.float64]
_MEASURED = ("bin_start_cycle", "bin_cycles", "conflict_cycles", "busy_cycles")


class LayerBins:
    """The bins of one layer: [bank, bin] cycles in which requests waited and in which ports were busy.

    ``starts`` are the bins' first cycles, counted from the layer's begin, ``lengths`` their cycles, at least one.
    """

    def __init__(self, name: str, columns: Mapping[str, Shares], rows: range, banks: int) -> None:
        """Read the rows of a timeline, which hold all bins of the first bank, then those of the next one."""
        self.name = name
        bins = len(rows) // banks
        first, end = rows.start, rows.start + banks * bins
        starts = columns["bin_start_cycle"][first : first + bins]
        lengths = columns["bin_cycles"][first : first + bins]
        self.lengths = np.maximum(lengths, 1.0)
        self.cycles = int(lengths.sum())
        self.starts = (starts - starts[0]).astype(np.int64)
        self.conflict = columns["conflict_cycles"][first:end].reshape(banks, bins)
        self.busy = columns["busy_cycles"][first:end].reshape(banks, bins)


def layer_bins(run: AnyRun) -> list[LayerBins]:
    """Return the bins of each layer in the order of the run, none for a machine without banks."""
    timeline, banks = run.table("timeline"), len(run.facts["banks"])
    return _layers(timeline, banks) if banks and len(timeline) else []


def _layers(timeline: pd.DataFrame, banks: int) -> list[LayerBins]:
    names = timeline["layer"].to_numpy(object)
    firsts = np.flatnonzero(np.concatenate(([True], names[1:] != names[:-1])))
    ends = np.append(firsts[1:], len(names))
    columns = {name: timeline[name].to_numpy(float) for name in _MEASURED}
    return [
        LayerBins(str(names[first]), columns, range(int(first), int(end)), banks)
        for first, end in zip(firsts, ends, strict=True)
        if end - first >= banks
    ]


def ports_of(run: AnyRun) -> Shares:
    """Return the ports of each bank as a column."""
    return np.array([max(1, int(bank["ports"])) for bank in run.facts["banks"]], float)[:, None]


def whole_run(layers: Sequence[LayerBins], ports: Shares, columns: int) -> tuple[int, Shares, Shares]:
    """Return the cycles of the run and, as [bank, column], the shares of cycles with requests waiting and with ports busy.

    The columns divide the run into spans of equal length. Each bin is spread evenly over the columns that it overlaps.
    """
    total = sum(layer.cycles for layer in layers)
    edges = np.linspace(0, max(total, 1), columns + 1)
    conflict, busy, begun = np.zeros((len(ports), columns)), np.zeros((len(ports), columns)), 0
    for layer in layers:
        bounds = np.append(layer.starts, layer.cycles) + begun
        inside = np.minimum(bounds[1:, None], edges[None, 1:]) - np.maximum(bounds[:-1, None], edges[None, :-1])
        spread = np.maximum(inside, 0.0) / layer.lengths[:, None]
        conflict += layer.conflict @ spread
        busy += layer.busy @ spread
        begun += layer.cycles
    span = max(total, 1) / columns
    return total, conflict / span, busy / span / ports


def runs_at_once(run: AnyRun) -> bool:
    """Return whether layers run at the same time, as the stages of a pipeline do, so that the run has no single map."""
    return bool(run.facts["time_cycles"] != run.facts["cycles"])
