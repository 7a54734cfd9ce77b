"""Gradients of weights that are no matrix, and of the layers that have them: embeddings, constants, learnt operands."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Spread
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.rules.word_sizes import WEIGHT_GRADIENT_WORDS
from workloads.layers import BatchNorm, Constant, Embedding
from workloads.layers.gradients import GradientView, ScaledGradient
from workloads.layers.held import NOTHING, Held
from workloads.layers.table_gradients import TableGradient
from workloads.network import LayerInstance


def _sums(layer: TableGradient, instance: LayerInstance) -> Spread:
    """Return one pass over the gradient, in the order of the weights, so that each sum stays in the unit until it is done."""
    operands = ("ifmap", "filter") if layer.scaled else ("ifmap",)
    return Spread(instance.batch * prod(instance.input_shapes[0]), prod(layer.shape), operands=operands)


def table_gradient(layer: Embedding, back: Backward) -> Gradients:
    """Return the gradient of the table. The indices have none."""
    back.builder.add(TableGradient(back.weights_name, (layer.rows, *layer.width)), [back.gradient])
    return Gradients(weights=True)


def constants_gradient(norm: BatchNorm, back: Backward) -> Gradients:
    """Return the gradients of a scale or a shift by constants, which normalise nothing. A single number is not trained."""
    inputs = {}
    if back.wanted[0]:
        made = (ScaledGradient if norm.scale else GradientView)(back.name, back.shape)
        inputs[0] = back.builder.add(made, [back.gradient])
    if norm.size == 1 or not norm.trained:
        return Gradients(inputs)
    made_of = [back.gradient, *([back.instance.producers[0]] if norm.scale else [])]
    shape = (norm.size or back.shape[0],)
    back.builder.add(TableGradient(back.weights_name, shape, scaled=norm.scale), made_of)
    return Gradients(inputs, weights=True)


def _operand_gradient(layer: Constant, back: Backward) -> Gradients:
    back.builder.add(TableGradient(back.weights_name, layer.shape), [back.gradient])
    return Gradients(weights=True)


def _held(layer: TableGradient) -> Held:
    return {"ifmap": "errors", **({"filter": "activations"} if layer.scaled else {}), "ofmap": None}


CONSTANT = LayerRule(None, gradient=_operand_gradient, holds=NOTHING)
TABLE_GRADIENT = LayerRule(_sums, word_sizes={"ofmap_bytes": WEIGHT_GRADIENT_WORDS["ofmap_bytes"]}, holds=_held)
