"""The product that the array computes, by numpy: what the PEs' results are held against."""

from __future__ import annotations

import numpy as np

from simcore.errors import InputError
from simcore.program.program import Int64Array
from workloads.layers import Conv, Linear, MatMul
from workloads.network import LayerInstance


def draw_tensors(instance: LayerInstance, random: np.random.Generator) -> tuple[Int64Array, Int64Array]:
    """An ifmap and filters of a layer, int8 numbers as int64, in the shapes that ``images.operand_images`` takes.

    Raises InputError for a layer that is no matrix product.
    """
    ifmap = random.integers(-128, 128, (instance.batch, *instance.input_shapes[0]), dtype=np.int64)
    return ifmap, random.integers(-128, 128, _filter_shape(instance), dtype=np.int64)


def _filter_shape(instance: LayerInstance) -> tuple[int, ...]:
    layer, inputs = instance.layer, instance.input_shapes
    if isinstance(layer, Conv):
        return layer.out_channels, inputs[0][0] // layer.groups, *layer.kernel
    if isinstance(layer, Linear):
        return layer.out_features, inputs[0][-1]
    if isinstance(layer, MatMul):
        return instance.batch, *inputs[1]
    raise _no_product(instance)


def _no_product(instance: LayerInstance) -> InputError:
    return InputError(f"expected a matrix product, got op '{instance.layer.op}'", where=f"layer '{instance.name}'")


def numpy_product(instance: LayerInstance, ifmap: Int64Array, filters: Int64Array) -> Int64Array:
    """What the layer computes before bias and activation, int64 [batch, *output shape]: im2col and matmul.

    Raises InputError for a layer that is no matrix product.
    """
    layer = instance.layer
    if isinstance(layer, Linear):
        return ifmap @ filters.T
    if isinstance(layer, MatMul):
        return np.stack([ifmap[image] @ filters[image] for image in range(instance.batch)])
    if isinstance(layer, Conv):
        return _convolution(instance, layer, ifmap, filters)
    raise _no_product(instance)


def _convolution(instance: LayerInstance, layer: Conv, ifmap: Int64Array, filters: Int64Array) -> Int64Array:
    """Every window laid out as a row (im2col), group by group, times the filters laid out as columns."""
    groups, (_, out_height, out_width) = layer.groups, instance.output_shape
    rows = windows(layer, ifmap, layer.padding_for(instance.input_shapes), (out_height, out_width))
    columns = filters.reshape(groups, layer.out_channels // groups, -1).transpose(0, 2, 1)
    product = (rows @ columns).reshape(groups, instance.batch, out_height, out_width, -1)
    return product.transpose(1, 0, 4, 2, 3).reshape(instance.batch, layer.out_channels, out_height, out_width)


def windows(layer: Conv, ifmap: Int64Array, padding: tuple[int, int, int, int], out: tuple[int, ...]) -> Int64Array:
    """im2col of an ifmap [batch, channels, height, width]: [group, pixel of the batch, tap].

    ``padding``: rows above, columns left, rows below, columns right. ``out``: rows and columns of output pixels.
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
