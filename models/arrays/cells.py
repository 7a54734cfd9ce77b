"""The memory cells that macros are made of, from models/data/memory_cells.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from simcore.errors import InputError, did_you_mean

_PATH = Path(__file__).parents[1] / "data" / "memory_cells.yaml"


@dataclass(frozen=True)
class MemoryCell:
    """One cell. ``pulse_ns`` and ``write_energy_pj`` (per bit) are 0 where a write is no pulse: SRAM.

    ``area_f2`` is in squares of the node's feature size, ``nominal_voltage_v`` the write voltage behind ``write_energy_pj``;
    ``voltage_kind`` says whether that voltage is derived or assumed. ``endurance_writes``: writes until the cell wears out, None
    where writing does not wear it out; ``endurance_kind`` says how it is known.
    """

    name: str
    technology: str
    nvsim_name: str
    area_f2: float
    source: str
    pulse_ns: float = 0.0
    write_energy_pj: float = 0.0
    nominal_current_ua: float | None = None
    nominal_voltage_v: float | None = None
    voltage_kind: str | None = None
    endurance_writes: float | None = None
    endurance_kind: str | None = None


def memory_cell(name: str) -> MemoryCell:
    """The cell of this name; raises InputError with the nearest name."""
    cells = memory_cells()
    if name not in cells:
        raise InputError(f"no memory cell is called '{name}'", hint=did_you_mean(name, cells))
    return cells[name]


@lru_cache(maxsize=1)
def memory_cells() -> dict[str, MemoryCell]:
    """All cells, name -> cell, in the order of the file."""
    read = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    return {name: MemoryCell(name=name, **entry) for name, entry in read.items()}
