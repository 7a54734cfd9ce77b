"""The memory cells that macros are made of, from models/data/memory_cells.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.table_file import read_table
from simcore.errors import InputError, did_you_mean

_PATH = Path(__file__).parents[1] / "data" / "memory_cells.yaml"


@dataclass(frozen=True)
class MemoryCell:
    """One memory cell. ``pulse_ns`` and ``write_energy_pj`` (per bit) are 0 for SRAM, which is not written by a pulse.

    ``area_f2`` is in squares of the node's feature size. ``nominal_voltage_v`` is the write voltage behind ``write_energy_pj``;
    ``voltage_kind`` says whether it is derived or assumed. ``endurance_writes`` is the number of writes until the cell wears out,
    None if writing does not wear it out; ``endurance_kind`` says how the number is known.
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
    """Return the cell of this name. Raise InputError with the nearest name if there is none."""
    cells = memory_cells()
    if name not in cells:
        raise InputError(f"no memory cell is called '{name}'", hint=did_you_mean(name, cells))
    return cells[name]


@lru_cache(maxsize=1)
def memory_cells() -> dict[str, MemoryCell]:
    """Return all cells by name, in the order of the file."""
    return {name: MemoryCell(name=name, **entry) for name, entry in read_table(_PATH).items()}
