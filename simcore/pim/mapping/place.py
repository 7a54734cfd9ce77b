"""Where each operand pair lies: the closed form that tests and value checks use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcore.pim.mapping.layer_map import LayerMap

Indices = NDArray[np.int64]


def place(layer_map: LayerMap, output: Indices | int, k: Indices | int) -> tuple[Indices, Indices, Indices]:
    """Return the unit, the round and the column of pair ``k`` of dot product ``output``. Arrays broadcast.

    Output number p x F + f is that of pixel p and filter f, F being the filters of all groups. Pairs of one part of a dot product
    lie in neighbouring columns, in order.
    """
    m = layer_map
    pixel, filter_ = np.divmod(np.asarray(output, dtype=np.int64), m.dots.all_filters)
    block, row_filter = np.divmod(filter_, m.row_filters)
    pixel_block, row_pixel = np.divmod(pixel, m.row_pixels)
    part, at = np.divmod(np.asarray(k, dtype=np.int64), m.part_length)
    column = (row_pixel * m.row_filters + row_filter) * m.part_length + at
    unit, local = np.divmod(block * m.block_items + pixel_block, m.unit_items)
    return np.broadcast_arrays(unit, _round(m, local, part), column)  # type: ignore[return-value]


def _round(m: LayerMap, item: Indices, part: Indices) -> Indices:
    """Return the round of a part of a unit's item. Parts follow each other, unless a piece cannot hold all of a block."""
    if not m.parts_outermost:
        return item * m.folds + part
    size = min(m.block_items, m.unit_items)
    block, pixel = np.divmod(item, size)
    return (block * m.folds + part) * size + pixel
