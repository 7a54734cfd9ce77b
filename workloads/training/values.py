"""What numbers a gradient's operands hold: tensors of a layer as the pixels and filters of its loop nest, and its result back.

For the reference engine's PEs (``workloads.dataflow.images``) and for whoever wants a gradient's values by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError
from workloads.layers.gradients import (
    ConvInputGradient,
    ConvWeightGradient,
    LinearInputGradient,
    LinearWeightGradient,
    MatMulInputGradient,
)
from workloads.network import LayerInstance

Array = npt.NDArray[Any]


def gradient_operands(instance: LayerInstance, first: Array, second: Array) -> tuple[Array, Array]:
    """Pixels [batch, channels, height, width] and filters [filters, channels of a group, height, width] of a gradient.

    Input gradient of a convolution or linear layer: ``first`` is the output's gradient, ``second`` the weights, [filters,
    channels of a group, height, width] or [out, in]. Weight gradient: ``first`` is the layer's input, ``second`` the output's
    gradient. Gradient of a product's operand: what the layer reads, in its order. All but weights begin with the batch. Raises
    InputError for a layer that is no gradient of a product.
    """
    layer = instance.layer
    if isinstance(layer, ConvInputGradient):
        return first, _turned(layer, second)
    if isinstance(layer, ConvWeightGradient):
        groups, (batch, channels, *extent) = layer.of.groups, first.shape
        images = first.reshape(batch, groups, channels // groups, *extent).transpose(2, 1, 0, 3, 4)
        return images.reshape(channels // groups, groups * batch, *extent), second.transpose(1, 0, 2, 3)
    if isinstance(layer, LinearInputGradient):
        return _columns(first.reshape(1, -1, first.shape[-1])), second.T[:, :, None, None]
    if isinstance(layer, LinearWeightGradient):
        rows, gradient = first.reshape(-1, first.shape[-1]), second.reshape(-1, second.shape[-1])
        return rows[None, :, :, None], gradient.T[:, :, None, None]
    if isinstance(layer, MatMulInputGradient):
        left, right = _matrices(first), _matrices(second)
        if layer.operand == 0:
            return _columns(left), right.reshape(-1, right.shape[-1], 1, 1)
        return left.reshape(1, -1, left.shape[-1], 1), right.transpose(0, 2, 1).reshape(-1, right.shape[-2], 1, 1)
    raise InputError("expected the gradient of a convolution, linear layer or product", where=f"layer '{instance.name}'")


def gradient_tensor(instance: LayerInstance, found: Array) -> Array:
    """The gradient from its loop nest's result [batch, filters, rows, columns]: in the shape of what it is the gradient of.

    An input's begins with the batch; of a phase it has the phase's rows and columns.
    """
    layer = instance.layer
    if isinstance(layer, ConvInputGradient):
        return found
    if isinstance(layer, ConvWeightGradient):
        return found.transpose(1, 0, 2, 3)
    if isinstance(layer, LinearWeightGradient):
        return found[0, :, :, 0]
    if isinstance(layer, MatMulInputGradient):
        rows, columns = layer.shape[-2:]
        return found.reshape(-1, columns, rows).transpose(0, 2, 1).reshape(instance.batch, *layer.shape)
    return found[0, :, :, 0].T.reshape(instance.batch, *instance.output_shape)


def _turned(layer: ConvInputGradient, weights: Array) -> Array:
    """The phase's taps of the filters in reverse order, filters and channels exchanged within each group."""
    rows, columns = layer.axes()
    picked = weights[:, :, list(rows.taps)][:, :, :, list(columns.taps)]
    groups, (filters, channels, *kernel) = layer.of.groups, picked.shape
    grouped = picked.reshape(groups, filters // groups, channels, *kernel).transpose(0, 2, 1, 3, 4)
    return grouped.reshape(groups * channels, filters // groups, *kernel)


def _matrices(tensor: Array) -> Array:
    return tensor.reshape(-1, *tensor.shape[-2:])


def _columns(matrices: Array) -> Array:
    """Matrices [group, rows, channels] as the channels of one image of one column."""
    return np.ascontiguousarray(matrices.transpose(0, 2, 1)).reshape(1, -1, matrices.shape[1], 1)
