"""Sums and products of several tensors, value by value."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from workloads.dataflow.elementwise import Elementwise
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Add
from workloads.layers.gradients import GradientView
from workloads.layers.held import Held
from workloads.network import LayerInstance


def _work(layer: Add, instance: LayerInstance) -> Elementwise:
    inputs = instance.batch * sum(prod(shape) for shape in instance.input_shapes)
    return Elementwise(len(instance.input_shapes), inputs, instance.batch * prod(instance.output_shape))


def _obstacle(layer: Add, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    return "add that broadcasts" if len(set(instance.input_shapes)) > 1 else None


def _gradient(layer: Add, back: Backward) -> Gradients:
    """Return the output's gradient, which is also the gradient of each operand."""
    made = back.builder.add(GradientView(back.name, back.shape), [back.gradient])
    return Gradients(dict.fromkeys((position for position, wanted in enumerate(back.wanted) if wanted), made))


_SUMMANDS: Held = {"ifmap": "activations", "filter": "activations", "ofmap": "activations"}
_GRADIENTS: Held = {"ifmap": "errors", "filter": "errors", "ofmap": "errors"}

ADD = LayerRule(_work, absorbs=True, gradient=_gradient, obstacle=_obstacle, holds=_SUMMANDS)
MUL = LayerRule(_work, absorbs=True, holds=_SUMMANDS)
GRADIENT_SUM = replace(ADD, holds=_GRADIENTS)
