"""The network that is trained: one graph, which torch trains (``module``) and a machine runs."""

from __future__ import annotations

from simcore.errors import InputError
from workloads.layers import Input
from workloads.load import load_network
from workloads.network import Network
from workloads.networks.families import FAMILIES
from workloads.networks.images import Image


def network_for(name: str, image: Image, classes: int, batch: int = 1) -> Network:
    """The network to train on images (channels, rows, columns) of so many classes, called ``name``.

    ``name`` is a family, which is built for the images, or whatever :func:`workloads.load.load_network` knows, which must fit
    them. Raises InputError for an unknown name, and for images or classes that the network does not take.
    """
    if name in FAMILIES:
        return FAMILIES[name](name, image, classes, batch)
    network = load_network(name, batch)
    taken = [network.layer(node).infer(()) for node in network.order() if isinstance(network.layer(node), Input)]
    given = network.instances()[-1].output_shape
    if taken != [image] or given != (classes,):
        shapes = " and ".join(map(str, taken))
        message = f"expected a network for images {image} and {classes} classes, got one for {shapes} and an output {given}"
        raise InputError(message, where=f"network '{name}'")
    return network


def check_trainable(name: str) -> None:
    """Raise InputError for a name that :func:`network_for` does not know, whatever the images."""
    if name not in FAMILIES:
        load_network(name)
