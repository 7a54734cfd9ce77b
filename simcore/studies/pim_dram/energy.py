"""Energy of an image, by part."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, Runs
from simcore.studies.pim_dram.configuration import Point
from simcore.studies.pim_dram.grid import points
from simcore.studies.pim_dram.settings import PimDramSettings


def _points(settings: PimDramSettings) -> list[Point]:
    return [point for point in points(settings) if point.level == "all" and point.placement == "together"]


def energy_table(settings: PimDramSettings, runs: Runs) -> pd.DataFrame:
    """Return one row per network and point of the grid with everything counted: microjoules of an image by part."""
    rows = []
    for network in settings.chosen_networks:
        for point in _points(settings):
            run = runs[Case(network, point.configuration).key]
            row: dict[str, Any] = {"network": network, "standard": point.standard, "program": point.program}
            row |= {"bits": point.bits, "subarrays": point.subarrays, "pairs": point.pairs}
            row |= {f"{part}_uj": 1e-6 * spent for part, spent in run.energy_pj.items()}
            row |= {
                "uj_per_image": run.figures["uj_per_image"],
                "pj_per_mac": 1e6 * run.figures["uj_per_image"] / run.figures["macs"],
            }
            rows.append({**row, "configuration": point.name, "command": point.configuration.command(network)})
    return pd.DataFrame(rows)


def energy_findings(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per network, the energy of an image on the DDR4 preset by precision, and its largest part."""
    kept = table[(table["standard"] == "ddr4") & (table["program"] == "maj") & (table["subarrays"] == 1) & (table["pairs"] == 1)]
    found = []
    for row in kept.to_dict("records"):
        parts = {str(key).removesuffix("_uj"): value for key, value in row.items() if str(key).endswith("_uj")}
        largest = max(parts, key=lambda part: parts[part])
        told: dict[str, Any] = {"network": row["network"], "bits": int(row["bits"]), "uj_per_image": float(row["uj_per_image"])}
        told |= {"pj_per_mac": float(row["pj_per_mac"])}
        found.append(told | {"largest_part": largest, "largest_percent": 100 * float(parts[largest] / row["uj_per_image"])})
    return found
