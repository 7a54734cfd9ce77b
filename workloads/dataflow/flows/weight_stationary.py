"""Weight-stationary: taps of some filters stay in the array, and the pixels stream past them."""

from __future__ import annotations

from simcore.spec.system import ArraySpec
from workloads.dataflow.dataflow import Dataflow, Side, swap_gap
from workloads.dataflow.estimates import USEFUL_SHARE, Choice
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tap_order import reuse_parts, row_classes


def _tap_orders(shape: ConvShape, array: ArraySpec) -> tuple[str, ...]:
    return ("storage", "reuse") if reuse_parts(shape, array.rows) > 1 else ("storage",)


def _traffic(choice: Choice) -> tuple[float, float]:
    """Return the bytes of ifmap and filters. A block of pixels streams past every fold of taps."""
    read, filters, columns = _streamed_bytes(choice), choice.filter_bytes, choice.column_folds
    if choice.loops.outer == "block":
        return read, choice.passes(filters, "filter", choice.blocks)
    if choice.stays(filters, "filter"):
        return read, filters
    return read, columns * choice.passes(filters / columns, "filter", choice.blocks)


def _streamed_bytes(choice: Choice) -> float:
    """Return the bytes of the ifmap."""
    shape, loops, columns, blocks = choice.shape, choice.loops, choice.column_folds, choice.blocks
    ifmap = choice.ifmap_bytes
    if choice.stays(ifmap, "ifmap"):
        return ifmap
    in_block = min(ifmap, choice.window_bytes(loops.block) if blocks > 1 else ifmap)
    if choice.stays(in_block, "ifmap"):
        return ifmap * (1 if loops.outer == "block" else columns)
    if loops.taps == "reuse":
        return _reused_bytes(choice, in_block)
    again = min(choice.row_folds, shape.kernel[0] * shape.kernel[1])
    if choice.stays(choice.fold_bytes(loops.block), "ifmap"):
        again = 1  # the rows that neighbouring folds of taps share stay in the scratchpad
    if loops.outer == "block":
        return max(ifmap, blocks * choice.passes(in_block, "ifmap", columns * again))
    one_column = blocks * choice.passes(in_block, "ifmap", again)
    kept = USEFUL_SHARE * choice.room["ifmap"] if blocks > 1 else 0.0
    return max(ifmap, one_column * columns - (columns - 1) * kept)


def _reused_bytes(choice: Choice, in_block: float) -> float:
    """Return the bytes of the ifmap if folds that read the same rows and channels follow each other."""
    shape, columns, blocks = choice.shape, choice.column_folds, choice.blocks
    again = min(choice.row_folds, shape.kernel[0] * shape.kernel[1])
    parts, classes = reuse_parts(shape, choice.system.array.rows), row_classes(shape)
    one_column = parts * choice.passes(in_block / parts, "ifmap", again / classes)
    # The next column of folds reads first the part that was read last, provided that it reads the same pixels.
    same_pixels = choice.loops.outer == "block" or blocks == 1
    kept = min(USEFUL_SHARE * choice.room["ifmap"], in_block / parts) if same_pixels else 0.0
    return max(choice.ifmap_bytes, blocks * (columns * one_column - (columns - 1) * kept))


WEIGHT_STATIONARY = Dataflow(
    name="ws",
    description="weight-stationary: filters stay in the array, ifmap streams through, partial sums leave at the bottom",
    rows=Side.TAPS,
    columns=Side.FILTERS,
    time=Side.PIXELS,
    least_gap=swap_gap,
    traffic=_traffic,
    tap_orders=_tap_orders,
)
