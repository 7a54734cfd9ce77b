"""Linear layers and their gradients: products with a weight matrix."""

from __future__ import annotations

from math import prod

import numpy as np

from simcore.program.program import Int64Array
from workloads.dataflow.array import Product
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import Array, LayerRule, ProductValues
from workloads.dataflow.rules.word_sizes import WEIGHT_GRADIENT_WORDS
from workloads.dataflow.shape import matrix_product
from workloads.layers import Linear
from workloads.layers.gradients import LinearInputGradient, LinearWeightGradient
from workloads.layers.held import on_array
from workloads.network import LayerInstance


def _work(linear: Linear, instance: LayerInstance) -> Product:
    shape = instance.input_shapes[0]
    return Product(matrix_product(instance.batch * prod(shape[:-1]), shape[-1], linear.out_features))


def _gradient(linear: Linear, back: Backward) -> Gradients:
    inputs = {}
    if back.wanted[0]:
        inputs[0] = back.builder.add(LinearInputGradient(back.name, back.shape, linear), [back.gradient])
    back.builder.add(LinearWeightGradient(back.weights_name, linear), [back.instance.producers[0], back.gradient])
    return Gradients(inputs, weights=True)


def _second_shape(linear: Linear, instance: LayerInstance) -> tuple[int, ...]:
    return linear.out_features, instance.input_shapes[0][-1]


def _loop_nest(linear: Linear, instance: LayerInstance, ifmap: Array, weights: Array) -> tuple[Array, Array]:
    """Return the rows as pixels of a single column, with K as channels."""
    return as_column(ifmap), weights[:, :, None, None]


def as_column(rows: Array) -> Array:
    """Return rows [..., channels] as the pixels of an image with one column."""
    return np.ascontiguousarray(rows.reshape(-1, rows.shape[-1]).T)[None, :, :, None]


def _result(layer: Linear | LinearInputGradient, instance: LayerInstance, found: Array) -> Array:
    return found[0, :, :, 0].T.reshape(instance.batch, *instance.output_shape)


def _by_numpy(linear: Linear, instance: LayerInstance, ifmap: Int64Array, weights: Int64Array) -> Int64Array:
    return ifmap @ weights.T


LINEAR = LayerRule(
    _work,
    absorbs=True,
    gradient=_gradient,
    holds=on_array("activations", "weights", "activations"),
    values=ProductValues(_second_shape, _loop_nest, _result, _by_numpy),
)

# Of the input -----------------------------------------------------------------------------------------------------------------


def _input_work(layer: LinearInputGradient, instance: LayerInstance) -> Product:
    return Product(matrix_product(instance.batch * prod(layer.shape[:-1]), layer.of.out_features, layer.shape[-1]))


def _weights_shape(layer: LinearInputGradient, instance: LayerInstance) -> tuple[int, ...]:
    return layer.of.out_features, layer.shape[-1]


def _input_loop_nest(layer: LinearInputGradient, instance: LayerInstance, gradient: Array, weights: Array) -> tuple[Array, Array]:
    return as_column(gradient), weights.T[:, :, None, None]


def _input_by_numpy(layer: LinearInputGradient, instance: LayerInstance, gradient: Int64Array, weights: Int64Array) -> Int64Array:
    return gradient @ weights


LINEAR_INPUT_GRADIENT = LayerRule(
    _input_work,
    absorbs=True,
    holds=on_array("errors", "weights", "errors"),
    values=ProductValues(_weights_shape, _input_loop_nest, _result, _input_by_numpy),
)

# Of the weights ---------------------------------------------------------------------------------------------------------------


def _weight_work(layer: LinearWeightGradient, instance: LayerInstance) -> Product:
    shape = instance.input_shapes[0]
    return Product(matrix_product(shape[-1], instance.batch * prod(shape[:-1]), layer.of.out_features))


def _gradient_shape(layer: LinearWeightGradient, instance: LayerInstance) -> tuple[int, ...]:
    return instance.batch, *instance.input_shapes[1]


def _weight_loop_nest(layer: LinearWeightGradient, instance: LayerInstance, ifmap: Array, gradient: Array) -> tuple[Array, Array]:
    rows, errors = ifmap.reshape(-1, ifmap.shape[-1]), gradient.reshape(-1, gradient.shape[-1])
    return rows[None, :, :, None], errors.T[:, :, None, None]


def _weight_result(layer: LinearWeightGradient, instance: LayerInstance, found: Array) -> Array:
    return found[0, :, :, 0]


def _weight_by_numpy(layer: LinearWeightGradient, instance: LayerInstance, ifmap: Int64Array, gradient: Int64Array) -> Int64Array:
    return gradient.reshape(-1, gradient.shape[-1]).T @ ifmap.reshape(-1, ifmap.shape[-1])


LINEAR_WEIGHT_GRADIENT = LayerRule(
    _weight_work,
    absorbs=True,
    word_sizes=WEIGHT_GRADIENT_WORDS,
    holds=on_array("activations", "errors", None),
    values=ProductValues(_gradient_shape, _weight_loop_nest, _weight_result, _weight_by_numpy),
)
