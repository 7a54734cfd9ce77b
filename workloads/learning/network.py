"""The network that is trained: one graph, which torch trains (``module``) and a machine runs."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from simcore.errors import InputError
from workloads.layers import Input, Shape, Softmax
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
    given = [instance.output_shape for instance in network.instances() if not network.graph.out_degree(instance.name)]
    if taken != [image] or given != [(classes,)]:
        message = f"expected a network for images {image} and {classes} classes, got one for {_listed(taken)} that gives"
        raise InputError(f"{message} {_listed(given)}", where=f"network '{name}'")
    return network


def _listed(shapes: Iterable[Shape]) -> str:
    return " and ".join(map(str, shapes))


def scores_network(network: Network) -> Network:
    """The network without the softmax that closes it, which the loss of the training contains; unchanged where there is none."""
    last = network.order()[-1]
    if not isinstance(network.layer(last), Softmax):
        return network
    graph = nx.DiGraph(network.graph)
    graph.remove_node(last)
    return Network(network.name, graph, network.batch)


def check_trainable(name: str) -> None:
    """Raise InputError for a name that :func:`network_for` does not know, whatever the images."""
    if name not in FAMILIES:
        load_network(name)
