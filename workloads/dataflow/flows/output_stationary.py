"""Output-stationary: the taps of a row of pixels meet the taps of a column of filters in the PE that keeps their sum."""

from __future__ import annotations

from simcore.spec.array import ArraySpec
from workloads.dataflow.dataflow import Dataflow, Side, edge_skew


def _least_gap(array: ArraySpec) -> int:
    """Return the steps in which the finished sums leave over the columns' buses, one row of PEs per step."""
    return array.rows + edge_skew(array)


OUTPUT_STATIONARY = Dataflow(
    name="os",
    description="output-stationary: each processing element keeps one output, ifmap and filters stream through",
    rows=Side.PIXELS,
    columns=Side.FILTERS,
    time=Side.TAPS,
    least_gap=_least_gap,
)
