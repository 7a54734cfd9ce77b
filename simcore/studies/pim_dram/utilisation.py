"""How much of the columns, subarrays and banks the layers use."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, Runs
from simcore.studies.pim_dram.configuration import Point
from simcore.studies.pim_dram.records import Row, ends, groups, records
from simcore.studies.pim_dram.settings import PimDramSettings

#: The runs of both tables, points of the full grid: the preset, as a pipeline, and with more subarrays at work.
_POINTS = (Point(), Point(placement="pipelined"), Point(subarrays=16, level="no-limits"))


def _points(settings: PimDramSettings) -> tuple[Point, ...]:
    return _POINTS[:1] if settings.quick else _POINTS


def utilisation_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of both tables. They are points of the grid, too."""
    return [Case(network, point.configuration) for point in _points(settings) for network in settings.chosen_networks]


def utilisation_tables(settings: PimDramSettings, runs: Runs) -> dict[str, pd.DataFrame]:
    """Return ``layer_utilisation`` and ``bank_utilisation``, 8 bits on DDR4."""
    layers, banks = [], []
    for network in settings.chosen_networks:
        for point in _points(settings):
            run = runs[Case(network, point.configuration).key]
            told: dict[str, Any] = {"network": network, "level": point.level}
            told |= {"subarrays": point.subarrays, "placement": point.placement}
            layers += [{**told, **row, "configuration": point.name} for row in run.layers]
            banks += [{**told, **row, "configuration": point.name} for row in run.banks]
    return {"layer_utilisation": pd.DataFrame(layers), "bank_utilisation": pd.DataFrame(banks)}


def utilisation_findings(layers: pd.DataFrame, banks: pd.DataFrame) -> list[Row]:
    """Return, per network and configuration, the utilisation of the layer that has least, and of the banks."""
    found = []
    keys = ("network", "level", "subarrays", "placement")
    of_banks = dict(groups(records(banks), *keys))
    for told, rows in groups(records(layers), *keys):
        used = [{**row, "used": row["column_utilisation_percent"] * row["subarray_utilisation_percent"] / 100} for row in rows]
        least, busy = min(used, key=lambda row: row["used"]), ends(of_banks[told], "computing_percent")
        row: Row = dict(zip(keys, told, strict=True)) | {"least_layer": least["layer"], "least_percent": least["used"]}
        found.append(row | {f"{name}_bank_percent": value for name, value in busy.items()})
    return found
