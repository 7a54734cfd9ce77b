"""The conclusions of the study, one sentence each with its configuration. Every number in them is one of its findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simcore.studies.stt_mram.chips.sentences import chip_sentences
from simcore.studies.stt_mram.held import held_told
from simcore.studies.stt_mram.kept_told import lifetime_told, stays_told, thermal_told
from simcore.studies.stt_mram.settings import CLAIMED_GAIN, CLAIMED_WRITE_GAIN, KIB, TRAINING_BATCH
from simcore.studies.stt_mram.where.sentences import joint_sentence, reading_sentence, where_sentence

_RANGE = f"{CLAIMED_GAIN[0]:g} to {CLAIMED_GAIN[1]:g}"


def conclusions(findings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences, in the order of the study's parts."""
    parts = (
        ("density_and_leakage", _density),
        ("relaxed_writes", _write),
        ("energy_ratio_range", _range),
        ("held", held_told),
        ("energy_gains", _gain),
        ("busy_share", _busy),
        ("main_memory_energy", _main_memory),
        ("where_it_holds", where_sentence),
        ("joint", joint_sentence),
        ("write_pulses", _pulses),
        ("lifetimes", lifetime_told),
        ("thermal_stability", thermal_told),
        ("accuracy_stays", stays_told),
    )
    of_parts = [told(row) for name, told in parts for row in findings.get(name, ())]
    if "reading" in findings:
        of_parts.append(reading_sentence(findings["reading"]))
    return (*of_parts, *(chip_sentences(findings["accuracy"]) if "accuracy" in findings else ()))


def _density(row: Mapping[str, Any]) -> str:
    return (
        f"{row['leakage_class']}, {row['cell']}, from {capacity(row['from_kib'])} on: the density of STT-MRAM is "
        f"{_spread(row, 'density_ratio', '.1f')} that of SRAM, and SRAM leaks {_spread(row, 'leakage_mw_ratio', '.2g')} as much"
    )


def _spread(row: Mapping[str, Any], name: str, form: str) -> str:
    least, median, most = (format(row[f"{name}_{key}"], form) for key in ("min", "median", "max"))
    return f"{least} to {most} times (median {median})"


def _write(row: Mapping[str, Any]) -> str:
    what = {"cell": "the cells", "word": f"a whole word ({row['leakage_class']}, {capacity(row['capacity_kib'])})"}[
        row["energy_of"]
    ]
    how = {"pulse": "a shorter pulse", "voltage": "a lower voltage", "both": "voltage and pulse together"}[row["varied"]]
    point = row["point"]
    if point is None:
        return f"write energy of {what}, with {how}: no error rate of the table saves {CLAIMED_WRITE_GAIN:g} times"
    return (
        f"write energy of {what}, with {how}: {CLAIMED_WRITE_GAIN:g} times less at an error rate of "
        f"{point['target_error_rate']:.2g} ({point['voltage_v']:.3f} V, {point['pulse_ns']:.2f} ns), which is "
        f"{point['tolerance_gain']:.2f} times less than the cheapest write of the nominal error rate"
    )


def _range(row: Mapping[str, Any]) -> str:
    start = f"{row['leakage_class']}: in closed form the gain of idle memories reaches {row['highest_idle_ratio']:.1f} times"
    if row["reached_from_kib"] is None:
        return f"{start}; a gain of {_RANGE} times cannot be had at any capacity"
    first, most = (
        f"{capacity(row[f'reached_{end}_kib'])} (at most {row[f'reached_{end}_accesses_per_ns']:.3g} accesses per ns)"
        for end in ("from", "up_to")
    )
    return f"{start}; a gain of {_RANGE} times can be had from {first} on, with most accesses at {most}"


_SCOPES = {
    "scratchpads": "scratchpads alone",
    "chip": "chip (scratchpads, array, vector unit, DMA, wires)",
    "system": "whole system (with main memory's traffic)",
}


def _gain(row: Mapping[str, Any]) -> str:
    best = row["greatest_in"]
    start = (
        f"energy gain of the {_SCOPES[row['scope']]}: at most {row['greatest_gain']:.1f} times ({configuration(best)}; "
        f"{best['greatest_of']}), and {_RANGE} times in {row['runs_in_claimed_range']} of {row['runs']} simulated cases"
    )
    where = "; ".join(
        f"{configuration(each)}: {each['in_claimed_range'].replace('; ', ', ')}" for each in row["claimed_range_in"]
    )
    return f"{start}: {where}" if where else f"{start}: in no configuration"


def _busy(row: Mapping[str, Any]) -> str:
    start = f"{row['leakage_class']}: with idle time between runs, the gain of the whole system"
    best = row["best"]
    if best is None:
        return f"{start} does not reach {CLAIMED_GAIN[0]:g} times, however long it idles"
    where = f"({configuration(best)}; {_run(best)})"
    if best["busy_percent_at_15x"] == 100:
        return f"{start} reaches {CLAIMED_GAIN[0]:g} times, and also without idle time {where}"
    share = f"{best['busy_percent_at_15x']:.3g} % of the time"
    return f"{start} reaches {CLAIMED_GAIN[0]:g} times if it works at most {share} {where}"


def _main_memory(row: Mapping[str, Any]) -> str:
    start = f"{row['leakage_class']}: without idle time, the gain of the whole system"
    best = row["best"]
    if best is None:
        return f"{start} does not reach {CLAIMED_GAIN[0]:g} times, however little energy main memory takes"
    return (
        f"{start} would reach {CLAIMED_GAIN[0]:g} times if main memory took at most {best['dram_pj_per_byte_at_15x']:.3g} pJ per "
        f"byte ({configuration(best)}; {_run(best)})"
    )


def _run(row: Mapping[str, Any]) -> str:
    return f"{row['network']} {row['pass']}, batch {row['batch']}"


def configuration(row: Mapping[str, Any]) -> str:
    """Return class, comparison, SRAM capacity and gating in words."""
    gated = "gated" if row["gated"] else "not gated"
    return f"{row['leakage_class']}, iso-{row['iso']} to 4 x {capacity(row['sram_kib'])} of SRAM, {gated}"


def _pulses(row: Mapping[str, Any]) -> str:
    (first, last), (least, most) = row["pulses_ns"], row["cycles"]
    trend = "the cycles never fall in between" if row["monotone"] else "the growth is not monotone"
    return (
        f"{row['network']}, training step of {TRAINING_BATCH} images at lop, 4 x 1 MiB of {row['cell']}: {least:,} "
        f"cycles with a write pulse of {first:g} ns and {most:,} with {last:g} ns; "
        f"{trend}; the stall cause that grows most is {row['grows_most']} (+{row['grows_by_cycles']:,})"
    )


def capacity(kib: float) -> str:
    """Return a capacity in KiB or MiB."""
    return f"{kib / KIB:.4g} MiB" if kib >= KIB else f"{kib:g} KiB"
