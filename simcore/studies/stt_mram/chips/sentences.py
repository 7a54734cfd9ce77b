"""The sentences on chips. Every number in them is one of the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN


def chip_sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of the accuracy part: one on each format, then one on each larger network."""
    for row in found["contributions"]:
        yield _format(row)
    for row in found.get("nets", ()):
        yield (
            f"{row['net']}, {row['format']}, seeds: {row['seeds']}, on the chip found with small-cnn ('{row['chip']}'): "
            f"{row['write_energy_gain']:.2f} times less write energy in the training step, {_points(row, 'loss')} points lost "
            f"of {row['accuracy_mean_percent'] + row['loss_mean_points']:.1f} %"
        )


def _format(row: Mapping[str, Any]) -> str:
    gains, best = row["gains"], row["best"]
    start = f"write energy of a training step ({row['net']}, {row['format']}, seeds: {row['seeds']}) against the cell's own write"
    alone = (("the cheapest write of the same error rate", "baseline"), ("an SRAM accumulator", "accumulator"))
    errors = (("errors in low bits", "errors"),)
    parts = "; ".join(f"{told} {gains[key]:.2f} times less" for told, key in (*alone, *errors) if key in gains)
    told = f"{start}: {parts}; cheapest write and SRAM accumulator together {gains['baseline, accumulator']:.2f}"
    if best is None:
        return f"{told}; no chip loses less than {row['limit_points']:g} points"
    fresh = best["fresh_loss_mean_points"]
    again = "" if isnan(fresh) else f", or {_points(best, 'fresh_loss')} from fresh seeds"
    word = "is" if row["reached"] else "is not"
    without = "is also" if row["reached_without_errors"] else "is not"
    return (
        f"{told}; the most with less than {row['limit_points']:g} point lost is {best['write_energy_gain']:.2f} ("
        f"'{best['chip']}', {best['bits_that_err'] or 'no bits'} err), which loses {_points(best, 'loss')} points{again}, takes "
        f"{best['relative_cycles']:.2f} times the cycles and {1 / best['step_energy_gain']:.2f} times the step's whole energy: "
        f"more than {CLAIMED_WRITE_GAIN:g} times {word} reached, and {without} reached without tolerating errors"
        f"{_other(row['best_other_silicon'])}"
    )


def _other(best: Mapping[str, Any] | None) -> str:
    """Return what a chip with operands in SRAM, or with another array, saves at most."""
    if best is None:
        return ""
    return (
        f"; with another array or with operands in SRAM at most {best['write_energy_gain']:.2f} ('{best['chip']}', "
        f"{best['sram_bits_percent']:.0f} % of the bits in SRAM, {_points(best, 'loss')} points)"
    )


def _points(row: Mapping[str, Any], name: str) -> str:
    mean, deviation = row[f"{name}_mean_points"], row[f"{name}_std_points"]
    return f"{mean:.2f}" if isnan(deviation) else f"{mean:.2f} ± {deviation:.2f}"
