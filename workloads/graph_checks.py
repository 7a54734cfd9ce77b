"""Checks that turn a graph into a network. Each check runs once and names the layer at fault."""

from __future__ import annotations

from typing import Any

import networkx as nx

from simcore.errors import InputError, did_you_mean, raise_all
from workloads.layer_words import checked_sizes
from workloads.layers import Layer, Shape


def checked_graph(graph: nx.DiGraph[Any], where: str) -> nx.DiGraph[str]:
    """Return a frozen copy keyed by layer name in execution order, with ``operands`` and ``shape`` on every edge.

    Raise InputError for a graph that is empty, undirected or cyclic, for nodes without a layer, for duplicate names, for inputs
    that are missing or used twice, and for shapes that do not fit.
    """
    if not isinstance(graph, nx.DiGraph) or graph.is_multigraph():
        raise InputError(f"expected a networkx.DiGraph, got {type(graph).__name__}", where=where)
    if not graph:
        raise InputError("expected at least one layer, got an empty graph", where=where)
    names = _layer_names(graph, where)
    _reject_cycle(graph, names, where)
    position = {node: index for index, node in enumerate(graph)}
    result: nx.DiGraph[str] = nx.DiGraph()
    for node in nx.lexicographical_topological_sort(graph, key=position.__getitem__):
        layer: Layer = graph.nodes[node]["layer"]
        result.add_node(names[node], layer=layer, **checked_sizes(graph.nodes[node], names[node], where))
        for producer, operands in _operands(graph, node, names, where).items():
            result.add_edge(names[producer], names[node], operands=operands)
        _infer(result, names[node], where)
    nx.freeze(result)
    return result


def _layer_names(graph: nx.DiGraph[Any], where: str) -> dict[Any, str]:
    found = {node: graph.nodes[node].get("layer") for node in graph}
    layers = {node: layer for node, layer in found.items() if isinstance(layer, Layer)}
    errors = []
    for node in (node for node in found if node not in layers):
        came = "none" if found[node] is None else repr(found[node])
        hint = did_you_mean(str(node), [str(known) for known in layers])
        errors.append(
            InputError(f"node '{node}': expected an attribute 'layer' holding a Layer, got {came}", where=where, hint=hint)
        )
    raise_all(errors)
    seen: dict[str, Any] = {}
    for node, layer in layers.items():
        if layer.name in seen:
            errors.append(InputError(f"two layers named '{layer.name}' (nodes '{seen[layer.name]}' and '{node}')", where=where))
        seen.setdefault(layer.name, node)
    raise_all(errors)
    return {node: layer.name for node, layer in layers.items()}


def _reject_cycle(graph: nx.DiGraph[Any], names: dict[Any, str], where: str) -> None:
    if nx.is_directed_acyclic_graph(graph):
        return
    cycle = nx.find_cycle(graph)
    path = " -> ".join([names[edge[0]] for edge in cycle] + [names[cycle[-1][1]]])
    raise InputError(f"expected a graph without cycles, got the cycle {path}", where=where)


def _operands(graph: nx.DiGraph[Any], node: Any, names: dict[Any, str], where: str) -> dict[Any, tuple[int, ...]]:
    """Return the positions of each producer among the node's inputs. An edge without positions takes its index."""
    result: dict[Any, tuple[int, ...]] = {}
    for index, producer in enumerate(graph.predecessors(node)):
        edge = graph.edges[producer, node]
        named = edge.get("operands", edge.get("operand", index))
        result[producer] = (named,) if isinstance(named, int) else tuple(named)
    taken = sorted(position for positions in result.values() for position in positions)
    if taken != list(range(len(taken))):
        wanted = f"expected its inputs to take the positions 0 to {len(taken) - 1} once each"
        raise InputError(f"layer '{names[node]}': {wanted}, got {taken}", where=where)
    return result


def _infer(graph: nx.DiGraph[str], name: str, where: str) -> None:
    """Set ``shape`` of the node and of its input edges. An error also names the producers."""
    operands = {
        position: producer for producer in graph.predecessors(name) for position in graph.edges[producer, name]["operands"]
    }
    producers = [operands[position] for position in sorted(operands)]
    inputs: list[Shape] = [graph.nodes[producer]["shape"] for producer in producers]
    try:
        graph.nodes[name]["shape"] = graph.nodes[name]["layer"].infer(inputs)
    except InputError as error:
        sources = ", ".join(f"'{producer}' {shape}" for producer, shape in zip(producers, inputs, strict=True)) or "nothing"
        raise InputError(f"{error} (its inputs: {sources})", where=where) from None
    for producer in producers:
        graph.edges[producer, name]["shape"] = graph.nodes[producer]["shape"]
