"""Input-stationary: taps of some pixels stay in the array, and the filters stream past them."""

from __future__ import annotations

from simcore.spec.system import ArraySpec
from workloads.dataflow.dataflow import Dataflow, Side, swap_gap
from workloads.dataflow.estimates import Choice


def _array_columns(array: ArraySpec) -> int:
    return array.all_columns


def _traffic(choice: Choice) -> tuple[float, float]:
    """Return the bytes of ifmap and filters. A block of filters streams past the held pixels."""
    ifmap, filters = choice.ifmap_bytes, choice.filter_bytes
    window = min(ifmap, choice.window_bytes(choice.system.array.all_columns))
    again = 1 if choice.stays(window, "ifmap") else min(choice.row_folds, choice.shape.kernel[0] * choice.shape.kernel[1])
    if choice.loops.outer == "block":
        read = choice.passes(ifmap, "ifmap", choice.blocks) * again
        return read, choice.blocks * choice.passes(filters / choice.blocks, "filter", choice.column_folds)
    read = ifmap * again if again == 1 else ifmap * again * choice.blocks
    return read, choice.passes(filters, "filter", choice.column_folds)


INPUT_STATIONARY = Dataflow(
    name="is",
    description="input-stationary: ifmap stays in the array, filters stream through, partial sums leave at the bottom",
    rows=Side.TAPS,
    columns=Side.PIXELS,
    time=Side.FILTERS,
    least_gap=swap_gap,
    traffic=_traffic,
    filter_chunk=_array_columns,
)
