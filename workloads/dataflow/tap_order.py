"""The order of a weight-stationary layer's row folds, that is, the order in which the taps of the filters are visited.

In the order of storage neighbouring folds read all channels in turn. An ifmap that does not fit its scratchpad is therefore
evicted between one filter row and the next. In the order of reuse the folds that read the same channels of the same ifmap rows
follow each other, and every second column of folds visits them backwards, so that the last data read are the first read again.
An ifmap that fits is loaded little by little, where in the order of storage the first folds need all of its channels. The sums
and the number of steps do not change.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.shape import ConvShape


def row_classes(shape: ConvShape) -> int:
    """Return the disjoint sets of ifmap rows. Filter rows read different sets unless the stride divides their distance."""
    distinct = shape.stride[0] // gcd(shape.stride[0], shape.dilation[0])
    return min(shape.kernel[0], distinct)


def reuse_parts(shape: ConvShape, array_rows: int) -> int:
    """Return the number of ifmap parts that the order of reuse visits in turn: parts of the channels times sets of rows.

    Return 1 if a fold holds more than one tap position, because reuse gains nothing then.
    """
    if shape.group_channels < array_rows:
        return 1
    return -(-shape.group_channels // array_rows) * row_classes(shape)


def reuse_order(shape: ConvShape, array_rows: int) -> Int64Array:
    """Return the row folds sorted by channels, then by the set of ifmap rows that they read, then by filter row and column."""
    first_tap = np.arange(0, shape.taps, array_rows, dtype=np.int64)
    position, channel = np.divmod(first_tap, shape.group_channels)
    filter_row, filter_column = np.divmod(position, shape.kernel[1])
    row_class = filter_row % row_classes(shape)
    return np.lexsort((filter_column, filter_row, row_class, channel // array_rows)).astype(np.int64)


def there_and_back(order: Int64Array, runs: int) -> Int64Array:
    """Return the row fold of each turn for ``runs`` columns of folds in sequence, with every second column in reverse order."""
    return np.where(np.arange(runs)[:, None] % 2, order[::-1], order).ravel()
