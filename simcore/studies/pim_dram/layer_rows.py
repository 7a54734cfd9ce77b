"""The rows of a run's layers and banks that the study keeps, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simcore.pim.phases import PHASE_KINDS

if TYPE_CHECKING:
    import pandas as pd

    from simcore.results import Results

_MAPPED = ("column_utilisation_percent", "subarray_utilisation_percent", "rounds", "row_sets", "mapped_banks", "weights_stay")


def layer_rows(results: Results) -> list[dict[str, Any]]:
    """Return a row for each layer that multiplies: its mapping, its cycles by phase, and what its rounds spend them on."""
    tables, causes = results.kind.tables(results), results.kind.causes
    phases = tables["phases"]
    phases = phases[phases["image"] == "every"]
    return [_row(row, phases[phases["layer"] == row["layer"]], causes) for row in tables["mapping"].to_dict("records")]


def _row(mapped: Mapping[Any, Any], phases: pd.DataFrame, causes: Sequence[str]) -> dict[str, Any]:
    rounds = phases[phases["phase"] == "multiply"]
    row: dict[str, Any] = {"layer": mapped["layer"], "macs": int(mapped["dot_products"] * mapped["dot_length"])}
    row |= {name: mapped[name] for name in _MAPPED} | {"cycles": int(phases["cycles"].sum())}
    row |= {f"{kind}_cycles": int(phases.loc[phases["phase"] == kind, "cycles"].sum()) for kind in PHASE_KINDS}
    row |= {"round_compute_cycles": int(rounds["compute_cycles"].sum())}
    return row | {f"round_{cause}_cycles": int(rounds[f"stall_{cause}_cycles"].sum()) for cause in causes}


def mean_utilisation(layers: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the utilisation of the columns over all multiplications, and that of the subarrays over all rounds."""
    sets, rounds = (sum(row[name] for row in layers) for name in ("row_sets", "rounds"))
    columns = sum(row["column_utilisation_percent"] * row["row_sets"] for row in layers)
    subarrays = sum(row["subarray_utilisation_percent"] * row["rounds"] for row in layers)
    return {"column_utilisation_percent": columns / sets, "subarray_utilisation_percent": subarrays / rounds}


def bank_rows(results: Results, interval_cycles: int) -> list[dict[str, Any]]:
    """Return a row for each bank: how much of the time between two images its subarrays compute and wait, on average."""
    found = []
    for bank, rows in results.banks.groupby("scratchpad", sort=False):
        whole = interval_cycles * len(rows)
        shares = {"computing_percent": rows["busy_cycles"].sum(), "waiting_percent": rows["conflict_cycles"].sum()}
        found.append({"bank": bank} | {name: 100 * float(value) / whole for name, value in shares.items()})
    return found
