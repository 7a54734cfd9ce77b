"""Lifetimes and thermal stability in words, and their tables in the form for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import Cell, mean_and_deviation, printed_table, shown


def lifetime_told(row: Mapping[str, Any]) -> str:
    """Return the sentence about the scratchpad of a network's pass that wears out first."""
    where = f"{row['network']}, {row['pass']}, batch {row['batch']}, {row['leakage_class']}, 4 x 1 MiB of {row['cell']}"
    start = f"{where}: the {row['scratchpad']}'s most written line is written"
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
        f"{row['network']}, training step, batch {row['batch']}, {row['leakage_class']}, 4 x 1 MiB of {row['cell']}, writes and "
        f"stored words at an error rate of {row['error_rate']:.1e}: the scratchpads take the least energy (leakage, reads, "
        f"writes, codes and scrubs) with a thermal stability of {best['thermal_stability']:g} ({_protected(best)})"
    )
    below = f"below {row['lowest']:g} reads flip more bits than a code and a scrub can correct"
    if row["own"] is None:
        return f"{start}; {below}"
    own = row["own"]
    flips = f"reads flip {own['read_error_rate']:.1e} and heat {own['retention_error_rate']:.1e} of the stored bits"
    if own["thermal_stability"] == best["thermal_stability"]:
        return f"{start}, which is the cell's own, where {flips}; {below}"
    return (
        f"{start}, {row['saved']:.2f} times less than with the cell's own {own['thermal_stability']:g} ({_protected(own)}), "
        f"where {flips}; {below}"
    )


def _protected(told: Mapping[str, Any]) -> str:
    return {"none": "without a code", "code": "with a code", "scrub": "with a code and a scrub"}[told["protection"]]


def stays_told(row: Mapping[str, Any]) -> str:
    """Return the sentence about the thermal stability that training tolerates where reads flip bits in one direction."""
    trained = f"minibatches of {row['batch']}, {row['epochs']} epochs, seeds {row['seeds']}"
    start = (
        f"training {row['net']} on {row['data']} in {row['word']} ({trained}) with stored bits that heat and reads flip, "
        f"where reads flip {row['reads_flip']}"
    )
    good, lost = (None if row[key] is None else _loss(row[key]) for key in ("tolerated", "lost"))
    if good is None:
        return f"{start}: a point or more is lost at every thermal stability tried, as at {lost}"
    beyond = "no lower one was tried" if lost is None else f"the next lower one does not: {lost}"
    return f"{start}: the least thermal stability that loses less than a point is {good}; {beyond}"


def _loss(told: Mapping[str, float]) -> str:
    return (
        f"{told['thermal_stability']:g} ({told['stay_error_rate']:.1e} of the bits flip, {told['loss_mean_points']:.2f} ± "
        f"{told['loss_std_points']:.2f} points)"
    )


def stays_printed(frame: pd.DataFrame) -> PrintedTable:
    """Return the accuracy over the thermal stability."""
    columns: dict[str, Cell] = {
        "net": "net",
        "word": "word",
        "reads flip": "reads_flip",
        "stability": shown("thermal_stability", "g"),
        "0s flip": shown("zero_flip_rate", ".1e"),
        "1s flip": shown("one_flip_rate", ".1e"),
        "runs": "runs",
        "diverged": "diverged",
        "lost, points": lambda row: mean_and_deviation(row, "loss", "points"),
    }
    return printed_table("Training with stored bits that heat and reads flip, at 350 K", frame, columns, text_columns=3)


def kept_printed(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield both tables, at most 100 columns wide."""
    yield _lifetimes(tables["lifetimes"])
    thermal = tables["thermal_stability"]
    for network in thermal["network"].unique():
        yield _thermal(thermal[thermal["network"] == network])


def _lifetimes(frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {
        "network": "network",
        "pass": "pass",
        "scratchpad": "scratchpad",
        "writes/s, most written line": shown("writes_per_s"),
        "endurance": shown("endurance_writes", ".0e"),
        "days": shown("days"),
        "days, levelled": shown("days_levelled"),
    }
    return printed_table(f"Wear if the run repeats for ever: {frame['cell'].iloc[0]}, 4 x 1 MiB", frame, columns, text_columns=3)


def _thermal(frame: pd.DataFrame) -> PrintedTable:
    columns: dict[str, Cell] = {
        "error rate": shown("error_rate", ".1e"),
        "stability": shown("thermal_stability", "g"),
        "by heat": shown("retention_error_rate", ".1e"),
        "by reads": shown("read_error_rate", ".1e"),
        "V": shown("voltage_v", ".3f"),
        "kept by": "protection",
        "write uJ": shown("write_uj"),
        "code uJ": shown("code_uj"),
        "scrub uJ": shown("scrub_uj"),
        "all uJ": shown("total_uj"),
    }
    title = (
        f"{frame['network'].iloc[0]}, training step: thermal stability at 300 K of {frame['cell'].iloc[0]}, at work at "
        f"{frame['temperature_k'].iloc[0]:g} K"
    )
    return printed_table(title, frame, columns)
