"""The check of a layer's values: its mapped dot products against numpy's product of the same drawn integers."""

from __future__ import annotations

import numpy as np

from simcore.errors import InputError
from simcore.pim.execute import Sense, ideal
from simcore.pim.mapping.layer_map import LayerMap
from simcore.pim.meaning import Integers
from simcore.pim.recorder import Recording
from simcore.pim.value_check import dot_products
from workloads.dataflow.array import Product
from workloads.dataflow.lowering import work_of
from workloads.dataflow.rules.table import rule_of
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.values import loop_nest_operands, loop_nest_result, numpy_product, require_equal
from workloads.network import LayerInstance


def draw(instance: LayerInstance, layer_map: LayerMap, *, signed: bool, seed: int) -> tuple[Integers, Integers]:
    """Return drawn integers of the map's widths for a layer's input and for its weights (or second operand).

    They depend on the seed and the layer's name alone.
    """
    random = np.random.default_rng(np.random.SeedSequence([seed, *instance.name.encode()]))
    values = rule_of(instance.layer).values
    if values is None:
        raise InputError(f"expected a product, got op '{instance.layer.op}'", where=f"layer '{instance.name}'")
    shapes = (instance.batch, *instance.input_shapes[0]), values.second_shape(instance.layer, instance)
    first, second = (
        random.integers(-(1 << bits - 1) if signed else 0, 1 << bits - signed, shape, dtype=np.int64)
        for bits, shape in zip((layer_map.options.activation_bits, layer_map.options.weight_bits), shapes, strict=True)
    )
    return first, second


def mapped_product(
    instance: LayerInstance,
    layer_map: LayerMap,
    recording: Recording,
    tensors: tuple[Integers, Integers],
    *,
    signed: bool = False,
    sense: Sense = ideal,
) -> Integers:
    """Return a layer's result as the mapped columns, the adder tree and the accumulators compute it.

    ``tensors`` are its input and its weights (or second operand). Raise InputError for a layer that is no product, and as
    `dot_products` does.
    """
    work = work_of(instance)
    if not isinstance(work, Product):
        raise InputError(f"expected a product, got op '{instance.layer.op}'", where=f"layer '{instance.name}'")
    pixels, filters = loop_nest_operands(instance, *tensors)
    shape = work.shape
    rows = windows_of(shape, pixels)
    sums = dot_products(layer_map, recording, filters.reshape(shape.filters, -1), rows, signed=signed, sense=sense)
    by_filter = sums.reshape(shape.batch, shape.out_height, shape.out_width, shape.filters).transpose(0, 3, 1, 2)
    return loop_nest_result(instance, by_filter)


def check_layer(
    instance: LayerInstance,
    layer_map: LayerMap,
    recording: Recording,
    tensors: tuple[Integers, Integers],
    *,
    signed: bool = False,
) -> Integers:
    """Return a layer's result. Raise WrongValuesError if it is not numpy's, with the first value that differs."""
    found = mapped_product(instance, layer_map, recording, tensors, signed=signed)
    require_equal(instance.name, found, numpy_product(instance, *tensors))
    return found


def windows_of(shape: ConvShape, pixels: Integers) -> Integers:
    """Return the input words of each dot product, [groups, pixels of the batch, words of a filter], with zeros for padding."""
    found = np.zeros((shape.batch, shape.channels, shape.out_height, shape.out_width, *shape.kernel), dtype=pixels.dtype)
    for tap in np.ndindex(*shape.kernel):
        row, column = (_places(shape, axis, tap[axis]) for axis in (0, 1))
        (to_row, from_row), (to_column, from_column) = row, column
        found[:, :, to_row, to_column, tap[0], tap[1]] = pixels[:, :, from_row, from_column]
    by_group = found.reshape(shape.batch, shape.groups, shape.group_channels, shape.out_height, shape.out_width, *shape.kernel)
    return by_group.transpose(1, 0, 3, 4, 2, 5, 6).reshape(shape.groups, shape.pixels, shape.taps)


def _places(shape: ConvShape, axis: int, tap: int) -> tuple[slice, slice]:
    """Return which output positions along an axis read a tap inside the image, and what they read."""
    size, out = ((shape.height, shape.out_height), (shape.width, shape.out_width))[axis]
    step, start = shape.stride[axis], tap * shape.dilation[axis] - shape.padding[axis]
    first = max(0, -(start // step))
    end = min(out, (size - 1 - start) // step + 1)
    if end <= first:
        return slice(0, 0), slice(0, 0)
    return slice(first, end), slice(first * step + start, (end - 1) * step + start + 1, step)
