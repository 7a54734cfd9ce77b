"""Output-stationary: the taps of a row of pixels meet the taps of a column of filters in the PE that keeps their sum."""

from __future__ import annotations

from simcore.spec.system import ArraySpec
from workloads.dataflow.dataflow import Dataflow, Side, edge_skew
from workloads.dataflow.estimates import Choice


def _least_gap(array: ArraySpec) -> int:
    """Return the steps in which the finished sums leave over the columns' buses, one row of PEs per step."""
    return array.rows + edge_skew(array)


def _traffic(choice: Choice) -> tuple[float, float]:
    """Return the bytes of ifmap and filters. All taps of a row of pixels meet all taps of a column of filters."""
    ifmap, filters = choice.ifmap_bytes, choice.filter_bytes
    window = min(ifmap, choice.window_bytes(choice.system.array.rows))
    again = 1 if choice.stays(window, "ifmap") else choice.shape.kernel[0] * choice.shape.kernel[1]
    rows, columns = choice.row_folds, choice.column_folds
    if choice.loops.outer == "column":
        read = choice.passes(ifmap, "ifmap", columns * again)
        return read, columns * choice.passes(filters / columns, "filter", rows)
    return choice.passes(ifmap, "ifmap", again if again == 1 else columns * again), choice.passes(filters, "filter", rows)


OUTPUT_STATIONARY = Dataflow(
    name="os",
    description="output-stationary: each processing element keeps one output, ifmap and filters stream through",
    rows=Side.PIXELS,
    columns=Side.FILTERS,
    time=Side.TAPS,
    least_gap=_least_gap,
    traffic=_traffic,
)
