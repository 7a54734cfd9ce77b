"""A user's own layers, each with its rule: a scale that is trained, its gradient, a view from depth to space, and a row mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.dataflow import Backward, Gradients, LayerRule, Rowwise, Spread, each_value
from workloads.layers import Layer, Shape
from workloads.layers.gradients import GradientView, ScaledGradient, WeightGradient
from workloads.network import LayerInstance


def both_read(layer: ChannelScaleGradient, instance: LayerInstance) -> Spread:
    """Return work that reads the input and the output's gradient together and sums their product per channel."""
    return Spread(instance.batch * prod(instance.input_shapes[0]), prod(instance.output_shape), operands=("ifmap", "filter"))


@dataclass(frozen=True)
class ChannelScaleGradient(WeightGradient):
    """The gradient of a scale's weights."""

    op: ClassVar[str] = "channel-scale"
    rule: ClassVar[LayerRule[ChannelScaleGradient]] = LayerRule(both_read, word_sizes={"ofmap_bytes": "filter_bytes"})

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return (self.two(inputs)[0][0],)


def scale_gradient(layer: ChannelScale, back: Backward) -> Gradients:
    inputs = {}
    if back.wanted[0]:
        inputs[0] = back.builder.add(ScaledGradient(back.name, back.shape), [back.gradient])
    back.builder.add(ChannelScaleGradient(back.weights_name), [back.instance.producers[0], back.gradient])
    return Gradients(inputs, weights=True)


@dataclass(frozen=True)
class ChannelScale(Layer):
    """Every channel, multiplied by its own weight."""

    op: ClassVar[str] = "channel-scale"
    rule: ClassVar[LayerRule[ChannelScale]] = LayerRule(each_value, joins=True, gradient=scale_gradient)

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return self.image(inputs)[0]


def view_gradient(layer: DepthToSpace, back: Backward) -> Gradients:
    return Gradients({0: back.builder.add(GradientView(back.name, back.shape), [back.gradient])})


@dataclass(frozen=True)
class DepthToSpace(Layer):
    """(channels x n x n, height, width) as (channels, height x n, width x n). It only renames values."""

    n: int = 2
    op: ClassVar[str] = "depth-to-space"
    rule: ClassVar[LayerRule[DepthToSpace]] = LayerRule(None, gradient=view_gradient)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = self.image(inputs)
        if channels % self.n**2:
            raise self.error(f"channels to be a multiple of {self.n**2}", channels)
        return channels // self.n**2, height * self.n, width * self.n


def rows_twice(layer: RowMean, instance: LayerInstance) -> Rowwise:
    rows = instance.batch * prod(instance.output_shape[:-1])
    return Rowwise(instance.batch * prod(instance.output_shape), rows, passes=2)


@dataclass(frozen=True)
class RowMean(Layer):
    """Values minus the mean of their row. One pass over a row finds the mean, a second one the values. It cannot be trained."""

    op: ClassVar[str] = "row-mean"
    rule: ClassVar[LayerRule[RowMean]] = LayerRule(rows_twice)
