"""Convolution: a product on the array, with its gradients."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.array import Product
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.im2col import windows
from workloads.dataflow.rules.rule import Array, LayerRule, ProductValues
from workloads.dataflow.shape import ConvShape
from workloads.layers import Conv
from workloads.layers.gradients import ConvInputGradient, ConvWeightGradient, GradientView, ZeroGradient, ZeroInsertion
from workloads.layers.held import on_array
from workloads.network import LayerInstance


def _work(conv: Conv, instance: LayerInstance) -> Product:
    """Return the product. Under SCALE-Sim's shape rule the padding is part of the ifmap, so that every tap is in range."""
    inputs = instance.input_shapes
    channels, height, width = conv.image(inputs)
    filters, out_height, out_width = conv.infer(inputs)
    top, left, bottom, right = conv.padding_for(inputs)
    shape = ConvShape(
        batch=instance.batch,
        height=height,
        width=width,
        channels=channels,
        out_height=out_height,
        out_width=out_width,
        filters=filters,
        kernel=conv.kernel,
        stride=conv.stride,
        padding=(top, left),
        dilation=conv.dilation,
        groups=conv.groups,
    )
    if conv.ceil_mode_scale_sim:
        whole, stored = (top + height + bottom, left + width + right), (top, top + height)
        shape = replace(shape, height=whole[0], width=whole[1], padding=(0, 0), stored_rows=stored, stored_width=width)
    return Product(shape)


def _obstacle(conv: Conv, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    return "conv of SCALE-Sim's shape rule" if conv.ceil_mode_scale_sim else None


# Gradients --------------------------------------------------------------------------------------------------------------------


def _gradient(conv: Conv, back: Backward) -> Gradients:
    inputs = {}
    if back.wanted[0]:
        if conv.stride == (1, 1):
            inputs[0] = back.builder.add(ConvInputGradient(back.name, conv, back.shape), [back.gradient])
        else:
            inputs[0] = _by_phases(conv, back) if back.strided == "phases" else _with_zeros(conv, back)
    back.builder.add(ConvWeightGradient(back.weights_name, conv), [back.instance.producers[0], back.gradient])
    return Gradients(inputs, weights=True)


def _by_phases(conv: Conv, back: Backward) -> str:
    """Add one convolution per phase that has pixels and taps. Zeros fill the pixels of phases without taps."""
    parts, empty = [], 0
    for residues in product(range(conv.stride[0]), range(conv.stride[1])):
        part = ConvInputGradient(f"{back.name}.phase_{residues[0]}_{residues[1]}", conv, back.shape, residues)
        rows, columns = part.axes()
        if rows.taps and columns.taps:
            parts += [back.builder.add(part, [back.gradient])] if rows.positions and columns.positions else []
        else:
            empty += rows.positions * columns.positions
    if empty:
        parts.append(back.builder.add(ZeroGradient(f"{back.name}.zeros", (back.shape[0], empty)), []))
    return back.builder.add(GradientView(back.name, back.shape), parts)


def _with_zeros(conv: Conv, back: Backward) -> str:
    """Insert zeros between the gradients of the output, then add a convolution of stride 1."""
    filters, rows, columns = back.instance.output_shape
    spread = (filters, (rows - 1) * conv.stride[0] + 1, (columns - 1) * conv.stride[1] + 1)
    inserted = back.builder.add(ZeroInsertion(f"{back.name}.zero_insertion", spread), [back.gradient])
    return back.builder.add(ConvInputGradient(back.name, replace(conv, stride=(1, 1)), back.shape), [inserted])


# Numbers ----------------------------------------------------------------------------------------------------------------------


def _second_shape(conv: Conv, instance: LayerInstance) -> tuple[int, ...]:
    return conv.out_channels, instance.input_shapes[0][0] // conv.groups, *conv.kernel


def _loop_nest(conv: Conv, instance: LayerInstance, ifmap: Array, filters: Array) -> tuple[Array, Array]:
    """Return pixels and filters. Under SCALE-Sim's shape rule the padding is part of the pixels."""
    if not conv.ceil_mode_scale_sim:
        return ifmap, filters
    top, left, bottom, right = conv.padding_for(instance.input_shapes)
    return np.pad(ifmap, ((0, 0), (0, 0), (top, bottom), (left, right))), filters


def _result(conv: Conv, instance: LayerInstance, found: Array) -> Array:
    return found


def _by_numpy(conv: Conv, instance: LayerInstance, ifmap: Int64Array, filters: Int64Array) -> Int64Array:
    """Lay out each window as a row (im2col), group by group, and multiply by the filters laid out as columns."""
    groups, (_, out_height, out_width) = conv.groups, instance.output_shape
    rows = windows(conv, ifmap, conv.padding_for(instance.input_shapes), (out_height, out_width))
    columns = filters.reshape(groups, conv.out_channels // groups, -1).transpose(0, 2, 1)
    found = (rows @ columns).reshape(groups, instance.batch, out_height, out_width, -1)
    return found.transpose(1, 0, 4, 2, 3).reshape(instance.batch, conv.out_channels, out_height, out_width)


CONV = LayerRule(
    _work,
    absorbs=True,
    gradient=_gradient,
    obstacle=_obstacle,
    holds=on_array("activations", "weights", "activations"),
    values=ProductValues(_second_shape, _loop_nest, _result, _by_numpy),
)
