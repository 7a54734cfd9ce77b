"""The grid: every network on DRAM of several standards, programs, precisions, subarrays and pairs per column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, Runs
from simcore.studies.pim_dram.configuration import Point
from simcore.studies.pim_dram.settings import (
    BITS,
    PAIRS,
    PROGRAMS,
    QUICK_BITS,
    QUICK_PAIRS,
    STANDARDS,
    PimDramSettings,
)
from simcore.studies.pim_dram.yardsticks import MEASURED, speedups

#: Subarrays of a bank at work, by level. A limit on activations leaves nothing to gain from more, and the periphery little.
SUBARRAYS: dict[str, tuple[int, ...]] = {"all": (1, 4), "no-limits": (1, 16), "multiply-only": (1, 4, 16, 64)}
QUICK_SUBARRAYS: dict[str, tuple[int, ...]] = {"all": (1,), "no-limits": (16,), "multiply-only": (1, 64)}
#: The slices' keys on the preset.
_BASE = pd.Series({"pairs": 1, "program": "maj", "standard": "ddr4"})


def points(settings: PimDramSettings) -> tuple[Point, ...]:
    """Return the points of the grid.

    Precisions, levels and subarrays are crossed on DDR4 with the program ``maj``, one layer after the other. Pipelines, pairs per
    column, programs and standards are tried at two precisions, each by itself.
    """
    return tuple(dict.fromkeys(_points(settings)))


def _points(settings: PimDramSettings) -> Iterator[Point]:
    for level, subarrays in (QUICK_SUBARRAYS if settings.quick else SUBARRAYS).items():
        for bits, count in product(QUICK_BITS if settings.quick else BITS, subarrays):
            yield Point(bits=bits, subarrays=count, level=level)
        for bits in QUICK_BITS:
            if not settings.quick or level == "multiply-only":
                yield from (Point(bits=bits, subarrays=count, level=level, placement="pipelined") for count in subarrays)
    for bits, level in product(QUICK_BITS[-1:] if settings.quick else QUICK_BITS, ("all", "multiply-only")):
        point = Point(bits=bits, level=level)
        yield from (replace(point, pairs=pairs) for pairs in (QUICK_PAIRS if settings.quick else PAIRS))
        yield from (replace(point, program=program) for program in PROGRAMS)
        yield from (replace(point, standard=standard) for standard in STANDARDS)


def grid_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of the grid."""
    return [Case(network, point.configuration) for point in points(settings) for network in settings.chosen_networks]


def grid_table(settings: PimDramSettings, runs: Runs, yardsticks: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and point: latency, time between images, utilisation, energy, and speedups."""
    rows = []
    for network in settings.chosen_networks:
        for point in points(settings):
            case = Case(network, point.configuration)
            run = runs[case.key]
            row: dict[str, Any] = {"network": network, **asdict(point), **run.figures}
            row |= {f"{name}_share_percent": share for name, share in shares(run.phases, run.figures["cycles"]).items()}
            row |= {f"stall_{cause}_percent": share for cause, share in shares(run.stalls, run.figures["cycles"]).items()}
            row |= speedups(network, run.figures["ms_per_image"], yardsticks)
            rows.append({**row, "configuration": point.name, "command": point.configuration.command(network)})
    return pd.DataFrame(rows)


def shares(cycles: Any, total: int) -> dict[str, float]:
    """Return the shares of a run's cycles, in percent."""
    return {name: 100 * count / total for name, count in cycles.items()}


def grid_findings(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per network, the preset on DDR4 as it is: latency, main stall, and speedups over the measured GPU and the ideal.

    ``pairs``, ``program`` and ``standards`` are the times of an image relative to it when one of these is changed.
    """
    found = []
    for network in table["network"].unique():
        rows = table[(table["network"] == network) & (table["level"] == "all") & (table["placement"] == "together")]
        rows = rows[(rows["bits"] == 8) & (rows["subarrays"] == 1)]
        base = rows[(rows["standard"] == "ddr4") & (rows["program"] == "maj") & (rows["pairs"] == 1)].iloc[0]
        stalls = {name: base[name] for name in table.columns if name.startswith("stall_")}
        worst = max(stalls, key=lambda name: stalls[name])
        row: dict[str, Any] = {"network": network, "bits": 8, "subarrays": 1, "latency_ms": float(base["latency_ms"])}
        row |= {"worst_stall": worst.removeprefix("stall_").removesuffix("_percent"), "worst_percent": float(stalls[worst])}
        row |= {"over_measured": float(base[f"over_{MEASURED}"]), "over_ideal": float(base["over_ideal-titan-xp-b1"])}
        for key in ("pairs", "program", "standard"):
            others = rows[(rows[list(_BASE.drop(key).index)] == _BASE.drop(key)).all(axis=1)]
            row[key] = {str(of[key]): float(of["ms_per_image"] / base["ms_per_image"]) for of in others.to_dict("records")}
        found.append(row)
    return found
