"""Energy and area of a run by part, and what is missing from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.results.frames import frame
from simcore.results.sums import summed

if TYPE_CHECKING:
    import pandas as pd


def energy_rows(found: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return per layer the energy of each part, ``<part>_pj``, and ``energy_pj``, their sum. An unknown energy is NaN.

    ``found`` are the energies of each layer by part, as far as they are known. The sum of no parts is NaN.
    """
    names = dict.fromkeys(name for row in found for name in row)
    return [{**{name: row.get(name, float("nan")) for name in names}, "energy_pj": _in_all(row)} for row in found]


def _in_all(parts: Mapping[str, float]) -> float:
    known = [part for part in parts.values() if part == part]
    # Python's own sum() rounds differently from version to version.
    return float(reduce(add, known)) if known else float("nan")


def energy_parts(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the run's energy by part (mac, ifmap_read, ..., leakage) from the rows of its layers."""
    parts = [name for name in rows[0] if name.endswith("_pj") and name != "energy_pj"]
    sums = {name.removesuffix("_pj"): summed(rows, name) for name in parts}
    return {part: 0.0 if spent != spent else spent for part, spent in sums.items()}


def area_table(areas: Mapping[str, float]) -> pd.DataFrame:
    """Return the machine's area by part: columns ``part`` (array, a scratchpad, vector_unit, dma, ...) and ``area_mm2``."""
    return frame({"part": list(areas), "area_mm2": np.array(list(areas.values()), dtype=float)})


def not_counted_table(missing: Sequence[str]) -> pd.DataFrame:
    """Return one row per thing that is missing from the energy and the area."""
    return frame({"not_counted": np.array(missing, dtype=object)})
