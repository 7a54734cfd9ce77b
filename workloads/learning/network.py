"""The network to be trained: one graph, which torch trains (``module``) and a machine runs."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from simcore.errors import InputError
from workloads.layers import Input, Shape, Softmax
from workloads.load import load_network
from workloads.network import Network
from workloads.networks.families import family_named
from workloads.networks.images import Image


def network_for(name: str, image: Image, classes: int, batch: int = 1) -> Network:
    """Return the network called ``name`` for images (channels, rows, columns) of ``classes`` classes.

    ``name`` is a family or a narrow form of one (``vgg8-narrow8``), which is built for the images, or any name that
    :func:`workloads.load.load_network` knows, whose network must fit them. Raise InputError for an unknown name, and for images
    or classes that the network does not take.
    """
    family = family_named(name)
    if family is not None:
        return family(name, image, classes, batch)
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
    """Return the network without its final softmax, if any, because the training loss contains that softmax."""
    last = network.order()[-1]
    if not isinstance(network.layer(last), Softmax):
        return network
    graph = nx.DiGraph(network.graph)
    graph.remove_node(last)
    return Network(network.name, graph, network.batch)


def check_trainable(name: str) -> None:
    """Raise InputError for a name that :func:`network_for` does not know for any images."""
    if family_named(name) is None:
        load_network(name)
