"""Changes of the edges of a graph of layers that leave its values as they are."""

from __future__ import annotations

import networkx as nx

from workloads.layers import Activation, BatchNorm, Layer


def replace_reads(graph: nx.DiGraph[str], old: str, new: str) -> None:
    """Let every layer that reads ``old`` read ``new``."""
    for reader in list(graph.successors(old)):
        if reader != new:
            operands = graph.edges[old, reader]["operands"]
            known = graph.edges[new, reader]["operands"] if graph.has_edge(new, reader) else ()
            graph.add_edge(new, reader, operands=(*known, *operands))
            graph.remove_edge(old, reader)


def exchange(graph: nx.DiGraph[str], view: str, name: str) -> None:
    """Exchange a view, which has one operand, and the only layer that reads it. Its other operands stay."""
    (source,) = graph.predecessors(view)
    operands = graph.edges[view, name]["operands"]
    replace_reads(graph, name, view)
    graph.remove_edges_from([(source, view), (view, name)])
    graph.add_edge(source, name, operands=operands)
    graph.add_edge(name, view, operands=(0,))


def operands_of(graph: nx.DiGraph[str], name: str) -> list[str]:
    """Return what a layer reads, in order."""
    found = {at: before for before in graph.predecessors(name) for at in graph.edges[before, name]["operands"]}
    return [found[at] for at in sorted(found)]


def of_each_value(layer: Layer) -> bool:
    """Return whether a layer does not depend on the shape of its input: a function, or constants of a known number."""
    return isinstance(layer, Activation) or (isinstance(layer, BatchNorm) and layer.size > 0)
