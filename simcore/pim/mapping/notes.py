"""What the mapper tells about a layer: what did not fit, and what it did instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simcore.pim.mapping.layer_map import LayerMap


def notes_of(found: LayerMap, room: int, units_unshared: int) -> LayerMap:
    """Return the mapping with its notes.

    ``room`` is how many weight sets fit a unit, ``units_unshared`` how many units would have work if no pairs shared a column.
    """
    return replace(found, notes=tuple(_notes(found, room, units_unshared)))


def _notes(m: LayerMap, room: int, units_unshared: int) -> Iterator[str]:
    if m.dots.length > m.array.columns:
        yield (
            f"dot products of {m.dots.length:,} pairs are longer than a row of {m.array.columns:,} columns: "
            f"cut into {m.folds} parts of {m.part_length:,}"
        )
    elif m.folds > 1:
        yield f"dot products of {m.dots.length:,} pairs are cut into {m.folds} parts of {m.part_length:,}, which fill rows better"
    if not m.fits:
        loads = sum(piece.times for piece in m.pieces)
        yield (
            f"{m.weight_sets_per_unit:,} weight sets of a subarray do not fit its rows, which hold {room:,}: "
            f"loaded in {loads:,} pieces for every image"
        )
    if m.parts_outermost:
        waiting = m.dots_per_row * min(m.block_items, m.unit_items)
        yield f"the parts of a dot product come in different pieces: the partial sums of {waiting:,} outputs of a subarray wait"
    if m.dots.weights_change:
        yield "both operands are activations: the second is written for every image, too"
    if m.units < m.array.units:
        because = f" ({m.options.pairs_per_column} pairs share a column)" if units_unshared > m.units else ""
        yield f"{m.units:,} of {m.array.units:,} subarrays have work{because}"
