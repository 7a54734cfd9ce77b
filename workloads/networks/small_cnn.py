"""The smallest network for training: two convolutions and a linear layer."""

from __future__ import annotations

from workloads.layers import Activation, Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder
from workloads.networks.images import Image, require_square

#: Filters of the two convolutions.
FILTERS = (8, 16)


def small_cnn_for(name: str, image: Image, classes: int, batch: int = 1) -> Network:
    """Return a network of two 3x3 convolutions, each with ReLU and a 2x2 maximum, and one linear layer.

    For the digits it has 23,680 multiply-accumulates and 1,898 parameters. Raise InputError for images that are not square with a
    side of at least 8, a multiple of 4.
    """
    require_square(image, least=8, multiple=4)
    net = NetworkBuilder(name)
    net.add(Input("image", image))
    for number, filters in enumerate(FILTERS, start=1):
        net.add(Conv(f"conv{number}", filters, (3, 3), padding=(1, 1), bias=True))
        net.add(Activation(f"relu{number}"))
        net.add(Pool(f"pool{number}", "max", (2, 2), (2, 2)))
    net.add(Flatten("flatten"))
    net.add(Linear("fc", classes))
    return net.build(batch)
