"""The technology table, which turns counts of accesses and operations into area, energy and leakage. It holds no latencies.

The numbers stand in ``models/data/technology.yaml``. Each has a source and says whether it is measured, derived or assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from simcore.errors import InputError, did_you_mean
from simcore.timing.bank_timing import BankTiming

_TABLES = {"default": Path(__file__).parent / "data" / "technology.yaml"}

#: The technology that stands in for a model that names none.
_FALLBACK = "sram"


@dataclass(frozen=True)
class Figure:
    """One energy of the table, in picojoules. ``kind`` is "measured", "derived" or "assumed"."""

    pj: float
    kind: str
    source: str


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


@dataclass(frozen=True)
class Technology:
    """A technology table at one process node."""

    name: str
    node_nm: int
    table: Mapping[str, Any]

    def mac(self, ifmap_bytes: int) -> Figure:
        """Return the energy of one multiply-accumulate on words of 1, 2, 4 or 8 bytes, scaled from 45 nm to the node.

        Raise InputError for another word size.
        """
        entry = self.table["mac"].get(ifmap_bytes)
        if entry is None:
            raise InputError(f"expected words of {', '.join(map(str, self.table['mac']))} bytes, got {ifmap_bytes}")
        scaling = self.table["logic_scaling"]
        factor = scaling["factor"][self.node_nm]
        if factor == 1:
            return Figure(**entry)
        kind = "assumed" if entry["kind"] == "assumed" else "derived"
        return Figure(entry["pj"] * factor, kind, f"{entry['source']}; x {factor} to {self.node_nm} nm, {scaling['source']}")

    def mac_pj(self, ifmap_bytes: int) -> float:
        """Return the energy of one multiply-accumulate, in picojoules."""
        return self.mac(ifmap_bytes).pj

    @property
    def leakage_class(self) -> str:
        """The class of the scratchpads' transistors: hp, lop or lstp."""
        return str(self.table["leakage_class"])

    @property
    def dram(self) -> Figure:
        """Energy to move one byte from or to main memory."""
        entry = self.table["dram"]
        return Figure(entry["pj_per_byte"], entry["kind"], entry["source"])

    @property
    def dram_pj_per_byte(self) -> float:
        """Energy to move one byte from or to main memory, in picojoules."""
        return self.dram.pj

    def scratchpad(self, memory: str | BankTiming, capacity_bytes: int) -> ScratchpadFigures:
        """Return the figures of one array of this capacity. A bank that is an array of its own counts as one.

        ``memory`` is the name of a technology, or a bank timing whose class may name its ``technology``. Between the table's
        capacities the figures are interpolated on logarithmic axes. Beyond them they are extrapolated from the nearest two
        points, and a note says so. Raise InputError for a technology that is not in the table.
        """
        name, notes = _technology_name(memory)
        rows = self.table["scratchpads"]
        if name not in rows:
            raise InputError(f"the technology table '{self.name}' has no '{name}'", hint=did_you_mean(name, rows))
        entry = rows[name]
        points = np.array(entry["nodes"][self.node_nm], dtype=np.float64)
        capacity_kib = capacity_bytes / 1024
        first, last = points[0, 0], points[-1, 0]
        kind = "measured" if capacity_kib in points[:, 0] else "derived"
        if not first <= capacity_kib <= last:
            kind = "assumed"
            notes += (
                f"{name}: an array of {capacity_kib:g} KiB is outside the table ({first:g} to {last:g} KiB); "
                "its figures are extrapolated from the nearest two points on logarithmic axes",
            )
        area_mm2, read_pj, write_pj, leakage_mw = _on_log_axes(points, capacity_kib)
        word_bytes = entry["access_bytes"]
        source = f"{entry['source']}, {self.node_nm} nm"
        volatile_mw = leakage_mw if entry["volatile"] else 0.0
        access = read_pj / word_bytes, write_pj / word_bytes
        return ScratchpadFigures(*access, leakage_mw, area_mm2, kind, source, notes, volatile_mw)


def _technology_name(memory: str | BankTiming) -> tuple[str, tuple[str, ...]]:
    if isinstance(memory, str):
        return memory, ()
    if memory.technology is not None:
        return memory.technology, ()
    return _FALLBACK, (f"{memory.name} names no technology, so its energy and area are those of {_FALLBACK}",)


def _on_log_axes(points: np.ndarray[Any, np.dtype[np.float64]], capacity_kib: float) -> tuple[float, float, float, float]:
    """Interpolate the columns after the first at a capacity, by straight lines between neighbours on logarithmic axes."""
    capacities = points[:, 0]
    right = int(np.clip(np.searchsorted(capacities, capacity_kib), 1, len(capacities) - 1))
    low, high = np.log(points[right - 1]), np.log(points[right])
    share = (np.log(capacity_kib) - low[0]) / (high[0] - low[0])
    area_mm2, read_pj, write_pj, leakage_mw = np.exp(low[1:] + share * (high[1:] - low[1:]))
    return float(area_mm2), float(read_pj), float(write_pj), float(leakage_mw)


def energy_table(name: str = "default", node_nm: int = 45) -> Technology:
    """Return the technology table of this name at a process node. Raise InputError for an unknown table or node."""
    if name not in _TABLES:
        raise InputError("no such technology table", where=f"technology.table '{name}'", hint=did_you_mean(name, _TABLES))
    table = _read(name)
    nodes = table["logic_scaling"]["factor"]
    if node_nm not in nodes:
        raise InputError(f"expected one of {', '.join(map(str, nodes))}, got {node_nm}", where="technology.node_nm")
    return Technology(name, node_nm, table)


@lru_cache
def _read(name: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = yaml.safe_load(_TABLES[name].read_text(encoding="utf-8"))
    return table
