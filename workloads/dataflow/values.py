"""The numbers of a product on the array: drawn operands, their layout for the PEs, the result, and a check by numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simcore.errors import InputError, WrongValuesError
from simcore.program.program import Int64Array, Program
from workloads.dataflow.images import convolution_images, convolution_result
from workloads.dataflow.rules.rule import Array, ProductValues
from workloads.dataflow.rules.table import rule_of
from workloads.layers import Layer
from workloads.network import LayerInstance


def draw_tensors(instance: LayerInstance, random: np.random.Generator) -> tuple[Int64Array, Int64Array]:
    """Return the two tensors that a layer multiplies, int8 numbers as int64 (see ``ProductValues``).

    Raise InputError for a layer that is not a product.
    """
    first, second = _tensor_shapes(instance)
    return random.integers(-128, 128, first, dtype=np.int64), random.integers(-128, 128, second, dtype=np.int64)


def numpy_product(instance: LayerInstance, first: Int64Array, second: Int64Array) -> Int64Array:
    """Return the layer's result before bias and activation, int64, computed by numpy as the reference for the PEs.

    The shape is [batch, *output shape]. The gradient of a weight has the weight's shape, and a phase of a gradient has the
    phase's rows and columns. Raise InputError for a layer that is not a product.
    """
    return _values(instance).by_numpy(instance.layer, instance, first, second)


def loop_nest_operands(instance: LayerInstance, first: Array, second: Array) -> tuple[Array, Array]:
    """Return pixels [batch, channels, height, width] and filters [filters, channels of a group, height, width] of the loop nest.

    Raise InputError for a layer that is not a product and for tensors whose shapes are not the layer's.
    """
    for name, tensor, shape in zip(("ifmap", "filter"), (first, second), _tensor_shapes(instance), strict=True):
        if tensor.shape != shape:
            raise InputError(f"expected a tensor of shape {shape}, got {tensor.shape}", where=f"layer '{instance.name}', {name}")
    return _values(instance).loop_nest(instance.layer, instance, first, second)


def loop_nest_result(instance: LayerInstance, found: Array) -> Array:
    """Return the layer's result, made from the result of its loop nest, [batch, filters, rows, columns]."""
    return _values(instance).result(instance.layer, instance, found)


def require_equal(name: str, found: Int64Array, expected: Int64Array) -> None:
    """Raise WrongValuesError, with the first value that differs, unless all values of a layer are as numpy computed them."""
    wrong = np.argwhere(found != expected)
    if len(wrong):
        first = tuple(wrong[0].tolist())
        raise WrongValuesError(
            f"layer '{name}': {len(wrong):,} of {found.size:,} values differ from numpy's; "
            f"the first is {first}: expected {expected[first]}, got {found[first]}"
        )


def operand_images(program: Program, instance: LayerInstance, first: Int64Array, second: Int64Array) -> dict[int, Int64Array]:
    """Return the contents of each tile of the ifmap's and the filters' regions: by region, int64 [tiles, words].

    Raise InputError for a Program that was not lowered ``with_folds``, and as :func:`loop_nest_operands` does.
    """
    pixels, filters = loop_nest_operands(instance, first.astype(np.int64), second.astype(np.int64))
    return convolution_images(program, pixels, filters)


def result_tensor(program: Program, instance: LayerInstance, read: Callable[[int, int, int], int]) -> Int64Array:
    """Return the layer's result from the words of the ofmap. ``read(region, tile, word)`` returns one word.

    Each word is read once. A ``read`` that raises for a word that was never written (``Operands.read``) therefore finds missing
    words.
    """
    return loop_nest_result(instance, convolution_result(program, read))


def _values(instance: LayerInstance) -> ProductValues[Layer]:
    values = rule_of(instance.layer).values
    if values is None:
        raise InputError(f"expected a matrix product, got op '{instance.layer.op}'", where=f"layer '{instance.name}'")
    return values


def _tensor_shapes(instance: LayerInstance) -> tuple[tuple[int, ...], tuple[int, ...]]:
    second = _values(instance).second_shape(instance.layer, instance)
    return (instance.batch, *instance.input_shapes[0]), second
