"""Input-stationary: taps of some pixels stay in the array, and the filters stream past them."""

from __future__ import annotations

from simcore.spec.array import ArraySpec
from workloads.dataflow.dataflow import Dataflow, Side, swap_gap


def _array_columns(array: ArraySpec) -> int:
    return array.columns


INPUT_STATIONARY = Dataflow(
    name="is",
    description="input-stationary: ifmap stays in the array, filters stream through, partial sums leave at the bottom",
    rows=Side.TAPS,
    columns=Side.PIXELS,
    time=Side.FILTERS,
    least_gap=swap_gap,
    filter_chunk=_array_columns,
)
