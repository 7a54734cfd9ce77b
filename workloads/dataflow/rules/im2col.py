"""im2col: each window of an image becomes a row of a matrix."""

from __future__ import annotations

import numpy as np

from simcore.program.program import Int64Array
from workloads.layers import Conv


def windows(layer: Conv, ifmap: Int64Array, padding: tuple[int, int, int, int], out: tuple[int, ...]) -> Int64Array:
    """Return the im2col of an ifmap [batch, channels, height, width] as [group, pixel of the batch, tap].

    ``padding`` gives rows above, columns left, rows below and columns right. ``out`` gives the rows and columns of output pixels.
    """
    top, left, bottom, right = padding
    padded = np.pad(ifmap, ((0, 0), (0, 0), (top, bottom), (left, right)))
    extent = [(size - 1) * step + 1 for size, step in zip(layer.kernel, layer.dilation, strict=True)]
    # [batch, channel, row, column, filter row, filter column]
    found = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(2, 3))
    found = found[:, :, :: layer.stride[0], :: layer.stride[1], :: layer.dilation[0], :: layer.dilation[1]]
    found = found[:, :, : out[0], : out[1]]
    by_group = found.reshape(len(ifmap), layer.groups, -1, *found.shape[2:]).transpose(1, 0, 3, 4, 2, 5, 6)
    return by_group.reshape(layer.groups, len(ifmap) * out[0] * out[1], -1)
