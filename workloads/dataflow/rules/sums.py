"""Sums and products of several tensors, value by value."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from workloads.dataflow.elementwise import Elementwise
from workloads.dataflow.rules.operand_gradients import product_gradient, sum_gradient, turned_obstacle
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Add
from workloads.layers.held import Held
from workloads.network import LayerInstance


def _work(layer: Add, instance: LayerInstance) -> Elementwise:
    inputs = instance.batch * sum(prod(shape) for shape in instance.input_shapes)
    return Elementwise(len(instance.input_shapes), inputs, instance.batch * prod(instance.output_shape))


_SUMMANDS: Held = {"ifmap": "activations", "filter": "activations", "ofmap": "activations"}
_GRADIENTS: Held = {"ifmap": "errors", "filter": "errors", "ofmap": "errors"}

ADD = LayerRule(_work, absorbs=True, gradient=sum_gradient, holds=_SUMMANDS)
MUL = LayerRule(_work, absorbs=True, gradient=product_gradient, holds=_SUMMANDS)
COMBINE = replace(MUL, obstacle=turned_obstacle)
GRADIENT_SUM = replace(ADD, holds=_GRADIENTS)
