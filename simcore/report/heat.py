"""Maps of banks over time for a report: one of the whole run, and one for each of the layers that take most cycles."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from simcore.results.any_run import AnyRun
from simcore.results.time_map import LayerBins, Shares, layer_bins, ports_of, runs_at_once, whole_run

#: Spans of equal length into which the map of the whole run divides it.
COLUMNS = 240
#: The most banks that a map shows; neighbouring banks share a row beyond that.
MOST_ROWS = 256


def heat_object(run: AnyRun) -> dict[str, Any] | None:
    """Return the maps as plain JSON values, or None for a machine without banks and for a run without a timeline.

    Every layer has a map of its own. Shares of cycles are kept in 255 steps of the largest one. ``conflict`` is the share of
    cycles in which a request waited at a bank, ``busy`` that in which its ports were busy.
    """
    banks, layers = run.facts["banks"], layer_bins(run)
    if not layers:
        return None
    ports, groups = ports_of(run), _groups(len(banks))
    return {
        "rows": [_row_name(banks, group) for group in groups],
        "whole": None if runs_at_once(run) else _whole(layers, ports, groups),
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


def _whole(layers: Sequence[LayerBins], ports: Shares, groups: Sequence[range]) -> dict[str, Any]:
    total, conflict, busy = whole_run(layers, ports, COLUMNS)
    return {"cycles": total, "columns": COLUMNS, **_maps(conflict, busy, groups)}


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
