"""Softmax, the loss at the end of a training step, and their gradients."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Labelled, Rowwise
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Layer, Softmax
from workloads.layers.gradients import LossGradient, SoftmaxGradient
from workloads.layers.held import GRADIENTS_AND_VALUES, VALUES
from workloads.layers.trained import SoftmaxLoss
from workloads.network import LayerInstance

#: Passes of the vector unit over a row for a softmax: maximum, sum of exponentials, quotient.
SOFTMAX_PASSES = 3
#: Passes of the vector unit over a row for the gradient of a softmax: sum, values.
SOFTMAX_GRADIENT_PASSES = 2


def _rows(layer: Softmax | SoftmaxLoss, instance: LayerInstance) -> Rowwise:
    words = instance.batch * prod(instance.output_shape)
    return Rowwise(words, words // instance.output_shape[layer.axis], SOFTMAX_PASSES)


def _gradient_rows(layer: SoftmaxGradient, instance: LayerInstance) -> Rowwise:
    words = instance.batch * prod(instance.output_shape)
    return Rowwise(words, words // layer.shape[layer.axis], SOFTMAX_GRADIENT_PASSES, ("ifmap", "filter"))


def _gradient(layer: Softmax, back: Backward) -> Gradients:
    made = SoftmaxGradient(back.name, back.shape, layer.axis)
    return Gradients({0: back.builder.add(made, [back.gradient, back.instance.name])})


def _loss_gradient(layer: LossGradient, instance: LayerInstance) -> Labelled:
    values, labels = (instance.batch * prod(shape) for shape in instance.input_shapes)
    return Labelled(values, labels)


def _loss(layer: Softmax) -> Layer:
    return SoftmaxLoss(layer.name, layer.axis)


SOFTMAX = LayerRule(_rows, gradient=_gradient, loss=_loss, holds=VALUES)
SOFTMAX_LOSS = LayerRule(_rows, holds=VALUES)
SOFTMAX_GRADIENT = LayerRule(_gradient_rows, holds=GRADIENTS_AND_VALUES)
LOSS_GRADIENT = LayerRule(_loss_gradient, holds={"ifmap": "activations", "filter": None, "ofmap": "errors"})
