"""What the figures share: a colour and a marker for each series, capacities on logarithmic axes, the claimed range."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.settings import CLAIMED_GAIN

#: Colours that differ in lightness, too, and markers of different shape.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P")
#: Scopes and comparisons in the words of titles.
SCOPE_TITLES: dict[Any, str] = {"scratchpads": "scratchpads alone", "chip": "chip", "system": "whole system"}
EQUAL: dict[Any, str] = {"capacity": "equal capacity", "area": "equal area"}
#: Parts and groups of the energy whose names in the tables are no plain words.
PART_NAMES: dict[str, str] = {
    "kept": "codes and scrubs",
    "mac": "multiply-accumulates",
    "vector": "vector unit",
    "moving": "moving words",
    "other": "rest of the chip",
    "dram": "main memory",
    "dram_traffic": "main memory: moved",
    "dram_background": "main memory: background",
    "dram_refresh": "main memory: refresh",
}


def series(names: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """Return colour and marker of each name, in order. More than six names begin again with open markers."""
    found: dict[Any, dict[str, Any]] = {}
    for at, name in enumerate(dict.fromkeys(names)):
        look: dict[str, Any] = {"color": COLOURS[at % len(COLOURS)], "marker": MARKERS[at % len(MARKERS)]}
        found[name] = look if at < len(COLOURS) else look | {"markerfacecolor": "none"}
    return found


def capacity_axis(axes: Any, kib: Iterable[float]) -> None:
    """Make the x axis logarithmic, with a label in KiB or MiB at each of these capacities (every second of many)."""
    ticks = sorted(set(kib))
    ticks = ticks[:: 1 + len(ticks) // 8]
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, labels=[capacity(tick) for tick in ticks], rotation=45, ha="right", minor=False)
    axes.set_xticks([], minor=True)


def numbered_axis(axes: Any, values: Iterable[float]) -> None:
    """Make the x axis logarithmic, with a tick at each of these values."""
    ticks = sorted(set(values))
    axes.set_xscale("log")
    axes.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)


def claimed(axes: Any, label: str | None = None) -> None:
    """Shade the claimed range of gains on the y axis."""
    axes.axhspan(*CLAIMED_GAIN, color="0.85", zorder=0, label=label)


def nominal(axes: Any, at: float, label: str | None = None) -> None:
    """Mark the preset's value on the x axis."""
    axes.axvline(at, color="0.4", linestyle=":", linewidth=1.2, zorder=1, label=label)
