"""Periphery work that is done while the results of the layer before leave their bank, and therefore moves no words of its own."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.pim.mapping.layer_map import LayerMap
from workloads.dataflow.rules.table import rule_of
from workloads.layers import GlobalPool, Pool
from workloads.network import Network


def fused_layers(network: Network, maps: Mapping[str, LayerMap]) -> dict[str, str]:
    """Return the layers that are done while the results of another leave their bank, each with that other layer.

    These are functions of single values and normalisations behind a product or a sum, as on the systolic machine, and pools
    behind a product whose banks each have all pixels of their filters. Only a result that nobody else reads can be used so.
    """
    fused: dict[str, str] = {}
    for instance in network.instances():
        if len(instance.producers) != 1 or network.graph.out_degree(instance.producers[0]) != 1:
            continue
        producer = instance.producers[0]
        root = fused.get(producer, producer)
        if not rule_of(network.layer(root)).absorbs:
            continue
        pool = isinstance(instance.layer, Pool | GlobalPool) and root in maps and maps[root].whole_images_in_bank
        if pool or rule_of(instance.layer).joins:
            fused[instance.name] = root
    return fused
