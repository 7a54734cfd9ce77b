"""Maps of banks over time for a report: one of the whole run, and one for each of the layers that take most cycles."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simcore.results.any_run import AnyRun

if TYPE_CHECKING:
    import pandas as pd

Shares = npt.NDArray[np.float64]
_MEASURED = ("bin_start_cycle", "bin_cycles", "conflict_cycles", "busy_cycles")

#: Spans of equal length into which the map of the whole run divides it.
COLUMNS = 240
#: The most banks that a map shows; neighbouring banks share a row beyond that.
MOST_ROWS = 256


def heat_object(run: AnyRun) -> dict[str, Any] | None:
    """Return the maps as plain JSON values, or None for a machine without banks and for a run without a timeline.

    Every layer has a map of its own. Shares of cycles are kept in 255 steps of the largest one. ``conflict`` is the share of
    cycles in which a request waited at a bank, ``busy`` that in which its ports were busy.
    """
    timeline = run.table("timeline")
    banks = run.facts["banks"]
    if not banks or not len(timeline):
        return None
    layers = _layers(timeline, len(banks))
    ports = np.array([max(1, int(bank["ports"])) for bank in banks], float)[:, None]
    groups = _groups(len(banks))
    overlap = run.facts["time_cycles"] != run.facts["cycles"]
    return {
        "rows": [_row_name(banks, group) for group in groups],
        "whole": None if overlap else _whole(layers, ports, groups),
        "layers": [
            {
                "layer": layer.name,
                "cycles": layer.cycles,
                "starts": layer.starts.tolist(),
                **_maps(layer.conflict / layer.lengths, layer.busy / layer.lengths / ports, groups),
            }
            for layer in layers
        ],
        "left_out": 0,
    }


def with_fewer_layers(heat: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the maps with those of only so many layers, which take most cycles."""
    largest = sorted(range(len(heat["layers"])), key=lambda at: -heat["layers"][at]["cycles"])
    kept = sorted(largest[:most])
    return {**heat, "layers": [heat["layers"][at] for at in kept], "left_out": len(heat["layers"]) - len(kept)}


class _Layer:
    """The bins of one layer: [bank, bin] cycles of conflict and of occupancy."""

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


def _layers(timeline: pd.DataFrame, banks: int) -> list[_Layer]:
    names = timeline["layer"].to_numpy(object)
    firsts = np.flatnonzero(np.concatenate(([True], names[1:] != names[:-1])))
    ends = np.append(firsts[1:], len(names))
    columns = {name: timeline[name].to_numpy(float) for name in _MEASURED}
    return [
        _Layer(str(names[first]), columns, range(int(first), int(end)), banks)
        for first, end in zip(firsts, ends, strict=True)
        if end - first >= banks
    ]


def _whole(layers: Sequence[_Layer], ports: Shares, groups: Sequence[range]) -> dict[str, Any]:
    """Return the map of the run. Each bin of a layer is spread evenly over the columns that it overlaps."""
    total = sum(layer.cycles for layer in layers)
    edges = np.linspace(0, max(total, 1), COLUMNS + 1)
    conflict, busy, begun = np.zeros((len(ports), COLUMNS)), np.zeros((len(ports), COLUMNS)), 0
    for layer in layers:
        bounds = np.append(layer.starts, layer.cycles) + begun
        inside = np.minimum(bounds[1:, None], edges[None, 1:]) - np.maximum(bounds[:-1, None], edges[None, :-1])
        spread = np.maximum(inside, 0.0) / layer.lengths[:, None]
        conflict += layer.conflict @ spread
        busy += layer.busy @ spread
        begun += layer.cycles
    span = max(total, 1) / COLUMNS
    return {"cycles": total, "columns": COLUMNS, **_maps(conflict / span, busy / span / ports, groups)}


def _maps(conflict: Shares, busy: Shares, groups: Sequence[range]) -> dict[str, Any]:
    return {"conflict": _packed(conflict, groups), "busy": _packed(busy, groups)}


def _packed(shares: Shares, groups: Sequence[range]) -> dict[str, Any]:
    """Return shares in 255 steps of the largest, as base64; any share above zero is at least one step."""
    grouped = np.stack([shares[group.start : group.stop].mean(axis=0) for group in groups])
    most = float(grouped.max(initial=0.0))
    if most <= 0.0:
        return {"most": 0.0, "steps": ""}
    steps = np.where(grouped > 0, np.maximum(np.rint(255 * grouped / most), 1), 0).astype(np.uint8)
    return {"most": round(most, 6), "steps": base64.b64encode(steps.tobytes()).decode("ascii")}


def _groups(banks: int) -> list[range]:
    step = -(-banks // MOST_ROWS)
    return [range(first, min(first + step, banks)) for first in range(0, banks, step)]


def _row_name(banks: Sequence[dict[str, Any]], group: range) -> list[str]:
    """Return the scratchpad and the bank, or the first and last bank, of a row."""
    first, last = banks[group.start], banks[group.stop - 1]
    said = str(first["bank"]) if len(group) == 1 else f"{first['bank']} to {last['scratchpad']} {last['bank']}"
    return [str(first["scratchpad"]), said]
