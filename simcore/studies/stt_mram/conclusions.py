"""What the study shows, a sentence each with its configuration; every figure is one of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from simcore.studies.stt_mram.settings import CLAIMED_GAIN, CLAIMED_WRITE_GAIN, KIB

_RANGE = f"{CLAIMED_GAIN[0]:g} to {CLAIMED_GAIN[1]:g}"


def conclusions(findings: Mapping[str, Any]) -> tuple[str, ...]:
    """The sentences, in the order of the study's parts."""
    parts = (
        ("density_and_leakage", _density),
        ("relaxed_writes", _write),
        ("energy_ratio_range", _range),
        ("energy_gains", _gain),
        ("busy_share", _busy),
        ("main_memory_energy", _main_memory),
        ("write_pulses", _pulses),
    )
    of_parts = [told(row) for name, told in parts for row in findings.get(name, ())]
    return (*of_parts, *(_accuracy(findings["accuracy"]) if "accuracy" in findings else ()))


def _density(row: Mapping[str, Any]) -> str:
    return (
        f"{row['leakage_class']}, {row['cell']}, from {capacity(row['from_kib'])}: density "
        f"{_spread(row, 'density_ratio', '.1f')}, leakage (SRAM over STT-MRAM) {_spread(row, 'leakage_mw_ratio', '.2g')}"
    )


def _spread(row: Mapping[str, Any], name: str, form: str) -> str:
    least, median, most = (format(row[f"{name}_{key}"], form) for key in ("min", "median", "max"))
    return f"{least} to {most} times (median {median})"


def _write(row: Mapping[str, Any]) -> str:
    what = {"cell": "the cells'", "word": f"a whole word's ({row['leakage_class']}, {capacity(row['capacity_kib'])})"}[
        row["energy_of"]
    ]
    how = {"pulse": "a shorter pulse", "voltage": "a lower voltage", "both": "voltage and pulse together"}[row["varied"]]
    point = row["point"]
    if point is None:
        return f"{what} write energy, by {how}: no error rate of the table saves more than {CLAIMED_WRITE_GAIN:g} times"
    return (
        f"{what} write energy, by {how}: the least error rate of the table that saves more than {CLAIMED_WRITE_GAIN:g} times is "
        f"{point['target_error_rate']:g}, which saves {point['energy_gain']:.2f} times ({point['voltage_v']:.3f} V, "
        f"{point['pulse_ns']:.2f} ns)"
    )


def _range(row: Mapping[str, Any]) -> str:
    start = f"{row['leakage_class']}: in closed form the idle ratio reaches {row['highest_idle_ratio']:.1f}"
    if row["reached_from_kib"] is None:
        return f"{start}: {_RANGE} times cannot be had at any capacity"
    first, most = (
        f"{capacity(row[f'reached_{end}_kib'])} (at most {row[f'reached_{end}_accesses_per_ns']:.3g} accesses per ns)"
        for end in ("from", "up_to")
    )
    return f"{start}; {_RANGE} times can be had from {first} on, with most accesses at {most}"


_SCOPES = {
    "scratchpads": "scratchpads alone",
    "chip": "chip (scratchpads and array)",
    "system": "whole system (with main memory's traffic)",
}


def _gain(row: Mapping[str, Any]) -> str:
    best = row["greatest_in"]
    start = (
        f"energy gain of the {_SCOPES[row['scope']]}: at most {row['greatest_gain']:.1f} times ({configuration(best)}; "
        f"{best['greatest_of']}); {_RANGE} times in {row['runs_in_claimed_range']} of {row['runs']} simulated cases"
    )
    where = "; ".join(
        f"{configuration(each)}: {each['in_claimed_range'].replace('; ', ', ')}" for each in row["claimed_range_in"]
    )
    return f"{start}: {where}" if where else f"{start}: in no configuration"


