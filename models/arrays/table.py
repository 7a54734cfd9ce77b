"""The table of macros (models/data/memory_macros.csv): for each word width, a line of figures along the capacity."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from simcore.errors import InputError, did_you_mean

PATH = Path(__file__).parents[1] / "data" / "memory_macros.csv"
PARTIAL_PATH = PATH.with_name("memory_macros_partial.csv")
SOURCE = "NVSim 6334d00, 350 K, best organisation per target, wires without repeaters"

TARGETS = ("read-edp", "read-latency", "write-edp", "area", "leakage")


class Figures(NamedTuple):
    """Area, latency, energy and leakage of one macro. An access moves one word."""

    area_mm2: float
    read_ns: float
    write_ns: float
    read_pj: float
    write_pj: float
    leakage_mw: float


@dataclass(frozen=True)
class Family:
    """Macros that differ only in capacity and word width."""

    cell: str
    node_nm: int
    leakage_class: str
    target: str

    def __str__(self) -> str:
        return f"{self.cell} at {self.node_nm} nm, {self.leakage_class}, optimised for {self.target}"


#: Word width in bits -> capacity in KiB (ascending) -> figures.
Lines = Mapping[int, Mapping[int, Figures]]


def lines_of(family: Family) -> Lines:
    """Return the lines of a family. Raise InputError, with the known values, for a family that is not in the table."""
    table = families()
    if family not in table:
        raise _missing(family, table)
    return table[family]


def widest_word_bits(family: Family) -> int:
    """Return the widest word of a family, in bits. Raise InputError as ``lines_of`` does."""
    return max(lines_of(family))


def least_capacity_kib(family: Family) -> int:
    """Return the smallest capacity of a family, in KiB. Raise InputError as ``lines_of`` does."""
    return min(capacity for line in lines_of(family).values() for capacity in line)


def _missing(family: Family, table: Mapping[Family, Lines]) -> InputError:
    """Return the error for the first of cell, node, class and target that the table does not hold with those before it."""
    left = list(table)
    for name, option in (("cell", "cell"), ("node_nm", "node"), ("leakage_class", "class"), ("target", "target")):
        asked = getattr(family, name)
        known = sorted({str(getattr(item, name)) for item in left})
        left = [item for item in left if getattr(item, name) == asked]
        if not left:
            before = f" for {family.cell}" if name == "node_nm" else f" for {family.cell} at {family.node_nm} nm"
            message = f"expected one of {', '.join(known)}{before if name != 'cell' else ''}, got {asked!r}"
            return InputError(message, where=option, hint=did_you_mean(str(asked), known) if len(known) > 4 else None)
    return InputError(f"the table of macros has no {family}")


@lru_cache(maxsize=1)
def families() -> dict[Family, dict[int, dict[int, Figures]]]:
    """Return the whole table: family -> word width in bits -> capacity in KiB -> figures."""
    found: dict[Family, dict[int, dict[int, Figures]]] = {}
    for family, word_bits, capacity_kib, row in _rows(PATH):
        figures = Figures(*(float(row[name]) for name in Figures._fields))
        found.setdefault(family, {}).setdefault(word_bits, {})[capacity_kib] = figures
    return {family: {word: dict(sorted(line.items())) for word, line in sorted(lines.items())} for family, lines in found.items()}


@lru_cache(maxsize=1)
def single_figures() -> dict[tuple[Family, int, str], dict[int, float]]:
    """Return the figures whose row is not complete: (family, word width, name of the figure) -> capacity in KiB -> value."""
    found: dict[tuple[Family, int, str], dict[int, float]] = {}
    for family, word_bits, capacity_kib, row in _rows(PARTIAL_PATH):
        found.setdefault((family, word_bits, row["figure"]), {})[capacity_kib] = float(row["value"])
    return found


def _rows(path: Path) -> Iterator[tuple[Family, int, int, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            family = Family(row["cell"], int(row["node_nm"]), row["leakage_class"], row["target"])
            yield family, int(row["word_bits"]), int(row["capacity_kib"]), row
