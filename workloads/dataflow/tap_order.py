"""The order of a weight-stationary layer's row folds: which taps of the filters come after which.

In the order of storage neighbouring folds read all channels in turn, so an ifmap that does not fit its scratchpad leaves it
between one filter row and the next. In the order of reuse the folds that read the same channels of the same ifmap rows follow
each other, and every other column of folds goes through them backwards: what was read last is read first. Sums and steps stay.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.shape import ConvShape


def row_classes(shape: ConvShape) -> int:
    """Sets of ifmap rows that have none in common: filter rows whose distance is no multiple of the stride read other rows."""
    distinct = shape.stride[0] // gcd(shape.stride[0], shape.dilation[0])
    return min(shape.kernel[0], distinct)


def reuse_parts(shape: ConvShape, array_rows: int) -> int:
    """Parts of the ifmap that the order of reuse goes through one after another: channels of a fold times sets of rows.

    1 where a fold holds more than one tap position: then there is nothing to gain.
    """
    if shape.group_channels < array_rows:
        return 1
    return -(-shape.group_channels // array_rows) * row_classes(shape)


def reuse_order(shape: ConvShape, array_rows: int) -> Int64Array:
    """Row folds by channels, then by the set of ifmap rows they read, then by filter row and column."""
    first_tap = np.arange(0, shape.taps, array_rows, dtype=np.int64)
    position, channel = np.divmod(first_tap, shape.group_channels)
    filter_row, filter_column = np.divmod(position, shape.kernel[1])
    row_class = filter_row % row_classes(shape)
    return np.lexsort((filter_column, filter_row, row_class, channel // array_rows)).astype(np.int64)


def there_and_back(order: Int64Array, runs: int) -> Int64Array:
    """The row fold of each turn of ``runs`` columns of folds one after another, every other one backwards."""
    return np.where(np.arange(runs)[:, None] % 2, order[::-1], order).ravel()
