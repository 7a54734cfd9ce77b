"""A user's own dataflow: output-stationary with rows and columns exchanged, so that filters enter from the west."""

from simcore.spec.array import ArraySpec
from workloads.dataflow import Dataflow, Side


def least_gap(array: ArraySpec) -> int:
    """Return the steps in which the finished sums leave over the columns' buses, one row of PEs per step.

    A skewed fetch occupies the edge longer.
    """
    return array.rows + (max(array.rows, array.columns) - 1 if array.edge == "skewed-fetch" else 0)


TURNED = Dataflow(
    name="os-turned",
    description="output-stationary with rows and columns exchanged: filters enter from the west, pixels from the north",
    rows=Side.FILTERS,
    columns=Side.PIXELS,
    time=Side.TAPS,
    least_gap=least_gap,
)
