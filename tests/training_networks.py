"""Small networks for tests of training, and single layers of a training step."""

from __future__ import annotations

from typing import Any

from simcore.program.program import Program
from simcore.spec import System
from workloads import layers as layer_kinds
from workloads.dataflow import lower
from workloads.network import LayerInstance, Network, NetworkBuilder
from workloads.training import training_step

#: Groups, uneven padding, stride and dilation together give two phases, one of which lacks a row.
CORNER = layer_kinds.Conv("conv", 8, (3, 3), stride=(2, 1), padding=(1, 1, 2, 0), dilation=(1, 2), groups=2)
CORNER_IMAGE = (4, 3, 7)


def chain(*layers: layer_kinds.Layer, image: tuple[int, ...], batch: int = 1) -> Network:
    net = NetworkBuilder("chain")
    net.add(layer_kinds.Input("image", image))
    for layer in layers:
        net.add(layer)
    return net.build(batch)


def after_weights(layer: layer_kinds.Layer, image: tuple[int, ...], batch: int = 1) -> Network:
    """Return a network with the layer behind a layer with weights, so that its input needs a gradient."""
    before = layer_kinds.Conv("before", image[0], 1) if len(image) == 3 else layer_kinds.Linear("before", image[-1])
    return chain(before, layer, image=image, batch=batch)


def trained(network: Network, **options: Any) -> dict[str, LayerInstance]:
    return {instance.name: instance for instance in training_step(network, **options).instances()}


def product_network(batch: int = 2) -> Network:
    """Return a product of two operands, each of which comes from a linear layer."""
    net = NetworkBuilder("product")
    net.add(layer_kinds.Input("queries", (2, 3, 4)))
    net.add(layer_kinds.Input("keys", (2, 4, 5)))
    net.add(layer_kinds.Linear("left", 4), ["queries"])
    net.add(layer_kinds.Linear("right", 5), ["keys"])
    net.add(layer_kinds.MatMul("scores"), ["left", "right"])
    return net.build(batch)


def many_layers(batch: int = 3) -> Network:
    """Return a network of every trainable layer kind, with a branch, a strided grouped convolution and overlapping windows."""
    net = NetworkBuilder("many")
    net.add(layer_kinds.Input("image", (3, 9, 9)))
    net.add(layer_kinds.Conv("conv1", 4, 3, padding=1))
    net.add(layer_kinds.BatchNorm("bn1"))
    net.add(layer_kinds.Activation("relu1"))
    net.add(layer_kinds.Pool("pool1", "max", 3, 2, 1))
    net.add(layer_kinds.Conv("conv2", 4, 3, 2, padding=1, groups=2))
    net.add(layer_kinds.BatchNorm("bn2"))
    net.add(layer_kinds.Conv("down", 4, 1, 2), ["pool1"])
    net.add(layer_kinds.Add("sum"), ["bn2", "down"])
    swish = net.add(layer_kinds.Activation("swish", "swish"))
    net.add(layer_kinds.Conv("conv3", 2, 3, padding=(0, 1, 2, 1), dilation=1))
    net.add(layer_kinds.Activation("tanh", "tanh"))
    net.add(layer_kinds.Concat("both"), ["tanh", swish])
    net.add(layer_kinds.Pool("pool2", "avg", 2, 1))
    net.add(layer_kinds.Dropout("drop"))
    mean = net.add(layer_kinds.GlobalPool("mean"), ["both"])
    net.add(layer_kinds.Flatten("flat_mean"), [mean])
    net.add(layer_kinds.Flatten("flat"), ["drop"])
    net.add(layer_kinds.Concat("features"), ["flat", "flat_mean"])
    net.add(layer_kinds.Linear("fc1", 6))
    net.add(layer_kinds.Softmax("gate"))
    net.add(layer_kinds.Linear("fc2", 5))
    return net.build(batch)


def lowered(instance: LayerInstance, system: System) -> Program:
    program = lower(instance, system, with_folds=True)
    assert program is not None
    return program
