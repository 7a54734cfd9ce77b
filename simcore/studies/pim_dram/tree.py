"""Where the adder tree, and not the multiplication, decides the time of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, Runs
from simcore.studies.pim_dram.configuration import NO_LIMITS, Configuration, precision
from simcore.studies.pim_dram.records import Row, greatest, groups, records
from simcore.studies.pim_dram.settings import BITS, QUICK_BITS, STANDARDS, PimDramSettings

#: Columns that the tree takes in a cycle of its clock.
TREE_COLUMNS = (1024, 4096, 16384, 65536)
TREE_SUBARRAYS = (1, 4)
#: A transpose unit that writes a row in a cycle, so that only the tree is left of the periphery.
_FAST_TRANSPOSER = "periphery.transposer_bits_per_cycle=65536"


def _configurations(quick: bool) -> Iterator[tuple[int, int, int, Configuration]]:
    for subarrays in TREE_SUBARRAYS[: 1 if quick else None]:
        for bits in QUICK_BITS if quick else BITS:
            for columns in TREE_COLUMNS:
                overrides = (f"periphery.tree_columns={columns}", _FAST_TRANSPOSER, "transfers=false", *NO_LIMITS)
                name = f"tree-{columns}col-{bits}bit-{subarrays}sub"
                active = (f"active_subarrays={subarrays}",)
                made = Configuration(name, STANDARDS["ddr4"], (*precision(bits), *active, *overrides), "tree")
                yield columns, bits, subarrays, made


def tree_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of the table. A round is the same in every layer and network, so one network shows it."""
    return [Case(settings.main_network, made) for *_, made in _configurations(settings.quick)]


def tree_table(settings: PimDramSettings, runs: Runs) -> pd.DataFrame:
    """Return one row per width of the tree, precision and subarrays.

    ``tree_percent`` is the share of the rounds in which rows are held for the tree longer than their own timing asks for.
    ``tree_decides`` says that this is longer than the rounds compute.
    """
    rows = []
    for columns, bits, subarrays, made in _configurations(settings.quick):
        layers = runs[Case(settings.main_network, made).key].layers
        held, computing = (sum(row[f"round_{name}_cycles"] for row in layers) for name in ("periphery", "compute"))
        row: dict[str, Any] = {"network": settings.main_network, "tree_columns": columns, "bits": bits, "subarrays": subarrays}
        row |= {"tree_percent": 100 * held / (held + computing), "tree_decides": held > computing}
        rows.append({**row, "configuration": made.name, "command": made.command(settings.main_network)})
    return pd.DataFrame(rows)


def tree_findings(table: pd.DataFrame) -> list[Row]:
    """Return, per number of subarrays and width of the tree, the precisions at which it decides the time of a round."""
    found = []
    for (subarrays, columns), rows in groups(records(table), "subarrays", "tree_columns"):
        bits = sorted(row["bits"] for row in rows if row["tree_decides"])
        row: Row = {"subarrays": subarrays, "tree_columns": columns, "bits": bits}
        found.append(row | {"most_percent": greatest(rows, "tree_percent")["tree_percent"]})
    return found
