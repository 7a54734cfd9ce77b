"""Small networks for tests of training, and single layers of a training step."""

from __future__ import annotations

from typing import Any

from simcore.program.program import Program
from simcore.spec import System
from workloads.dataflow import lower
from workloads.layers import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    Layer,
    Linear,
    MatMul,
    Pool,
    Softmax,
)
from workloads.network import LayerInstance, Network, NetworkBuilder
from workloads.training import training_step

#: Groups, uneven padding, stride and dilation together give two phases, one of which lacks a row.
CORNER = Conv("conv", 8, (3, 3), stride=(2, 1), padding=(1, 1, 2, 0), dilation=(1, 2), groups=2)
CORNER_IMAGE = (4, 3, 7)


def chain(*layers: Layer, image: tuple[int, ...], batch: int = 1) -> Network:
    net = NetworkBuilder("chain")
    net.add(Input("image", image))
    for layer in layers:
        net.add(layer)
    return net.build(batch)


def after_weights(layer: Layer, image: tuple[int, ...], batch: int = 1) -> Network:
    """Return a network with the layer behind a layer with weights, so that its input needs a gradient."""
    before = Conv("before", image[0], 1) if len(image) == 3 else Linear("before", image[-1])
    return chain(before, layer, image=image, batch=batch)


def trained(network: Network, **options: Any) -> dict[str, LayerInstance]:
    return {instance.name: instance for instance in training_step(network, **options).instances()}


def product_network(batch: int = 2) -> Network:
    """Return a product of two operands, each of which comes from a linear layer."""
    net = NetworkBuilder("product")
    net.add(Input("queries", (2, 3, 4)))
    net.add(Input("keys", (2, 4, 5)))
    net.add(Linear("left", 4), ["queries"])
    net.add(Linear("right", 5), ["keys"])
    net.add(MatMul("scores"), ["left", "right"])
    return net.build(batch)


def many_layers(batch: int = 3) -> Network:
    """Return a network of every trainable layer kind, with a branch, a strided grouped convolution and overlapping windows."""
    net = NetworkBuilder("many")
    net.add(Input("image", (3, 9, 9)))
    net.add(Conv("conv1", 4, 3, padding=1))
    net.add(BatchNorm("bn1"))
    net.add(Activation("relu1"))
    net.add(Pool("pool1", "max", 3, 2, 1))
    net.add(Conv("conv2", 4, 3, 2, padding=1, groups=2))
    net.add(BatchNorm("bn2"))
    net.add(Conv("down", 4, 1, 2), ["pool1"])
    net.add(Add("sum"), ["bn2", "down"])
    swish = net.add(Activation("swish", "swish"))
    net.add(Conv("conv3", 2, 3, padding=(0, 1, 2, 1), dilation=1))
    net.add(Activation("tanh", "tanh"))
    net.add(Concat("both"), ["tanh", swish])
    net.add(Pool("pool2", "avg", 2, 1))
    net.add(Dropout("drop"))
    mean = net.add(GlobalPool("mean"), ["both"])
    net.add(Flatten("flat_mean"), [mean])
    net.add(Flatten("flat"), ["drop"])
    net.add(Concat("features"), ["flat", "flat_mean"])
    net.add(Linear("fc1", 6))
    net.add(Softmax("gate"))
    net.add(Linear("fc2", 5))
    return net.build(batch)


def lowered(instance: LayerInstance, system: System) -> Program:
    program = lower(instance, system, with_folds=True)
    assert program is not None
    return program
