"""Multiplications alone, one layer per bank, images pipelined: the most that this class of machine could reach."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, Runs
from simcore.studies.pim_dram.configuration import Configuration, precision
from simcore.studies.pim_dram.settings import PimDramSettings
from simcore.studies.pim_dram.yardsticks import MEASURED, speedups

#: One layer per bank, images pipelined, published counts, no limits, no periphery, no transfers, 49 ns per row operation.
PRESET = "pim-dram-feasibility"
FEASIBLE_BITS, FEASIBLE_SUBARRAYS = (1, 2, 4, 8), (64, 16, 1)


def feasible(bits: int, subarrays: int) -> Configuration:
    """Return the configuration with this precision and so many subarrays of each bank at work."""
    overrides = (*precision(bits), f"active_subarrays={subarrays}")
    return Configuration(f"feasible-{bits}bit-{subarrays}sub", PRESET, overrides, "multiply-only")


def feasibility_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of the table."""
    return [
        Case(network, feasible(bits, subarrays))
        for network in settings.chosen_networks
        for bits, subarrays in product(FEASIBLE_BITS, FEASIBLE_SUBARRAYS)
    ]


def feasibility_table(settings: PimDramSettings, runs: Runs, yardsticks: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, precision and number of subarrays."""
    rows = []
    for network, (bits, subarrays) in product(settings.chosen_networks, product(FEASIBLE_BITS, FEASIBLE_SUBARRAYS)):
        configuration = feasible(bits, subarrays)
        figures = runs[Case(network, configuration).key].figures
        row: dict[str, Any] = {"network": network, "bits": bits, "subarrays": subarrays}
        row |= {name: figures[name] for name in ("latency_ms", "ms_per_image", "column_utilisation_percent")}
        row |= speedups(network, figures["ms_per_image"], yardsticks)
        rows.append({**row, "configuration": configuration.name, "command": configuration.command(network)})
    return pd.DataFrame(rows)


def feasibility_findings(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per precision, the least and greatest speedup over the measured GPU with most subarrays, and per network."""
    found = []
    most = table[table["subarrays"] == FEASIBLE_SUBARRAYS[0]]
    for bits in FEASIBLE_BITS:
        rows = most[most["bits"] == bits]
        each = dict(zip(rows["network"], rows[f"over_{MEASURED}"], strict=True))
        found.append({"bits": bits, "subarrays": FEASIBLE_SUBARRAYS[0], "speedups": each})
    return found
