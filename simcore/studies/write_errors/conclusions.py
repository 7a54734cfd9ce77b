"""What the study shows, a sentence each; every figure is one of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def conclusions(found: Mapping[str, Any]) -> Iterator[str]:
    """The sentences on low error rates, on tensors, on placements."""
    low = found["low_rates"]
    yield (
        f"Up to an error rate of {low['highest_error_rate']:g} in all tensors: {'no loss' if low['no_loss'] else 'a loss'} "
        f"(mean {low['loss_mean_points']:.2f} points, not noticed up to {low['unnoticed_points']:.2f}; "
        f"{low['failed_bits_per_run']:,.0f} failed bits a run)"
    )
    yield "Sensitivity, most first: " + "; ".join(_sensitivity(row) for row in found["sensitivity_order"])
    for best in found["best_placements"]:
        yield _best(best["most_sram_percent"], best["found"], found["tolerated_loss_points"])


def _best(sram_percent: float, best: Mapping[str, Any] | None, limit: float) -> str:
    where = f"With at most {sram_percent:g} % of the bits in SRAM" if sram_percent else "Without SRAM"
    if best is None:
        return f"{where}: no placement tried loses less than {limit:g} points"
    verdict = (
        "halves the write energy" if best["halves_write_energy"] else "not half the energy below the limit, but the best found"
    )
    return (
        f"{where}, mean loss below {limit:g} points: '{best['placement']}' at {best['relative_write_energy']:.3f} of safe MRAM's "
        f"write energy, loss {best['loss_mean_points']:.2f} ± {best['loss_std_points']:.2f}, from fresh seeds "
        f"{best['fresh_loss_mean_points']:.2f} ± {best['fresh_loss_std_points']:.2f}: {verdict}"
    )


def _sensitivity(row: Mapping[str, Any]) -> str:
    told = f"{row['tensor']} ({row['loss_mean_points']:.2f} ± {row['loss_std_points']:.2f} points over the swept rates"
    above = row["seeds_above_next"]
    return told + (")" if above is None else f"; above the next in {above} of {row['seeds']} seeds)")
