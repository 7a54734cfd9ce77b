"""How many writes a bank's lines survive. The numbers stand in models/data (technology.yaml, memory_cells.yaml)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

from models.arrays.cells import memory_cell
from models.technology import energy_table
from simcore.timing.bank_timing import BankTiming

#: The technology that does not wear out.
_LASTING = "sram"


@dataclass(frozen=True)
class Endurance:
    """Writes that a line survives: infinite if writing does not wear it out, NaN if the number is unknown.

    ``kind`` says whether the number is "measured", "derived", "assumed", "given" by the user or "unknown"; ``source`` says where
    it comes from.
    """

    writes: float
    kind: str
    source: str


def endurance_of(memory: BankTiming, table: str = "default", given_writes: float | None = None) -> Endurance:
    """Return the endurance of a bank's lines. ``given_writes`` replaces the number of the technology, except for SRAM.

    Raise InputError for an unknown technology table.
    """
    figures = energy_table(table).table["endurance"]
    if memory.technology == _LASTING:
        return Endurance(inf, figures[_LASTING]["kind"], figures[_LASTING]["source"])
    if given_writes is not None:
        return Endurance(given_writes, "given", "technology.endurance_writes")
    if memory.technology not in figures:
        return Endurance(nan, "unknown", f"no endurance is known for {memory.technology or memory.name}")
    return Endurance(**figures[memory.technology])


def endurance_of_cells(cells: Sequence[str], given_writes: float | None = None) -> Endurance:
    """Return the endurance of lines that lie across these memory cells, which is that of the cell that wears out first.

    ``given_writes`` replaces it, except where all cells are SRAM.
    """
    worn = [cell for cell in map(memory_cell, cells) if cell.endurance_writes is not None]
    if not worn:
        return Endurance(inf, "assumed", f"{' and '.join(cells)}: writing does not wear it out")
    if given_writes is not None:
        return Endurance(given_writes, "given", "technology.endurance_writes")
    first = min(worn, key=lambda cell: cell.endurance_writes or inf)
    source = "published cells range from 1e6 to 1e15 writes; no cell file names an endurance"
    return Endurance(first.endurance_writes or inf, first.endurance_kind or "assumed", f"{first.name}: {source}")
