"""Weight-stationary: taps of some filters stay in the array, and the pixels stream past them."""

from __future__ import annotations

from workloads.dataflow.dataflow import Dataflow, Side, swap_gap

WEIGHT_STATIONARY = Dataflow(
    name="ws",
    description="weight-stationary: filters stay in the array, ifmap streams through, partial sums leave at the bottom",
    rows=Side.TAPS,
    columns=Side.FILTERS,
    time=Side.PIXELS,
    least_gap=swap_gap,
)
