"""Gradients of a convolution with respect to its input (whole, or one phase of its stride) and its filters.

Both gradients are themselves convolutions.
"""

from __future__ import annotations

from math import prod

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.array import Product
from workloads.dataflow.rules.im2col import windows
from workloads.dataflow.rules.rule import Array, LayerRule, ProductValues
from workloads.dataflow.rules.word_sizes import WEIGHT_GRADIENT_WORDS
from workloads.dataflow.shape import ConvShape
from workloads.layers.gradients import ConvInputGradient, ConvWeightGradient
from workloads.layers.held import on_array
from workloads.network import LayerInstance

# Of the input -----------------------------------------------------------------------------------------------------------------


def _input_work(layer: ConvInputGradient, instance: LayerInstance) -> Product:
    rows, columns = layer.axes()
    channels, height, width = instance.input_shapes[0]
    return Product(
        ConvShape(
            batch=instance.batch,
            height=height,
            width=width,
            channels=channels,
            out_height=instance.output_shape[1],
            out_width=instance.output_shape[2],
            filters=instance.output_shape[0],
            kernel=(len(rows.taps), len(columns.taps)),
            padding=(rows.padding, columns.padding),
            dilation=(rows.dilation, columns.dilation),
            groups=layer.of.groups,
        )
    )


def _weights_shape(layer: ConvInputGradient, instance: LayerInstance) -> tuple[int, ...]:
    return layer.of.out_channels, layer.image_shape[0] // layer.of.groups, *layer.of.kernel


def _input_loop_nest(layer: ConvInputGradient, instance: LayerInstance, gradient: Array, weights: Array) -> tuple[Array, Array]:
    """Return the phase's taps of the filters in reverse order, with filters and channels exchanged within each group."""
    rows, columns = layer.axes()
    picked = weights[:, :, list(rows.taps)][:, :, :, list(columns.taps)]
    groups, (filters, channels, *kernel) = layer.of.groups, picked.shape
    grouped = picked.reshape(groups, filters // groups, channels, *kernel).transpose(0, 2, 1, 3, 4)
    return gradient, grouped.reshape(groups * channels, filters // groups, *kernel)


def _input_result(layer: ConvInputGradient, instance: LayerInstance, found: Array) -> Array:
    """Return the result as it is: for a phase, only the rows and columns of that phase."""
    return found


def _input_by_numpy(layer: ConvInputGradient, instance: LayerInstance, gradient: Int64Array, weights: Int64Array) -> Int64Array:
    """Add each output pixel's gradient to the pixels of its window (col2im), found by numbering the pixels."""
    conv, batch, shape = layer.of, len(gradient), layer.image_shape
    size = batch * prod(shape)
    # The im2col of the pixel numbers gives the source of each of its entries; 0 stands for the padding.
    numbers = np.arange(1, size + 1, dtype=np.int64).reshape(batch, *shape)
    whence = windows(conv, numbers, conv.padding_for([shape]), gradient.shape[2:])
    columns = _by_group(gradient, conv.groups) @ weights.reshape(conv.groups, conv.out_channels // conv.groups, -1)
    found = np.zeros(size + 1, dtype=np.int64)
    np.add.at(found, whence.ravel(), columns.ravel())
    rows, places = (slice(residue, None, step) for residue, step in zip(layer.residues, conv.stride, strict=True))
    return found[1:].reshape(batch, *shape)[:, :, rows, places]


def _by_group(gradient: Int64Array, groups: int) -> Int64Array:
    """Return an output's gradient [batch, filters, rows, columns] as [group, pixel of the batch, filter of the group]."""
    batch, filters = gradient.shape[:2]
    grouped = gradient.reshape(batch, groups, filters // groups, -1)
    return grouped.transpose(1, 0, 3, 2).reshape(groups, -1, filters // groups)


CONV_INPUT_GRADIENT = LayerRule(
    _input_work,
    absorbs=True,
    holds=on_array("errors", "weights", "errors"),
    values=ProductValues(_weights_shape, _input_loop_nest, _input_result, _input_by_numpy),
)

# Of the filters ---------------------------------------------------------------------------------------------------------------


def _filter_work(layer: ConvWeightGradient, instance: LayerInstance) -> Product:
    """Return a convolution whose images are the input channels and whose channels are the images of the batch.

    The output's gradient is its filter, so the filter is as large as the output. Its output pixels are the taps of the original
    convolution, and its taps are the output pixels of the batch.
    """
    conv, image, gradient = layer.of, *instance.input_shapes
    return Product(
        ConvShape(
            batch=image[0] // conv.groups,
            height=image[1],
            width=image[2],
            channels=instance.batch * conv.groups,
            out_height=conv.kernel[0],
            out_width=conv.kernel[1],
            filters=conv.out_channels,
            kernel=(gradient[1], gradient[2]),
            stride=conv.dilation,
            padding=(conv.padding[0], conv.padding[1]),
            dilation=conv.stride,
            groups=conv.groups,
        )
    )


def _gradient_shape(layer: ConvWeightGradient, instance: LayerInstance) -> tuple[int, ...]:
    return instance.batch, *instance.input_shapes[1]


def _filter_loop_nest(layer: ConvWeightGradient, instance: LayerInstance, image: Array, gradient: Array) -> tuple[Array, Array]:
    groups, (batch, channels, *extent) = layer.of.groups, image.shape
    images = image.reshape(batch, groups, channels // groups, *extent).transpose(2, 1, 0, 3, 4)
    return images.reshape(channels // groups, groups * batch, *extent), gradient.transpose(1, 0, 2, 3)


def _filter_result(layer: ConvWeightGradient, instance: LayerInstance, found: Array) -> Array:
    return found.transpose(1, 0, 2, 3)


def _filter_by_numpy(layer: ConvWeightGradient, instance: LayerInstance, image: Int64Array, gradient: Int64Array) -> Int64Array:
    """Multiply the transposed im2col, which is what each weight position read, by the output's gradient."""
    conv = layer.of
    rows = windows(conv, image, conv.padding_for([image.shape[1:]]), gradient.shape[2:])
    product = _by_group(gradient, conv.groups).transpose(0, 2, 1) @ rows
    return product.reshape(conv.out_channels, image.shape[1] // conv.groups, *conv.kernel)


CONV_WEIGHT_GRADIENT = LayerRule(
    _filter_work,
    absorbs=True,
    word_sizes=WEIGHT_GRADIENT_WORDS,
    holds=on_array("activations", "errors", None),
    values=ProductValues(_gradient_shape, _filter_loop_nest, _filter_result, _filter_by_numpy),
)
