"""What each kind of layer does with its inputs' channels: makes new ones, hands them on, ties them, or needs all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

from workloads.layers import (
    LRN,
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Identity,
    Layer,
    Linear,
    Mul,
    Pool,
    Reshape,
    Softmax,
    Transpose,
)
from workloads.network import LayerInstance
from workloads.pruning.channels import ChannelFlow, Stretch, Stretches, extent, unknown_layer

#: Returns the channels of a layer's output from those of its inputs.
FlowRule = Callable[[ChannelFlow, LayerInstance, Sequence[Stretches]], Stretches]


def rule_of_flow(layer: Layer) -> FlowRule:
    """Return the rule of a layer's kind. A kind that pruning does not know needs all channels of its inputs."""
    return RULES.get(type(layer), _needs_all)


def _needs_all(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    for stretches in given:
        flow.keep(stretches, unknown_layer(instance.layer, instance))
    return _unpruned(flow, instance)


def _unpruned(flow: ChannelFlow, instance: LayerInstance) -> Stretches:
    """Return channels that are no filters of a convolution."""
    return flow.new_source(instance.name, instance.output_shape[0], f"'{instance.name}' ({instance.layer.op}) makes its channels")


def _hand_on(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    return given[0]


def _convolution(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    """Make one channel per filter. A depthwise convolution has the filters that its input has channels, so it makes none."""
    layer, inputs = instance.layer, instance.input_shapes
    assert isinstance(layer, Conv)
    if layer.is_depthwise(inputs):
        return _repeated(given[0], layer.out_channels // layer.groups)
    made = flow.new_source(instance.name, layer.out_channels)
    if layer.groups > 1:
        why = f"'{instance.name}' multiplies its channels in {layer.groups} groups, which must stay equal"
        flow.keep((*given[0], *made), why)
    return made


def _repeated(stretches: Stretches, times: int) -> Stretches:
    return tuple(replace(stretch, repeat=stretch.repeat * times) for stretch in stretches)


def _linear(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    """Make features of a vector. Of a tensor with more axes it multiplies the last, so the channels are handed on."""
    return given[0] if len(instance.input_shapes[0]) > 1 else _unpruned(flow, instance)


def _normalisation(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    layer = instance.layer
    assert isinstance(layer, BatchNorm)
    if layer.size not in (0, 1, extent(given[0])):
        flow.keep(given[0], f"'{instance.name}' has {layer.size} constants for {extent(given[0])} channels")
    return given[0]


def _neighbours(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    flow.keep(given[0], f"'{instance.name}' ({instance.layer.op}) mixes neighbouring channels")
    return given[0]


def _softmax(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    layer = instance.layer
    assert isinstance(layer, Softmax)
    if layer.axis % len(instance.input_shapes[0]) == 0:
        flow.keep(given[0], f"'{instance.name}' divides by a sum over its channels")
    return given[0]


def _flatten(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    return _repeated(given[0], prod(instance.input_shapes[0][1:]))


def _reshape(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    shape, new = instance.input_shapes[0], instance.output_shape
    if new[0] == shape[0]:
        return given[0]
    return _flatten(flow, instance, given) if len(new) == 1 else _needs_all(flow, instance, given)


def _transpose(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    layer = instance.layer
    assert isinstance(layer, Transpose)
    return given[0] if layer.order[0] == 0 else _needs_all(flow, instance, given)


def _join(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    """Tie the inputs' channels. An input that has one channel or no axis of channels is the same for all of them."""
    rank = len(instance.output_shape)
    whole = []
    for stretches, shape in zip(given, instance.input_shapes, strict=True):
        if len(shape) == rank and shape[0] == instance.output_shape[0]:
            whole.append(stretches)
        else:
            flow.keep(stretches, f"'{instance.name}' ({instance.layer.op}) stretches its channels")
    if not whole:
        return _needs_all(flow, instance, given)
    return flow.tie(whole, f"'{instance.name}' ({instance.layer.op}) joins channels of different stretches")


def _concatenation(flow: ChannelFlow, instance: LayerInstance, given: Sequence[Stretches]) -> Stretches:
    layer = instance.layer
    assert isinstance(layer, Concat)
    if layer.axis % len(instance.output_shape) != 0:
        return flow.tie(given, f"'{instance.name}' puts channels of different stretches beside each other")
    stretches: list[Stretch] = [stretch for tensor in given for stretch in tensor]
    return tuple(stretches)


#: The rules by kind of layer.
RULES: dict[type[Layer], FlowRule] = {
    **dict.fromkeys((Activation, Dropout, GlobalPool, Identity, Pool), _hand_on),
    **dict.fromkeys((Add, Mul), _join),
    BatchNorm: _normalisation,
    Concat: _concatenation,
    Conv: _convolution,
    Flatten: _flatten,
    LRN: _neighbours,
    Linear: _linear,
    Reshape: _reshape,
    Softmax: _softmax,
    Transpose: _transpose,
}
