"""The conclusions of the study, one sentence each with its configuration. Every number in them is one of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_EVERYTHING = {
    "all": "everything counted",
    "no-limits": "no limits on commands",
    "multiply-only": "multiplications alone",
    "feasibility": "multiplications alone, one layer per bank, pipelined, published counts, 49 ns per operation",
}


def conclusions(findings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences, in the order of the study's parts."""
    parts = (
        ("feasibility", _feasibility),
        ("claims", _claim),
        ("preset", _preset),
        ("effects", _effects),
        ("utilisation", _utilisation),
        ("adder_tree", _tree),
        ("energy", _energy),
        ("sensitivity", _sensitivity),
    )
    return tuple(sentence for name, told in parts for sentence in told(findings[name]))


def _feasibility(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        each = ", ".join(f"{network} {speedup:.3g}" for network, speedup in row["speedups"].items())
        yield (
            f"{_count(row['bits'], 'bit')}, {row['subarrays']} subarrays of each bank at once, {_EVERYTHING['feasibility']}: the "
            f"time between images is shorter than the measured time of a Pascal Titan X (fp32, batch 16) by these factors: {each}"
        )


def _claim(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        levels = "; ".join(_level(level) for level in row["levels"])
        yield f"{row['claim']:g} times ({row['source']}) over {row['yardstick']}: {levels}"


def _level(row: Mapping[str, Any]) -> str:
    """Return whether the claim is reached at a level, and by which configuration."""
    most, best = row["most_bits"], row["best"]
    if most is None:
        return f"not reached with {row['level']} (at most {best['speedup']:.3g}: {best['network']} on {best['configuration']})"
    bits = f"up to {most['bits']} bits" if most["bits"] > 1 else "1 bit only"
    return f"reached with {row['level']}, {bits} ({most['speedup']:.3g}: {most['network']} on {most['configuration']})"


def _preset(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        yield (
            f"{row['network']} at 8 bits on pim-dram-ddr4, one subarray of each bank at work, everything counted: "
            f"{row['latency_ms']:,.1f} ms per image, {times(row['over_measured'])} the speed of the measured Pascal Titan X "
            f"(batch 16) and {times(row['over_ideal'])} that of infinite compute behind the memory of a Titan Xp (fp32, batch "
            f"1); the largest cause of waiting is {row['worst_stall']} ({row['worst_percent']:.0f} % of the cycles)"
        )
        for key, what in (("pairs", "pairs per column"), ("program", "micro-program"), ("standard", "DRAM")):
            each = ", ".join(f"{value}: {relative:.3g}" for value, relative in row[key].items())
            yield f"{row['network']}, the same, by {what}: time of an image relative to the preset: {each}"


def _effects(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        each = "; ".join(f"{one['effect']}: {_range(one)}" for one in row["alone"])
        yield f"slowdown of {row['base']} by one effect alone, least to greatest over the networks: {each}"
        if row["together"] is not None:
            yield f"slowdown of {row['base']} by all effects of a real machine together: {_range(row['together'])} times"


def _range(row: Mapping[str, float]) -> str:
    least, greatest = (f"{row[name]:.3g}" for name in ("least", "greatest"))
    return least if least == greatest else f"{least} to {greatest}"


def _utilisation(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        busy = f"{row['least_bank_percent']:.3g} % (idlest bank) to {row['greatest_bank_percent']:.3g} % (busiest bank)"
        yield (
            f"{row['network']}, 8 bits, {_count(row['subarrays'], 'subarray')} of each bank at work, {row['placement']}, "
            f"{_EVERYTHING[row['level']]}: the layer that uses least is {row['least_layer']}, with {row['least_percent']:.3g} % "
            f"of the columns of all subarrays over its rounds; subarrays compute for {busy} of the time between images"
        )


def _tree(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        where = (
            f"{row['tree_columns']:,} columns per cycle, {_count(row['subarrays'], 'subarray')} of each bank at once, no limits"
        )
        if not row["bits"]:
            yield f"adder tree of {where}: the multiplication decides the time of a round at every precision"
            continue
        bits = ", ".join(map(str, row["bits"]))
        yield (
            f"adder tree of {where}: the tree, not the multiplication, decides the time of a round at {bits} bits; it takes "
            f"up to {row['most_percent']:.0f} % of the rounds"
        )


def _energy(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        yield (
            f"{row['network']} at {_count(row['bits'], 'bit')} on pim-dram-ddr4, everything counted: "
            f"{row['uj_per_image'] / 1e3:,.3g} mJ per image, {row['pj_per_mac']:,.3g} pJ per multiply-accumulate, of which "
            f"{row['largest_part']} takes {row['largest_percent']:.0f} %"
        )


def _sensitivity(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in found:
        each = ", ".join(f"{one['value']:,}: {_range(one)}" for one in row["values"])
        yield f"{row['key']}, 8 bits on DDR4, {_EVERYTHING[row['level']]}: time of an image relative to the preset: {each}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def times(speedup: float) -> str:
    """Return a speedup as a factor, or as one over a whole number of times if it is a slowdown."""
    return f"{speedup:.3g} times" if speedup >= 0.1 else f"1/{1 / speedup:,.0f} of"
