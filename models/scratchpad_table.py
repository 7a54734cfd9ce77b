"""The figures of a memory array from the technology table, between its capacities and between its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.nodes import neighbours, no_figures, node_share
from simcore.errors import InputError
from simcore.timing.bank_timing import BankTiming

#: The technology that stands in for a model that names none.
_FALLBACK = "sram"

#: Rows of [capacity KiB, area mm2, read pJ, write pJ, leakage mW].
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ScratchpadFigures:
    """Energy, leakage and area of a memory array. ``notes`` says what a reader must know before trusting the numbers.

    ``volatile_leakage_mw`` is the part of the leakage that cannot be cut off without losing the stored data.
    """

    read_pj_per_byte: float
    write_pj_per_byte: float
    leakage_mw: float
    area_mm2: float
    kind: str
    source: str
    notes: tuple[str, ...] = ()
    volatile_leakage_mw: float = 0.0


def technology_name(memory: str | BankTiming) -> tuple[str, tuple[str, ...]]:
    """Return the technology of a bank, and a note if its model names none."""
    if isinstance(memory, str):
        return memory, ()
    if memory.technology is not None:
        return memory.technology, ()
    return _FALLBACK, (f"{memory.name} names no technology, so its energy and area are those of {_FALLBACK}",)


def array_figures(
    name: str, entry: Mapping[str, Any], node_nm: int, capacity_bytes: int, notes: tuple[str, ...]
) -> ScratchpadFigures:
    """Return the figures of an array of a technology. ``entry`` is the technology's block of the table.

    Raise InputError for a node that no table of the technology spans.
    """
    table = _table_of(name, entry["tables"], node_nm)
    points, given = _points_at(table["nodes"], node_nm)
    capacity_kib = capacity_bytes / 1024
    first, last = points[0, 0], points[-1, 0]
    kind = table["kind"] if given and capacity_kib in points[:, 0] else "derived"
    if not first <= capacity_kib <= last:
        kind = "assumed"
        notes += (
            f"{name}: an array of {capacity_kib:g} KiB is outside the table ({first:g} to {last:g} KiB); "
            "its figures are extrapolated from the nearest two points on logarithmic axes",
        )
    area_mm2, read_pj, write_pj, leakage_mw = _on_log_axes(points, capacity_kib)
    source = f"{table['source']}, {node_nm} nm{'' if given else ' interpolated between nodes'}"
    volatile_mw = leakage_mw if entry["volatile"] else 0.0
    access = read_pj / table["access_bytes"], write_pj / table["access_bytes"]
    return ScratchpadFigures(*access, leakage_mw, area_mm2, kind, source, notes, volatile_mw)


def _table_of(name: str, tables: list[Mapping[str, Any]], node_nm: int) -> Mapping[str, Any]:
    for table in tables:
        if min(table["nodes"]) <= node_nm <= max(table["nodes"]):
            return table
    raise _without(name, tables, node_nm)


def _without(name: str, tables: list[Mapping[str, Any]], node_nm: int) -> InputError:
    spans = [sorted(table["nodes"]) for table in tables]
    known = " or ".join(f"{span[0]} to {span[-1]} nm" if len(span) > 1 else f"{span[0]} nm" for span in spans)
    return no_figures(name, known, node_nm, [node for span in spans for node in span])


def _points_at(nodes: Mapping[int, list[list[float]]], node_nm: int) -> tuple[Points, bool]:
    """Return the rows at a node. Between two nodes, which have the same capacities, they are interpolated on logarithmic axes."""
    if node_nm in nodes:
        return np.array(nodes[node_nm], dtype=np.float64), True
    low, high = neighbours(nodes, node_nm)
    share = node_share(low, high, node_nm)
    logs = [np.log(np.array(nodes[node], dtype=np.float64)) for node in (low, high)]
    points: Points = np.exp((1 - share) * logs[0] + share * logs[1])
    points[:, 0] = [row[0] for row in nodes[low]]
    return points, False


def _on_log_axes(points: Points, capacity_kib: float) -> tuple[float, float, float, float]:
    """Interpolate the columns after the first at a capacity, by straight lines between neighbours on logarithmic axes."""
    capacities = points[:, 0]
    right = int(np.clip(np.searchsorted(capacities, capacity_kib), 1, len(capacities) - 1))
    low, high = np.log(points[right - 1]), np.log(points[right])
    share = (np.log(capacity_kib) - low[0]) / (high[0] - low[0])
    area_mm2, read_pj, write_pj, leakage_mw = np.exp(low[1:] + share * (high[1:] - low[1:]))
    return float(area_mm2), float(read_pj), float(write_pj), float(leakage_mw)
