"""Views and inputs: layers that only rename words or join them without moving them. They take no cycles."""

from __future__ import annotations

from workloads.dataflow.rules.activation import each_value, scaled
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Concat, Dropout, Input, Layer, ShapeOnly
from workloads.layers.gradients import GradientView
from workloads.layers.held import NOTHING, VALUES
from workloads.layers.trained import TrainedDropout


def _gradient(layer: ShapeOnly, back: Backward) -> Gradients:
    return Gradients({0: back.builder.add(GradientView(back.name, back.shape), [back.gradient])})


def _concat_gradient(layer: Concat, back: Backward) -> Gradients:
    """Add a view of the output's gradient for each operand, which is that operand's part."""
    inputs = {}
    for position, shape in enumerate(back.instance.input_shapes):
        if back.wanted[position]:
            inputs[position] = back.builder.add(GradientView(f"{back.name}.{position}", shape), [back.gradient])
    return Gradients(inputs)


def _trained_dropout(layer: Dropout, needs_gradient: bool) -> Layer:
    return TrainedDropout(layer.name)


INPUT: LayerRule[Input] = LayerRule(None, holds=NOTHING)
SHAPE_ONLY: LayerRule[ShapeOnly] = LayerRule(None, gradient=_gradient, holds=NOTHING)
CONCAT: LayerRule[Concat] = LayerRule(None, gradient=_concat_gradient, holds=NOTHING)
#: In training dropout draws a mask, and its gradient draws the same mask again.
DROPOUT: LayerRule[Dropout] = LayerRule(None, gradient=scaled, trained=_trained_dropout, holds=NOTHING)
TRAINED_DROPOUT: LayerRule[TrainedDropout] = LayerRule(each_value, joins=True, holds=VALUES)
