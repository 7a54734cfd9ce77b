"""Networks for tests of pruning: random graphs with joins, and the masks of their tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from workloads import layers
from workloads.network import Network, NetworkBuilder

_FUNCTIONS = ("relu", "sigmoid", "tanh", "softplus", "elu", "exp")


def random_network(seed: int) -> Network:
    """Return convolutions, depthwise ones, normalisations and activations that are added, joined and multiplied at random."""
    draw = np.random.default_rng(seed)
    net = NetworkBuilder(f"random-{seed}")
    image = net.add(layers.Input("image", (2, 5, 5)))
    channels = {net.add(layers.Conv("first", 4, (3, 3), padding=(1, 1), bias=True), [image]): 4}
    for number in range(int(draw.integers(6, 14))):
        source = str(draw.choice(list(channels)))
        kind = draw.choice(["conv", "padded", "depthwise", "norm", "act", "add", "add", "concat", "gate"])
        name, count = f"{kind}{number}", channels[source]
        if kind == "conv":
            count = int(draw.integers(2, 6))
            net.add(layers.Conv(name, count, (1, 1), bias=bool(draw.integers(2))), [source])
        elif kind == "padded":
            net.add(layers.Conv(name, count, (2, 2), padding=(0, 1, 1, 0)), [source])
        elif kind == "depthwise":
            net.add(layers.Conv(name, count, (3, 3), padding=(1, 1), groups=count), [source])
        elif kind == "norm":
            net.add(layers.BatchNorm(name), [source])
        elif kind == "act":
            net.add(layers.Activation(name, str(draw.choice(_FUNCTIONS))), [source])
        elif kind == "concat":
            other = str(draw.choice(list(channels)))
            net.add(layers.Concat(name), [source, other])
            count += channels[other]
        elif kind == "gate":
            net.add(layers.GlobalPool(f"{name}.pool"), [source])
            net.add(layers.Mul(name), [source, f"{name}.pool"])
        else:
            alike = [other for other in channels if channels[other] == count]
            net.add(layers.Add(name), [source, str(draw.choice(alike))])
        channels[name] = count
    ends = [name for name in channels if name not in {read for _, read in _edges(net)}]
    net.add(layers.Concat("all"), ends)
    net.add(layers.Pool("pool", "max", (2, 2), (2, 2)))
    net.add(layers.Flatten("flatten"))
    net.add(layers.Linear("fc", 3))
    return net.build()


def _edges(net: NetworkBuilder) -> list[tuple[str, str]]:
    return [(reader, read) for read, reader in net._graph.edges]


def masks_of(network: Network, live: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return, for each tensor, 1 for what comes from live filters and 0 for what does not, as an image of one pixel's values.

    ``live`` has the masks of the filters of convolutions that are no depthwise ones.
    """
    masks: dict[str, Tensor] = {}
    for name in network.order():
        layer = network.layer(name)
        masks[name] = torch.ones(layer.infer(())) if isinstance(layer, layers.Input) else torch.empty(0)
    for instance in network.instances():
        read = [masks[name] for name in instance.producers]
        ones = torch.ones(instance.output_shape, dtype=torch.float64)
        by_channel = (-1, *[1] * (len(instance.output_shape) - 1))
        if isinstance(instance.layer, layers.Conv) and instance.layer.groups == 1:
            mask = ones * live[instance.name].view(by_channel)
        elif isinstance(instance.layer, layers.Linear):
            mask = ones
        elif isinstance(instance.layer, layers.Concat):
            mask = torch.cat(read)
        elif isinstance(instance.layer, layers.Flatten):
            mask = read[0].flatten()
        else:
            first_pixel = read[0].flatten(1)[:, 0]
            assert all(torch.equal(first_pixel, other.flatten(1)[:, 0]) for other in read), instance.name
            mask = ones * first_pixel.view(by_channel)
        masks[instance.name] = mask
    return masks
