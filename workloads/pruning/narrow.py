"""The pass that makes a network narrower: the same layers with fewer filters, and everything that follows their channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import networkx as nx

from workloads.layers import BatchNorm, Conv, Layer, Reshape
from workloads.network import LayerInstance, Network
from workloads.pruning.channels import ChannelFlow, Stretches, channel_flow
from workloads.pruning.groups import live_of_groups


def narrow(network: Network, live: Mapping[str, int]) -> Network:
    """Return the network with ``live`` filters in the convolutions that it names, under the same name and for the same batch.

    Layers of a group (see :func:`~workloads.pruning.groups.pruning_groups`) have equally many, so one name is enough; what is not
    named keeps all filters. Channels that are gone are gone in everything that reads them: normalisations, depthwise
    convolutions, inputs of convolutions and of linear layers. Raise InputError for filters that cannot be pruned so.
    """
    flow = channel_flow(network)
    counts = live_of_groups(network, live, flow)
    instances = {instance.name: instance for instance in network.instances()}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name in network.order():
        instance = instances.get(name)
        layer = network.layer(name) if instance is None else _narrowed(instance, flow, counts)
        graph.add_node(name, layer=layer)
    for edge in network.graph.edges:
        graph.add_edge(*edge, operands=network.graph.edges[edge]["operands"])
    return Network(network.name, graph, network.batch)


def live_extent(flow: ChannelFlow, stretches: Stretches, live: Mapping[str, int]) -> int:
    """Return the positions along a first axis of which only channels of ``live`` filters are left."""
    return sum(live.get(stretch.source, stretch.channels) * stretch.repeat for stretch in stretches)


def _narrowed(instance: LayerInstance, flow: ChannelFlow, live: Mapping[str, int]) -> Layer:
    """Return the layer with the sizes that follow its live filters and channels. Other sizes follow from its inputs."""
    layer = instance.layer
    made = live_extent(flow, flow.outputs[instance.name], live)
    if isinstance(layer, Conv):
        if layer.is_depthwise(instance.input_shapes):
            read = live_extent(flow, flow.outputs[instance.producers[0]], live)
            return replace(layer, out_channels=made, groups=read)
        return replace(layer, out_channels=made)
    if isinstance(layer, BatchNorm) and layer.size > 1:
        return replace(layer, size=made) if layer.size == instance.input_shapes[0][0] else layer
    if isinstance(layer, Reshape) and layer.shape[0] != -1:
        return replace(layer, shape=(made, *layer.shape[1:]))
    return layer
