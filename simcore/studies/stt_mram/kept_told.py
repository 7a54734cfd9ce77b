"""Lifetimes and thermal stability in words, and their tables in the form for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import number


def lifetime_told(row: Mapping[str, Any]) -> str:
    """Return the sentence about the scratchpad of a network's pass that wears out first."""
    start = f"{row['network']}, {row['pass']}, batch {row['batch']}: the {row['scratchpad']}'s most written line is written"
    rate = f"{start} {row['writes_per_s']:.3g} times a second if the run repeats for ever"
    if not isfinite(row["days"]):
        return f"{rate}; no scratchpad has cells that wear out"
    return (
        f"{rate} and wears out first, after {row['days']:.3g} days with an endurance of {row['endurance_writes']:.0e} writes "
        f"(assumed), or after {row['days_levelled']:.3g} days if its bank's writes are spread evenly"
    )


def thermal_told(row: Mapping[str, Any]) -> str:
    """Return the sentence about the thermal stability with the least energy for a network and error rate."""
    best = row["best"]
    start = (
        f"{row['network']}, training step, writes and stored words at an error rate of {row['error_rate']:.1e}: the scratchpads "
        f"take the least energy with a thermal stability of {best['thermal_stability']:g} ({_protected(best)})"
    )
    below = f"below {row['lowest']:g} reads flip more bits than a code and a scrub can correct"
    if row["own"] is None:
        return f"{start}; {below}"
    own = row["own"]
    return (
        f"{start}, {row['saved']:.2f} times less than with the cell's own {own['thermal_stability']:g} ({_protected(own)}), "
        f"where reads flip {own['read_error_rate']:.1e} and heat {own['retention_error_rate']:.1e} of the stored bits; {below}"
    )


def _protected(told: Mapping[str, Any]) -> str:
    return {"none": "without a code", "code": "with a code", "scrub": "with a code and a scrub"}[told["protection"]]


def kept_printed(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield both tables, at most 100 columns wide."""
    yield _lifetimes(tables["lifetimes"])
    thermal = tables["thermal_stability"]
    for network in thermal["network"].unique():
        yield _thermal(thermal[thermal["network"] == network])


def _lifetimes(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            *(row[name] for name in ("network", "pass", "scratchpad")),
            f"{row['writes_per_s']:.3g}",
            f"{row['endurance_writes']:.0e}",
            *(number(row[name]) for name in ("days", "days_levelled")),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("network", "pass", "scratchpad", "writes/s, most written line", "endurance", "days", "days, levelled")
    return PrintedTable(f"Wear if the run repeats for ever: {frame['cell'].iloc[0]}, 4 x 1 MiB", columns, rows, text_columns=3)


def _thermal(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            f"{row['error_rate']:.1e}",
            f"{row['thermal_stability']:g}",
            *(f"{row[name]:.1e}" for name in ("retention_error_rate", "read_error_rate")),
            f"{row['voltage_v']:.3f}",
            row["protection"],
            *(number(row[name]) for name in ("write_uj", "code_uj", "scrub_uj", "total_uj")),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("error rate", "stability", "by heat", "by reads", "V", "kept by", "write uJ", "code uJ", "scrub uJ", "all uJ")
    title = (
        f"{frame['network'].iloc[0]}, training step: thermal stability at 300 K of {frame['cell'].iloc[0]}, at work at "
        f"{frame['temperature_k'].iloc[0]:g} K"
    )
    return PrintedTable(title, columns, rows)
