"""Transposed convolution and its gradients, which are those of the convolution that it transposes with the parts exchanged."""

from __future__ import annotations

from dataclasses import replace

from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.conv import CONV
from workloads.dataflow.rules.conv_gradients import CONV_INPUT_GRADIENT, CONV_WEIGHT_GRADIENT
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Conv, Phases, Shape
from workloads.layers.gradients import ConvInputGradient
from workloads.layers.held import NOTHING, on_array
from workloads.layers.transposed import ConvTransposeInputGradient, ConvTransposeWeightGradient


def _gradient(layer: ConvInputGradient, back: Backward) -> Gradients:
    """Add the gradients of the whole layer. The first phase has them for all phases, because it gets the whole gradient."""
    conv, inputs = _transposed(layer, back.shape), {}
    if back.wanted[0]:
        settings = {**vars(conv), "name": back.name}
        inputs[0] = back.builder.add(ConvTransposeInputGradient(**settings), [back.gradient])
    source = back.instance.producers[0]
    back.builder.add(ConvTransposeWeightGradient(back.weights_name, conv), [back.gradient, source])
    return Gradients(inputs, weights=True)


def _transposed(layer: ConvInputGradient, shape: Shape) -> Conv:
    """Return the convolution from the result to the input of ``shape``, with as much padding behind as leads there."""
    conv, (top, left) = layer.of, layer.of.padding[:2]
    behind = [
        max(0, (extent - 1) * stride + (taps - 1) * spread + 1 - result - before)
        for extent, stride, taps, spread, result, before in zip(
            shape[1:], conv.stride, conv.kernel, conv.dilation, layer.image_shape[1:], (top, left), strict=True
        )
    ]
    return replace(conv, padding=(top, left, *behind))


def _phases_gradient(layer: Phases, back: Backward) -> Gradients:
    """Hand the whole gradient to the first phase, which computes for all of them."""
    return Gradients({0: back.gradient} if back.wanted[0] else {})


#: A transposed convolution runs as the gradient of its transposition's input does.
PHASE = replace(CONV_INPUT_GRADIENT, gradient=_gradient, holds=on_array("activations", "weights", "activations"))
PHASES: LayerRule[Phases] = LayerRule(None, gradient=_phases_gradient, holds=NOTHING)
OF_INPUT = replace(CONV, gradient=None, obstacle=None, holds=on_array("errors", "weights", "errors"))
OF_WEIGHTS = replace(CONV_WEIGHT_GRADIENT, holds=on_array("errors", "activations", None))