def _busy(row: Mapping[str, Any]) -> str:
    start = f"{row['leakage_class']}: with idle time between runs the whole system's gain"
    best = row["best"]
    if best is None:
        return f"{start} does not reach {CLAIMED_GAIN[0]:g} times, however long it idles"
    where = f"({configuration(best)}; {best['network']} {best['pass']})"
    if best["busy_percent_at_15x"] == 100:
        return f"{start} reaches {CLAIMED_GAIN[0]:g} times, and without idling too {where}"
    share = f"{best['busy_percent_at_15x']:.3g} % of the time"
    return f"{start} reaches {CLAIMED_GAIN[0]:g} times where it works at most {share} {where}"


def _main_memory(row: Mapping[str, Any]) -> str:
    start = f"{row['leakage_class']}: at work the whole system's gain"
    best = row["best"]
    if best is None:
        return f"{start} does not reach {CLAIMED_GAIN[0]:g} times, however little main memory takes"
    return (
        f"{start} would reach {CLAIMED_GAIN[0]:g} times if main memory took at most {best['dram_pj_per_byte_at_15x']:.3g} pJ a "
        f"byte ({configuration(best)}; {best['network']} {best['pass']})"
    )


def configuration(row: Mapping[str, Any]) -> str:
    """Class, what is equal, the SRAM's capacity and gating."""
    gated = "gated" if row["gated"] else "not gated"
    return f"{row['leakage_class']}, iso-{row['iso']} to 4 x {capacity(row['sram_kib'])} of SRAM, {gated}"


def _pulses(row: Mapping[str, Any]) -> str:
    (first, last), (least, most) = row["pulses_ns"], row["cycles"]
    trend = "never falling on the way" if row["monotone"] else "not monotone"
    return (
        f"{row['network']}, training step: {least:,} cycles with a write pulse of {first:g} ns, {most:,} with {last:g} ns, "
        f"{trend}; most of it {row['grows_most']} (+{row['grows_by_cycles']:,})"
    )


def _accuracy(found: Mapping[str, Any]) -> Iterator[str]:
    low = found["low_rates"]
    yield (
        f"training with write errors of up to {low['highest_error_rate']:g} in all tensors: "
        f"{'no loss' if low['no_loss'] else 'a loss'} of accuracy (mean {low['loss_mean_points']:.2f} points, not noticed up to "
        f"{low['unnoticed_points']:.2f})"
    )
    order = ", ".join(f"{row['tensor']} ({row['loss_mean_points']:.2f} points)" for row in found["sensitivity_order"])
    yield f"sensitivity to write errors, most first, mean over the swept rates: {order}"
    best, limit = found["best_without_sram"], found["tolerated_loss_points"]
    if best is None:
        yield f"no placement without SRAM loses less than {limit:.1f} points"
        return
    more = "more" if best["words_gain"] > CLAIMED_WRITE_GAIN else "not more"
    yield (
        f"least write energy without SRAM at a loss below {limit:.1f} points: '{best['placement']}', {best['words_gain']:.2f} "
        f"times less for the words that training writes ({more} than {CLAIMED_WRITE_GAIN:g}), {best['loss_mean_points']:.2f} ± "
        f"{best['loss_std_points']:.2f} points lost, from fresh seeds {best['fresh_loss_mean_points']:.2f} ± "
        f"{best['fresh_loss_std_points']:.2f}{'' if best['fresh_loss_mean_points'] < limit else ', which do not confirm it'}"
    )
    if isnan(best["step_cycles_gain"]):
        return
    yield (
        f"its training step on the machine ({best['leakage_class']}), where sums, gradients of weights and moments stay safe: "
        f"{best['step_write_energy_gain']:.2f} times less write energy, {best['step_energy_gain']:.3f} times less energy in all, "
        f"{1 / best['step_cycles_gain']:.3f} times the cycles"
    )


def capacity(kib: float) -> str:
    """A capacity in the unit that suits it."""
    return f"{kib / KIB:g} MiB" if kib >= KIB else f"{kib:g} KiB"
