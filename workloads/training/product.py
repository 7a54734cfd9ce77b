"""Gradients of products by numpy, from the tensors of the layer itself: what the PEs' results are held against.

Nothing here knows loop nests, phases or the order of taps (``workloads.training.values`` does): a convolution's gradients are the
transposes of its im2col.
"""

from __future__ import annotations

from math import prod

import numpy as np

from simcore.errors import InputError
from simcore.program.program import Int64Array
from workloads.dataflow.product import windows
from workloads.layers import Conv
from workloads.layers.gradients import (
    ConvInputGradient,
    ConvWeightGradient,
    LinearInputGradient,
    LinearWeightGradient,
    MatMulInputGradient,
)
from workloads.network import LayerInstance


def draw_gradient_tensors(instance: LayerInstance, random: np.random.Generator) -> tuple[Int64Array, Int64Array]:
    """The two tensors of a gradient, int8 numbers as int64, in the shapes that ``values.gradient_operands`` takes.

    Raises InputError for a layer that is no gradient of a product.
    """
    first = (instance.batch, *instance.input_shapes[0])
    second = _second_shape(instance)
    return random.integers(-128, 128, first, dtype=np.int64), random.integers(-128, 128, second, dtype=np.int64)


def _second_shape(instance: LayerInstance) -> tuple[int, ...]:
    layer = instance.layer
    if isinstance(layer, ConvInputGradient):
        return layer.of.out_channels, layer.image_shape[0] // layer.of.groups, *layer.of.kernel
    if isinstance(layer, LinearInputGradient):
        return layer.of.out_features, layer.shape[-1]
    if isinstance(layer, ConvWeightGradient | LinearWeightGradient | MatMulInputGradient):
        return instance.batch, *instance.input_shapes[1]
    raise _no_gradient(instance)


def _no_gradient(instance: LayerInstance) -> InputError:
    return InputError("expected the gradient of a convolution, linear layer or product", where=f"layer '{instance.name}'")


def numpy_gradient(instance: LayerInstance, first: Int64Array, second: Int64Array) -> Int64Array:
    """The gradient, int64, in the shape of what it is the gradient of; of a phase its rows and columns alone.

    Raises InputError for a layer that is no gradient of a product.
    """
    layer = instance.layer
    if isinstance(layer, ConvInputGradient):
        return _conv_input(layer, first, second)
    if isinstance(layer, ConvWeightGradient):
        return _conv_weight(layer.of, first, second)
    if isinstance(layer, LinearInputGradient):
        return first @ second
    if isinstance(layer, LinearWeightGradient):
        return second.reshape(-1, second.shape[-1]).T @ first.reshape(-1, first.shape[-1])
    if isinstance(layer, MatMulInputGradient):
        return first @ second.swapaxes(-1, -2) if layer.operand == 0 else first.swapaxes(-1, -2) @ second
    raise _no_gradient(instance)


def _by_group(gradient: Int64Array, groups: int) -> Int64Array:
    """An output's gradient [batch, filters, rows, columns] as [group, pixel of the batch, filter of the group]."""
    batch, filters = gradient.shape[:2]
    grouped = gradient.reshape(batch, groups, filters // groups, -1)
    return grouped.transpose(1, 0, 3, 2).reshape(groups, -1, filters // groups)


def _conv_weight(conv: Conv, image: Int64Array, gradient: Int64Array) -> Int64Array:
    """Every weight meets what its window position read: im2col transposed times the output's gradient."""
    rows = windows(conv, image, conv.padding_for([image.shape[1:]]), gradient.shape[2:])
    product = _by_group(gradient, conv.groups).transpose(0, 2, 1) @ rows
    return product.reshape(conv.out_channels, image.shape[1] // conv.groups, *conv.kernel)


def _conv_input(layer: ConvInputGradient, gradient: Int64Array, weights: Int64Array) -> Int64Array:
    """Every output pixel's gradient goes back to the pixels of its window: col2im, by way of the pixels' own numbers."""
    conv, batch, shape = layer.of, len(gradient), layer.image_shape
    size = batch * prod(shape)
    # The im2col of the pixels' numbers tells where each of its entries came from; 0 is the padding.
    numbers = np.arange(1, size + 1, dtype=np.int64).reshape(batch, *shape)
    whence = windows(conv, numbers, conv.padding_for([shape]), gradient.shape[2:])
    columns = _by_group(gradient, conv.groups) @ weights.reshape(conv.groups, conv.out_channels // conv.groups, -1)
    found = np.zeros(size + 1, dtype=np.int64)
    np.add.at(found, whence.ravel(), columns.ravel())
    rows, places = (slice(residue, None, step) for residue, step in zip(layer.residues, conv.stride, strict=True))
    return found[1:].reshape(batch, *shape)[:, :, rows, places]
