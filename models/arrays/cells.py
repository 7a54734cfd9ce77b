"""The memory cells that macros are made of, from models/data/memory_cells.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from models.cells.description import CellDescription
from models.cells.own_file import is_file, sound_description_in
from models.junction.junction import Junction
from models.table_file import read_table
from simcore.errors import InputError, did_you_mean

_PATH = Path(__file__).parents[1] / "data" / "memory_cells.yaml"


@dataclass(frozen=True)
class MemoryCell:
    """One memory cell. An STT-MRAM cell has a ``description``, from which its write and its junction follow; SRAM has none.

    ``array`` is the cell whose arrays a user's cell lies in, None for a cell with arrays of its own. ``area_f2`` is in squares
    of the node's feature size. ``endurance_writes`` is the number of writes until the cell wears out, None if writing does not
    wear it out; ``endurance_kind`` says how the number is known.
    """

    name: str
    technology: str
    nvsim_name: str
    area_f2: float
    source: str
    description: CellDescription | None = field(default=None, compare=False)
    endurance_writes: float | None = None
    endurance_kind: str | None = None
    array: str | None = None

    @property
    def table_name(self) -> str:
        """Return the name under which the table of macros holds the arrays of the cell."""
        return self.name if self.array is None else self.array

    @cached_property
    def junction(self) -> Junction:
        """Return the junction at the temperature of the macros. Raise InputError for a cell that is not written by a pulse."""
        return self.described.junction()

    @property
    def described(self) -> CellDescription:
        """Return the description. Raise InputError for a cell that is not written by a pulse."""
        if self.description is None:
            raise InputError(f"{self.name} is not written by a pulse, so it has no write voltage, pulse or write error rate")
        return self.description

    @property
    def pulse_ns(self) -> float:
        """Return the nominal write pulse, 0 for a cell that is not written by a pulse."""
        return 0.0 if self.description is None else self.description.write_pulse_ns.value

    @property
    def write_energy_pj(self) -> float:
        """Return the energy of one written bit at the nominal voltage and pulse, 0 for a cell that is not written by a pulse."""
        return 0.0 if self.description is None else self.description.write_energy_pj.value

    @property
    def nominal_voltage_v(self) -> float | None:
        """Return the supply voltage of the nominal write, None for a cell that is not written by a pulse."""
        return None if self.description is None else self.description.write_voltage_v.value

    @property
    def nominal_current_ua(self) -> float | None:
        """Return the current of the nominal write, None for a cell that is not written by a pulse."""
        return None if self.description is None else self.description.write_current_ua.value

    @property
    def voltage_kind(self) -> str | None:
        """Return how the nominal voltage is known, None for a cell that is not written by a pulse."""
        return None if self.description is None else self.description.write_voltage_v.kind


def memory_cell(name: str) -> MemoryCell:
    """Return the cell of this name, or the cell that a YAML file describes.

    Raise InputError with the nearest name if there is none, for a bad file and for one that contradicts itself.
    """
    if is_file(name):
        return _own_cell(name, _version(name))
    cells = memory_cells()
    if name not in cells:
        raise InputError(f"no memory cell is called '{name}'", hint=did_you_mean(name, cells))
    return cells[name]


def _version(path: str) -> tuple[int, int]:
    """Return what changes when a file is written again."""
    try:
        found = Path(path).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=32)
def _own_cell(path: str, version: tuple[int, int]) -> MemoryCell:
    """Return a user's cell: its own description in the arrays of another cell."""
    description = sound_description_in(path)
    arrays = [name for name, cell in memory_cells().items() if cell.description is not None]
    if description.array not in arrays:
        got = "none" if description.array is None else f"'{description.array}'"
        raise InputError(f"array: expected the cell in whose arrays the cell lies, got {got}", path, did_you_mean(got, arrays))
    other = memory_cells()[description.array]
    source = f"{path}, in the arrays of {other.name} ({other.source})"
    endurance = description.endurance_writes
    return MemoryCell(
        path,
        other.technology,
        other.nvsim_name,
        other.area_f2,
        source,
        description,
        other.endurance_writes if endurance is None else endurance,
        other.endurance_kind if endurance is None else "given",
        other.name,
    )


@lru_cache(maxsize=1)
def memory_cells() -> dict[str, MemoryCell]:
    """Return all cells by name, in the order of the file."""
    return {name: _cell(name, entry) for name, entry in read_table(_PATH).items()}


def _cell(name: str, entry: Mapping[str, Any]) -> MemoryCell:
    told = entry.get("description")
    description = None if told is None else CellDescription.model_validate(told)
    return MemoryCell(name=name, **{**entry, "description": description})
