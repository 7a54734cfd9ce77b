"""Sentences on where the claimed gain holds. Every number in them is a finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simcore.studies.stt_mram.settings import CLAIMED_GAIN, TRAINING_BATCH

_RANGE = f"{CLAIMED_GAIN[0]:g} to {CLAIMED_GAIN[1]:g}"
SCOPE_NAMES = {"scratchpads": "the scratchpads alone", "chip": "the chip", "system": "the whole system"}
_EQUAL = {"capacity": "at equal capacity", "area": "at equal area", "both": "at equal capacity and at equal area"}


def where_sentence(row: Mapping[str, Any]) -> str:
    """Return where the greatest gain over the networks lies in the claimed range, for one scope and comparison."""
    start = f"training steps, gain of {SCOPE_NAMES[row['scope']]} {_EQUAL[row['equal']]}: up to {_RANGE} times"
    best = row["best"]
    if best is None:
        return f"{start} in none of {row['configurations']:,} configurations of the map"
    return (
        f"{start} in {row['reached']:,} of {row['configurations']:,} configurations of the map, all of leakage "
        f"{' or '.join(row['leakages'])}; with the fewest departures from the preset ({PRESET_WORDS}): {best['only']}, "
        f"{best['least_gain']:.1f} to {best['greatest_gain']:.1f} times over the networks (simcore study stt-mram --only "
        f"{best['only']})"
    )


PRESET_WORDS = f"lop, 4 x 1 MiB, 1 GHz, batch {TRAINING_BATCH}, 32x32, DDR4, no gating"


def joint_sentence(row: Mapping[str, Any]) -> str:
    """Return the greatest gain of the whole system where batch, array and clock vary together, for one leakage."""
    return (
        f"training steps of {' and '.join(row['networks'])}, whole system, 4 x 16 MiB, leakage {row['leakage']}, with every "
        f"combination of batch, array and clock: at most {row['greatest_gain']:.2f} times ({row['network']} at equal "
        f"{row['equal']}, {row['at']}), and {row['alone']:.2f} times with one of the three varied at a time"
    )


def reading_sentence(found: Mapping[str, Any]) -> str:
    """Return the reading of the claim that is nearest to the preset."""
    start = f"of the readings of 'up to {_RANGE} times at equal capacity and equal area' the one nearest to the preset"
    best, lop = found["best"], found["greatest_lop_system_gain"]
    end = "" if lop is None else f"; with lop transistors the whole system gains at most {lop:.2f} times anywhere on the map"
    if best is None:
        return f"{start}: no configuration of the map has greatest gains of that size at both{end}"
    at = {row["equal"]: row for row in found["at"]}
    return (
        f"{start}: {SCOPE_NAMES[best['scope']]} with {best['only']}, where training steps gain up to "
        f"{at['capacity']['greatest_gain']:.1f} times at equal capacity and {at['area']['greatest_gain']:.1f} times at equal "
        f"area, the fewest departures from the preset that give both{end}"
    )
