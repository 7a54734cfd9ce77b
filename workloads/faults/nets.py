"""The networks that are trained, in torch: a module for each layer of ``net_layers``. Needs torch."""

from __future__ import annotations

from torch import nn

from workloads.faults.graph import trained_network
from workloads.layers import Activation, BatchNorm, Conv, Linear, Pool
from workloads.network import LayerInstance


def build(name: str, image: tuple[int, int, int], classes: int) -> nn.Sequential:
    """The network of this name for images of (channels, rows, columns), weights drawn from torch's generator.

    Modules are in the order of the layers. Raises InputError as ``net_layers``.
    """
    return nn.Sequential(*(_module(instance) for instance in trained_network(name, image, classes).instances()))


def _module(instance: LayerInstance) -> nn.Module:
    layer, inputs = instance.layer, instance.input_shapes[0][0]
    if isinstance(layer, Conv):
        padding = layer.padding[0], layer.padding[1]
        return nn.Conv2d(inputs, layer.out_channels, layer.kernel, layer.stride, padding, bias=layer.bias)
    if isinstance(layer, Linear):
        return nn.Linear(inputs, layer.out_features, layer.bias)
    if isinstance(layer, BatchNorm):
        return nn.BatchNorm2d(inputs)
    if isinstance(layer, Pool):
        return nn.MaxPool2d(layer.kernel, layer.stride)
    return nn.ReLU() if isinstance(layer, Activation) else nn.Flatten()
