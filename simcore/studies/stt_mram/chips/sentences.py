"""The sentences on chips. Every number in them is one of the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import Any

from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN
from simcore.studies.stt_mram.variants import PRESET

#: Part of a chip -> what it is called when it stands alone or is added to others.
_PARTS = {
    "baseline": "the cheapest write of the same error rate",
    "guard": "the cheapest guarded write",
    "accumulator": "an SRAM accumulator",
    "errors": "errors in low bits",
    "voltage, errors": "errors in low bits by a lower voltage",
    "pulse, errors": "errors in low bits by a shorter pulse",
}
_ALONE = ("baseline", "accumulator", "voltage, errors", "pulse, errors")


def chip_sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of the accuracy part: three on each format, then one on each larger network."""
    for row in found["contributions"]:
        where = _where(row)
        yield f"{where}, writes of the training step against the cell's own write, {_contributions(row)}"
        yield f"{where}, at most {row['limit_points']:g} point lost: {_best(row)}{_other(row['best_other_silicon'])}"
        yield f"{where}: {_upper_bits(row['upper_bits'])}"
    for row in found.get("nets", ()):
        yield (
            f"{row['net']} on {row['data']}, {row['format']}, {PRESET}, {row['epochs']} epochs, {_seeds(row)}, on the chip "
            f"'{row['chip']}' ({row['bits_that_err'] or 'none'}): {row['write_energy_gain']:.2f} times less write energy in the "
            f"training step ({row['stays_write_energy_gain']:.2f} if what fits stays in scratchpads), "
            f"{_points(row, 'loss')} points lost of "
            f"{row['accuracy_mean_percent'] + row['loss_mean_points']:.1f} %"
        )


def _where(row: Mapping[str, Any]) -> str:
    task = f"{row['net']} on {row['data']}, {row['format']}, {PRESET}, minibatches of {row['batch']}, {row['epochs']} epochs"
    fresh = f" and fresh seeds {row['fresh_seeds']}" if row["fresh_seeds"] else ", low bits given, not searched"
    return f"{task}, {_seeds(row)}{fresh}"


def _seeds(row: Mapping[str, Any]) -> str:
    return f"seeds {row['seeds']}" if " " in row["seeds"] else f"seed {row['seeds']}"


def _contributions(row: Mapping[str, Any]) -> str:
    """Return what each part saves alone, and what each adds to those before it."""
    gains = row["gains"]
    alone = "; ".join(f"{_PARTS[part]} {gains[part]:.2f} times less" for part in _ALONE if part in gains)
    chains = (
        ", then ".join(f"{_PARTS[part]} {times:.2f} times" for part, times in added.items()) + f" ({_product(added):.2f} in all)"
        for added in row["chains"]
    )
    told = "; ".join((f"alone: {alone}", *(f"one after the other: {chain}" for chain in chains)))
    return f"{told}; guarded: an error rate of {row['guarded_error_rate']:g}"


def _product(added: Mapping[str, float]) -> float:
    product = 1.0
    for times in added.values():
        product *= times
    return product


def _best(row: Mapping[str, Any]) -> str:
    best = row["best"]
    if best is None:
        return "no chip loses so little"
    fresh = best["fresh_loss_mean_points"]
    again = "" if isnan(fresh) else f", or {_points(best, 'fresh_loss')} from the fresh seeds"
    word = "is" if row["reached"] else "is not"
    without = "is also" if row["reached_without_errors"] else "is not"
    return (
        f"the most that a chip saves in writes is {best['write_energy_gain']:.2f} times{_otherwise(best)} ('{best['chip']}', "
        f"{best['bits_that_err'] or 'no bits'} err); it loses {_points(best, 'loss')} points{again}, and takes "
        f"{best['relative_cycles']:.2f} times the cycles and {1 / best['step_energy_gain']:.2f} times the step's whole energy; "
        f"more than {CLAIMED_WRITE_GAIN:g} times {word} reached, and {without} reached without tolerating errors"
        f"{_guarded(row['best_guarded'])}"
    )


def _guarded(best: Mapping[str, Any] | None) -> str:
    if best is None:
        return ""
    return (
        f"; with guarded upper bits at most {best['write_energy_gain']:.2f}{_otherwise(best)} ('{best['chip']}', "
        f"{_points(best, 'loss')} points)"
    )


def _otherwise(best: Mapping[str, Any]) -> str:
    """Return the gain under other assumptions."""
    varied, stays = best["varied_write_energy_gain"], best["stays_write_energy_gain"]
    return (
        f", or {varied:.2f} if cells vary as described and writes hold the same error rates, or {stays:.2f} if what fits stays "
        "in scratchpads from layer to layer (energy alone; no training had such errors)"
    )


def _other(best: Mapping[str, Any] | None) -> str:
    """Return what a chip with operands in SRAM, or with another array, saves at most."""
    if best is None:
        return ""
    return (
        f"; with another array or with operands in SRAM at most {best['write_energy_gain']:.2f} ('{best['chip']}', "
        f"{best['sram_bits_percent']:.0f} % of the bits in SRAM, {_points(best, 'loss')} points)"
    )


def _upper_bits(counted: Mapping[str, Any]) -> str:
    return (
        f"of {counted['runs']} trainings on chips whose upper bits are written at the cell's own error rate, {counted['lost']} "
        f"lost {counted['lost_points']:g} points or more{_seeds_of_lost(counted['lost_seeds'])}"
    )


def _seeds_of_lost(seeds: Sequence[int]) -> str:
    if not seeds:
        return ""
    told = " and ".join(", ".join(map(str, seeds)).rsplit(", ", 1))
    return f" (seed{'s' if len(seeds) > 1 else ''} {told}; chips draw the same random numbers from one seed)"


def _points(row: Mapping[str, Any], name: str) -> str:
    mean, deviation = row[f"{name}_mean_points"], row[f"{name}_std_points"]
    return f"{mean:.2f}" if isnan(deviation) else f"{mean:.2f} ± {deviation:.2f}"
