"""Part 1: macros of SRAM and of the STT-MRAM cells, alone and compared at equal capacity and equal area."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import pandas as pd

from models.arrays.cells import memory_cells
from models.arrays.compare import iso_area, iso_capacity
from models.arrays.macro import Macro, memory_macro
from models.arrays.table import Family, Figures, families
from simcore.studies.stt_mram.settings import CLASSES, KIB, MIB, NODE_NM, WORD_BITS

#: Capacities in the study's tables: the range of the table of macros, in powers of two.
CAPACITIES_BYTES = tuple(32 * KIB << step for step in range(12))


class Comparison(NamedTuple):
    """An SRAM macro and the STT-MRAM macro that replaces it."""

    sram: Macro
    mram: Macro
    iso: str


@lru_cache(maxsize=1024)
def macro(cell: str, capacity_bytes: int, leakage_class: str) -> Macro:
    """Return the study's macro of this cell: 22 nm, 128-bit words, and the organisation with the least read energy x delay."""
    return memory_macro(cell, capacity_bytes, node_nm=NODE_NM, leakage_class=leakage_class, word_bits=WORD_BITS)


def classes_of(cell: str) -> tuple[str, ...]:
    """Return the leakage classes for which the table has macros of this cell."""
    return tuple(leakage_class for leakage_class in CLASSES if cell in cells_of(leakage_class))


def cells_of(leakage_class: str) -> tuple[str, ...]:
    """Return the cells for which the table has macros of this class, with SRAM first."""
    return tuple(cell for cell in memory_cells() if Family(cell, NODE_NM, leakage_class, "read-edp") in families())


def array_table() -> pd.DataFrame:
    """Return one row per class, cell and capacity.

    The columns are area, latencies, energies of a 128-bit access, leakage, and the kind of the figures ("measured": a row of
    NVSim, "derived": between rows).
    """
    rows = []
    for leakage_class in CLASSES:
        for cell in cells_of(leakage_class):
            for capacity_bytes in CAPACITIES_BYTES:
                made = macro(cell, capacity_bytes, leakage_class)
                row: dict[str, Any] = {"leakage_class": leakage_class, "cell": cell, "capacity_kib": capacity_bytes // KIB}
                rows.append(row | {name: getattr(made, name) for name in Figures._fields} | {"kind": made.kind})
    return pd.DataFrame(rows)


def comparisons(leakage_class: str) -> list[Comparison]:
    """Return the comparisons of every SRAM macro with every STT-MRAM cell of a class, at equal capacity and at equal area."""
    found = []
    for cell in cells_of(leakage_class)[1:]:
        for capacity_bytes in CAPACITIES_BYTES:
            sram = macro("sram", capacity_bytes, leakage_class)
            found.append(Comparison(sram, iso_capacity(sram, cell), "capacity"))
            found.append(Comparison(sram, iso_area(sram, cell), "area"))
    return found


def comparison_table() -> pd.DataFrame:
    """Return one row per class, cell, SRAM capacity and kind of comparison.

    ``density_ratio`` is the SRAM's area per bit over the STT-MRAM's; the other ratios are SRAM over STT-MRAM. ``kind`` is that of
    the STT-MRAM's figures: "derived" between the rows of the table. ``table_ends`` says that a larger macro might fit, but is not
    in the table.
    """
    return pd.DataFrame([_row(pair) for leakage_class in CLASSES for pair in comparisons(leakage_class)])


def _row(pair: Comparison) -> dict[str, Any]:
    sram, mram, iso = pair
    capacity_gain = mram.capacity_bytes / sram.capacity_bytes
    at_end = iso == "area" and mram.capacity_bytes == CAPACITIES_BYTES[-1]
    row: dict[str, Any] = {"leakage_class": sram.leakage_class, "cell": mram.cell.name, "iso": iso}
    row |= {"sram_kib": sram.capacity_bytes // KIB, "mram_kib": mram.capacity_bytes // KIB, "capacity_gain": capacity_gain}
    row |= {"sram_mm2": sram.area_mm2, "mram_mm2": mram.area_mm2, "area_used_percent": 100 * mram.area_mm2 / sram.area_mm2}
    row |= {"kind": mram.kind, "density_ratio": sram.area_mm2 / mram.area_mm2 * capacity_gain}
    names = (name for name in Figures._fields if name != "area_mm2")
    return row | {f"{name}_ratio": getattr(sram, name) / getattr(mram, name) for name in names} | {"table_ends": at_end}


def density_findings(table: pd.DataFrame, cell: str) -> list[dict[str, Any]]:
    """Return, per class, minimum, median and maximum of the density ratio and leakage ratio of ``cell`` at equal capacity.

    One row covers all capacities, and another one those from 1 MiB on.
    """
    found = []
    equal = table[(table["cell"] == cell) & (table["iso"] == "capacity")]
    for leakage_class in equal["leakage_class"].unique():
        rows = equal[equal["leakage_class"] == leakage_class]
        for least_kib in (rows["sram_kib"].min(), MIB // KIB):
            kept = rows[rows["sram_kib"] >= least_kib]
            told: dict[str, Any] = {"leakage_class": leakage_class, "cell": cell, "from_kib": int(least_kib)}
            for name in ("density_ratio", "leakage_mw_ratio"):
                told |= {f"{name}_{key}": float(kept[name].agg(key)) for key in ("min", "median", "max")}
            found.append(told)
    return found
