"""The networks that are trained, as graphs of layers: a machine runs inference or a training step of the very same network."""

from __future__ import annotations

from workloads.faults.net_layers import net_layers
from workloads.network import Network, NetworkBuilder


def trained_network(name: str, image: tuple[int, int, int], classes: int, batch: int = 1) -> Network:
    """The network of this name for images of (channels, rows, columns). Raises InputError as ``net_layers``."""
    net = NetworkBuilder(name)
    for layer in net_layers(name, image, classes):
        net.add(layer)
    return net.build(batch)
