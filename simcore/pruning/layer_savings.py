"""What a machine makes of pruned filters, layer by layer: the saving in multiply-accumulates, in cycles, and why they differ.

The cycles of a layer are a product of four factors: multiply-accumulates / peak, the share of the array that holds no work, fill
and drain of the folds, and waits. The logarithms of the factors add up, so each explains its part of the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from simcore.pruning.step_cost import LayerCost, StepCost, total

#: Savings that differ by at most so many points are taken as equal, and no cause is named.
EQUAL_POINTS = 1.0
#: A factor is a cause if it makes up at least this share of the difference.
LEAST_SHARE = 0.25
#: Main memory moves a word so many times less often, if the cause is that a tensor now fits.
FITS_RATIO = 0.9


@dataclass(frozen=True)
class LayerSaving:
    """One layer of the network in one step of the pruned network against one of the dense network, over all passes.

    Savings are in percent. ``cause`` is "" where both are about equal. ``filled_percent`` are the shares of the array that hold
    work, before and after; None on a machine without an array.
    """

    layer: str
    filters: int | None
    live_filters: int | None
    macs_saved_percent: float | None
    cycles_saved_percent: float
    cycles: int
    pruned_cycles: int
    filled_percent: tuple[float, float] | None
    cause: str


@dataclass(frozen=True)
class _Sums:
    """The sums of a layer's passes."""

    macs: int
    cycles: int
    compute_cycles: int
    mapped_cycles: float | None
    dram_bytes: int
    words: int
    stalls: Mapping[str, int]


def layer_savings(
    before: StepCost, after: StepCost, filters: Mapping[str, int], live: Mapping[str, int], ideal: Mapping[str, tuple[int, int]]
) -> list[LayerSaving]:
    """Return a row per layer with multiply-accumulates, and one, "other layers", for all others.

    ``ideal`` has the words that each layer moves at least, before and after.
    """
    names = list(dict.fromkeys(layer.of for layer in before.layers if layer.macs))
    rows = []
    for name in names:
        one, other = (
            _sums([layer for layer in step.layers if layer.of == name and layer.macs], ideal[name][place])
            for place, step in enumerate((before, after))
        )
        rows.append(_row(name, one, other, filters.get(name), live.get(name), before.peak))
    ones, others = ([layer for layer in step.layers if not layer.macs] for step in (before, after))
    if total(layer.cycles for layer in ones):
        rows.append(_row("other layers", _sums(ones, 0), _sums(others, 0), None, None, before.peak))
    return rows


def _sums(layers: Sequence[LayerCost], words: int) -> _Sums:
    stalls: dict[str, int] = {}
    for layer in layers:
        for cause, cycles in layer.stall_cycles.items():
            stalls[cause] = stalls.get(cause, 0) + cycles
    return _Sums(
        macs=sum(layer.macs for layer in layers),
        cycles=sum(layer.cycles for layer in layers),
        compute_cycles=sum(layer.compute_cycles for layer in layers),
        mapped_cycles=total(layer.mapped_cycles for layer in layers),
        dram_bytes=sum(layer.dram_bytes for layer in layers),
        words=words,
        stalls=stalls,
    )


def _row(name: str, before: _Sums, after: _Sums, filters: int | None, live: int | None, peak: float | None) -> LayerSaving:
    cycles_saved = 100.0 * (1 - after.cycles / before.cycles) if before.cycles else 0.0
    macs_saved = 100.0 * (1 - after.macs / before.macs) if before.macs else None
    filled = None
    if peak and before.mapped_cycles and after.mapped_cycles:
        filled = (100.0 * before.macs / peak / before.mapped_cycles, 100.0 * after.macs / peak / after.mapped_cycles)
    changed = f" ({filters} -> {live} filters)" if filters is not None and filters != live else ""
    differs = macs_saved is not None and abs(cycles_saved - macs_saved) > EQUAL_POINTS
    cause = _cause(before, after, filled, cycles_saved > (macs_saved or 0), changed) if differs else ""
    if macs_saved is None:
        cause = "no multiply-accumulates: shrinks with the channels, not with their square"
    return LayerSaving(
        layer=name,
        filters=filters,
        live_filters=live,
        macs_saved_percent=macs_saved,
        cycles_saved_percent=cycles_saved,
        cycles=before.cycles,
        pruned_cycles=after.cycles,
        filled_percent=filled,
        cause=cause,
    )


def _cause(before: _Sums, after: _Sums, filled: tuple[float, float] | None, saves_more: bool, filters: str) -> str:
    """Return why the savings differ: what main memory moves if the layer waits for it, else the factors, the largest first."""
    bound = _bound_by_memory(before, after)
    if bound:
        return bound
    ways: list[tuple[float, str]] = []
    if filled is not None and before.mapped_cycles and after.mapped_cycles:
        ways.append((log(filled[0] / filled[1]), f"array filled {filled[0]:.0f} -> {filled[1]:.0f} %{filters}"))
        fills = [each.compute_cycles / (each.mapped_cycles or 1) for each in (before, after)]
        ways.append((log(fills[1] / fills[0]), f"fill and drain of folds x{fills[0]:.2f} -> x{fills[1]:.2f}"))
    else:
        per_mac = [each.compute_cycles / each.macs for each in (before, after)]
        if all(per_mac):
            ways.append((log(per_mac[1] / per_mac[0]), "computing cycles for a multiply-accumulate"))
    if before.compute_cycles and after.compute_cycles:
        waits = [each.cycles / each.compute_cycles for each in (before, after)]
        ways.append((log(waits[1] / waits[0]), _waits(before, after)))
    signed = [(-size if saves_more else size, text) for size, text in ways]
    difference = sum(size for size, _ in signed)
    return "; ".join(text for size, text in sorted(signed, reverse=True) if size > 0 and size >= LEAST_SHARE * abs(difference))


def _bound_by_memory(before: _Sums, after: _Sums) -> str:
    """Return what main memory moves, if the dense or the pruned layer waits longer for it than it computes; "" otherwise."""
    waits = [each.stalls.get("dram_wait", 0) for each in (before, after)]
    if not any(wait > each.compute_cycles for wait, each in zip(waits, (before, after), strict=True)) or not before.dram_bytes:
        return ""
    shares = [100.0 * wait / each.cycles for wait, each in zip(waits, (before, after), strict=True)]
    saved = 100.0 * (1 - after.dram_bytes / before.dram_bytes)
    moved = [each.dram_bytes / each.words if each.words else 0.0 for each in (before, after)]
    fits = moved[1] < FITS_RATIO * moved[0] and saved > 100.0 * (1 - after.macs / before.macs)
    why = f"a tensor now fits, {moved[0]:.1f} -> {moved[1]:.1f} bytes moved a word" if fits else "bound by main memory"
    return f"{why}: {saved:.0f} % of its bytes saved, waits for it {shares[0]:.0f} -> {shares[1]:.0f} %"


def _waits(before: _Sums, after: _Sums) -> str:
    """Return how the waits changed, and the cause of most of them where they are more."""
    shares = [100.0 * (1 - each.compute_cycles / each.cycles) for each in (before, after)]
    stalls = after.stalls if shares[1] > shares[0] else before.stalls
    worst = max(stalls, key=lambda cause: stalls[cause], default="drain")
    return f"waits {shares[0]:.0f} -> {shares[1]:.0f} %, mostly {worst}"
