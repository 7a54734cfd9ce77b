"""What a training step must compute and move at least: multiply-accumulates, and every tensor once in every pass that uses it.

These counts know no machine. A layer's forward pass reads weights and input and writes the output. The gradient of its input
reads weights and the output's gradient and writes the input's gradient. The gradient of its weights reads input and output's
gradient and writes the weights' gradient. So each pass moves the words of weights, input and output once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from workloads.layers import Conv, Linear
from workloads.network import LayerInstance, Network
from workloads.training.supported import needs_gradients


@dataclass(frozen=True)
class IdealLayer:
    """A convolution or linear layer in one training step on a batch: its multiply-accumulates, and the words that it moves.

    ``activation_accesses`` are words of inputs, outputs and their gradients, ``weight_accesses`` words of weights and theirs.
    Biases and the update of weights are left out.
    """

    name: str
    macs: int
    weight_accesses: int
    activation_accesses: int


def ideal_step(network: Network) -> tuple[IdealLayer, ...]:
    """Return every convolution and linear layer of the network in one training step, in order."""
    needs = needs_gradients(network)
    return tuple(
        _ideal(instance, any(needs.get(name, False) for name in instance.producers))
        for instance in network.instances()
        if isinstance(instance.layer, Conv | Linear)
    )


def _ideal(instance: LayerInstance, input_has_gradient: bool) -> IdealLayer:
    passes = 3 if input_has_gradient else 2
    words = prod(instance.input_shapes[0]) + prod(instance.output_shape)
    return IdealLayer(instance.name, passes * instance.macs, passes * _weights(instance), passes * instance.batch * words)


def _weights(instance: LayerInstance) -> int:
    """Return the words of a layer's weights, without biases."""
    layer, inputs = instance.layer, instance.input_shapes
    if isinstance(layer, Conv):
        return layer.out_channels * layer.taps(inputs)
    return inputs[0][-1] * instance.output_shape[-1]
