"""The conclusions of the study, one sentence each. Every number in them is one of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def conclusions(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences on low error rates, on tensors and on placements."""
    low = found["low_rates"]
    yield (
        f"With error rates of up to {low['highest_error_rate']:g} in all tensors, training shows "
        f"{'no loss' if low['no_loss'] else 'a loss'} of accuracy (mean {low['loss_mean_points']:.2f} points; it counts as a "
        f"loss above {low['unnoticed_points']:.2f} points; {low['failed_bits_per_run']:,.0f} failed bits per run)"
    )
    yield "Sensitivity to write errors, highest first: " + "; ".join(_sensitivity(row) for row in found["sensitivity_order"])
    for best in found["best_placements"]:
        yield _best(best["most_sram_percent"], best["found"], found["tolerated_loss_points"])


def _best(sram_percent: float, best: Mapping[str, Any] | None, limit: float) -> str:
    where = f"With at most {sram_percent:g} % of the bits in SRAM" if sram_percent else "Without SRAM"
    if best is None:
        return f"{where}, no placement in the study loses less than {limit:g} points"
    verdict = (
        "it halves the write energy"
        if best["halves_write_energy"]
        else "it does not halve the write energy within the limit, but is the best found"
    )
    return (
        f"{where}, the best placement with a mean loss below {limit:g} points is '{best['placement']}': it takes "
        f"{best['relative_write_energy']:.3f} of safe MRAM's write energy and loses {best['loss_mean_points']:.2f} ± "
        f"{best['loss_std_points']:.2f} points, or {best['fresh_loss_mean_points']:.2f} ± {best['fresh_loss_std_points']:.2f} "
        f"with fresh seeds; {verdict}"
    )


def _sensitivity(row: Mapping[str, Any]) -> str:
    told = f"{row['tensor']} ({row['loss_mean_points']:.2f} ± {row['loss_std_points']:.2f} points over the swept rates"
    above = row["seeds_above_next"]
    return told + (")" if above is None else f"; above the next kind in {above} of {row['seeds']} seeds)")
