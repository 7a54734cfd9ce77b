"""Energy and area of a run by part, and what is missing from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from simcore.results.record import LayerRun


def energy_table(runs: Sequence[LayerRun], parts: Callable[[LayerRun], Mapping[str, float]]) -> pd.DataFrame:
    """Return one row per layer with a column ``<part>_pj`` per part whose energy is known, and ``energy_pj``, their sum.

    ``parts`` returns the energy of a layer by part. The sum of no parts is NaN.
    """
    frame = pd.DataFrame([parts(run) for run in runs], index=range(len(runs)))
    frame["energy_pj"] = frame.sum(axis=1, min_count=1).astype(float)
    frame.insert(0, "layer", [run.name for run in runs])
    return frame


def energy_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the run's energy by part: columns ``part`` (mac, ifmap_read, ..., leakage) and ``energy_pj``."""
    parts = [column for column in table.columns if column.endswith("_pj") and column != "energy_pj"]
    spent = [float(table[column].sum()) for column in parts]
    return pd.DataFrame({"part": [column.removesuffix("_pj") for column in parts], "energy_pj": spent})


def area_table(areas: Mapping[str, float]) -> pd.DataFrame:
    """Return the machine's area by part: columns ``part`` (array, a scratchpad, vector_unit, dma, ...) and ``area_mm2``."""
    return pd.DataFrame({"part": list(areas), "area_mm2": pd.Series(list(areas.values()), dtype=float)})


def not_counted_table(missing: Sequence[str]) -> pd.DataFrame:
    """Return one row per thing that is missing from the energy and the area."""
    return pd.DataFrame({"not_counted": pd.Series(list(missing), dtype=object)})
