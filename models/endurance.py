"""How many writes the lines of a bank take before they wear out; the numbers stand in ``models/data/technology.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

from models.technology import energy_table
from simcore.timing import BankTiming

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
