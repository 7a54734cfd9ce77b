"""Products of two activations, and the gradients of both operands."""

from __future__ import annotations

from math import prod

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.array import Product
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import Array, LayerRule, ProductValues
from workloads.dataflow.shape import matrix_product
from workloads.layers import MatMul
from workloads.layers.gradients import MatMulInputGradient
from workloads.layers.held import Held, on_array
from workloads.layers.joins import broadcast
from workloads.network import LayerInstance


def _leading(matmul: MatMul, instance: LayerInstance) -> tuple[int, ...]:
    left, right = instance.input_shapes
    return broadcast(matmul, [left[:-2], right[:-2]])


def _work(matmul: MatMul, instance: LayerInstance) -> Product:
    """Return a product with one group per image and leading index. An operand that broadcasts is fetched for each group."""
    left, right = instance.input_shapes
    return Product(matrix_product(left[-2], left[-1], right[-1], instance.batch * prod(_leading(matmul, instance))))


def _obstacle(matmul: MatMul, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    left, right = instance.input_shapes
    return "matmul that broadcasts" if left[:-2] != right[:-2] else None


def _gradient(matmul: MatMul, back: Backward) -> Gradients:
    left, right = back.instance.producers
    inputs = {}
    for operand, reads in enumerate(([back.gradient, right], [left, back.gradient])):
        if back.wanted[operand]:
            shape = back.instance.input_shapes[operand]
            inputs[operand] = back.builder.add(MatMulInputGradient(f"{back.name}.{operand}", shape, matmul, operand), reads)
    return Gradients(inputs)


def _second_shape(layer: MatMul | MatMulInputGradient, instance: LayerInstance) -> tuple[int, ...]:
    return instance.batch, *instance.input_shapes[1]


def _loop_nest(matmul: MatMul, instance: LayerInstance, left: Array, right: Array) -> tuple[Array, Array]:
    """Return the rows as pixels of a single column, with K as channels and leading indices as groups."""
    leading = _leading(matmul, instance)

    def spread(tensor: Array) -> Array:
        missing = (1,) * (len(leading) + 3 - tensor.ndim)
        aligned = tensor.reshape(instance.batch, *missing, *tensor.shape[1:])
        return np.broadcast_to(aligned, (instance.batch, *leading, *tensor.shape[-2:])).reshape(-1, *tensor.shape[-2:])

    columns = spread(right).transpose(0, 2, 1)
    return _as_columns(spread(left)), columns.reshape(-1, columns.shape[2], 1, 1)


def _as_columns(matrices: Array) -> Array:
    """Return matrices [group, rows, channels] as the channels of an image with one column."""
    return np.ascontiguousarray(matrices.transpose(0, 2, 1)).reshape(1, -1, matrices.shape[1], 1)


def _result(layer: MatMul | MatMulInputGradient, instance: LayerInstance, found: Array) -> Array:
    rows, columns = instance.output_shape[-2:]
    return found.reshape(-1, columns, rows).transpose(0, 2, 1).reshape(instance.batch, *instance.output_shape)


def _by_numpy(matmul: MatMul, instance: LayerInstance, left: Int64Array, right: Int64Array) -> Int64Array:
    return np.stack([left[image] @ right[image] for image in range(instance.batch)])


MATMUL = LayerRule(
    _work,
    absorbs=True,
    gradient=_gradient,
    obstacle=_obstacle,
    holds=on_array("activations", "activations", "activations"),
    values=ProductValues(_second_shape, _loop_nest, _result, _by_numpy),
)

# Of an operand ----------------------------------------------------------------------------------------------------------------


def _operand_work(layer: MatMulInputGradient, instance: LayerInstance) -> Product:
    left = instance.input_shapes[0]
    rows, taps = (left[-2], left[-1]) if layer.operand == 0 else (left[-1], left[-2])
    return Product(matrix_product(rows, taps, layer.shape[-1], instance.batch * prod(left[:-2])))


def _operand_loop_nest(layer: MatMulInputGradient, instance: LayerInstance, first: Array, second: Array) -> tuple[Array, Array]:
    left, right = (tensor.reshape(-1, *tensor.shape[-2:]) for tensor in (first, second))
    if layer.operand == 0:
        return _as_columns(left), right.reshape(-1, right.shape[-1], 1, 1)
    return left.reshape(1, -1, left.shape[-1], 1), right.transpose(0, 2, 1).reshape(-1, right.shape[-2], 1, 1)


def _operand_by_numpy(layer: MatMulInputGradient, instance: LayerInstance, first: Int64Array, second: Int64Array) -> Int64Array:
    return first @ second.swapaxes(-1, -2) if layer.operand == 0 else first.swapaxes(-1, -2) @ second


def _operand_holds(layer: MatMulInputGradient) -> Held:
    """Return the output's gradient times operand 1 for operand 0, and operand 0 times the output's gradient for operand 1."""
    return on_array("errors", "activations", "errors") if layer.operand == 0 else on_array("activations", "errors", "errors")


MATMUL_INPUT_GRADIENT = LayerRule(
    _operand_work,
    absorbs=True,
    holds=_operand_holds,
    values=ProductValues(_second_shape, _operand_loop_nest, _result, _operand_by_numpy),
)
