"""How many writes the lines of a bank take before they wear out; the numbers stand in models/data (technology, memory_cells)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

from models.arrays.cells import memory_cell
from models.technology import energy_table
from simcore.timing.bank_timing import BankTiming

#: The technology that no number of writes wears out.
_LASTING = "sram"


@dataclass(frozen=True)
class Endurance:
    """Writes that a line takes: infinite where writing does not wear it out, NaN where nothing is known of it.

    ``kind`` says whether the number was measured, derived, assumed or given by the user; ``source`` where it is from.
    """

    writes: float
    kind: str
    source: str


def endurance_of(memory: BankTiming, table: str = "default", given_writes: float | None = None) -> Endurance:
    """The endurance of a bank's lines, from its technology; ``given_writes`` stands in for it, except for SRAM.

    Raises InputError for a technology table that there is not.
    """
    figures = energy_table(table).table["endurance"]
    if memory.technology == _LASTING:
        return Endurance(inf, figures[_LASTING]["kind"], figures[_LASTING]["source"])
    if given_writes is not None:
        return Endurance(given_writes, "given", "technology.endurance_writes")
    if memory.technology not in figures:
        return Endurance(nan, "unknown", f"no endurance is known of {memory.technology or memory.name}")
    return Endurance(**figures[memory.technology])


def endurance_of_cells(cells: Sequence[str], given_writes: float | None = None) -> Endurance:
    """The endurance of lines that lie in these memory cells: that of the first to wear out; else as ``endurance_of``."""
    worn = [cell for cell in map(memory_cell, cells) if cell.endurance_writes is not None]
    if not worn:
        return Endurance(inf, "assumed", f"{' and '.join(cells)}: not worn by writing")
    if given_writes is not None:
        return Endurance(given_writes, "given", "technology.endurance_writes")
    first = min(worn, key=lambda cell: cell.endurance_writes or inf)
    source = "published cells range from 1e6 to 1e15 writes; no cell file names an endurance"
    return Endurance(first.endurance_writes or inf, first.endurance_kind or "assumed", f"{first.name}: {source}")
