"""Functions applied to each value separately, and their gradients."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Rowwise
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Activation, Layer
from workloads.layers.gradients import ActivationGradient, ScaledGradient
from workloads.layers.held import GRADIENTS, GRADIENTS_AND_VALUES, VALUES
from workloads.network import LayerInstance

#: Functions whose slope follows from the output, so that the input need not be kept.
SLOPE_FROM_OUTPUT = (
    *("relu", "leaky-relu", "elu", "selu", "sigmoid", "hard-sigmoid", "tanh"),
    *("clip", "softplus", "softsign", "exp", "sqrt"),
)


def each_value(layer: Layer, instance: LayerInstance) -> Rowwise:
    """Return work that computes one result from each value."""
    return Rowwise(instance.batch * prod(instance.output_shape))


def _with_kept(layer: ActivationGradient, instance: LayerInstance) -> Rowwise:
    return Rowwise(instance.batch * prod(instance.output_shape), operands=("ifmap", "filter"))


def _gradient(layer: Activation, back: Backward) -> Gradients:
    if layer.function == "neg":
        return scaled(layer, back)
    kept = back.instance.name if layer.function in SLOPE_FROM_OUTPUT else back.instance.producers[0]
    return Gradients({0: back.builder.add(ActivationGradient(back.name, back.shape), [back.gradient, kept])})


def scaled(layer: Layer, back: Backward) -> Gradients:
    """Return a gradient that multiplies the output's gradient by factors that need no stored value."""
    return Gradients({0: back.builder.add(ScaledGradient(back.name, back.shape), [back.gradient])})


ACTIVATION = LayerRule(each_value, joins=True, gradient=_gradient, holds=VALUES)
ACTIVATION_GRADIENT = LayerRule(_with_kept, holds=GRADIENTS_AND_VALUES)
SCALED_GRADIENT = LayerRule(each_value, joins=True, holds=GRADIENTS)
