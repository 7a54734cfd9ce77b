"""Rotations of positions: exporters multiply values by cosines, and the same values with their halves exchanged by sines.

Both products, the negation, the exchange and the sum become one pass over the values and their factors, as the operator
RotaryEmbedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import networkx as nx

from workloads.importers.names import free_name
from workloads.importers.rewiring import operands_of
from workloads.layers import Activation, Add, BatchNorm, Combine, Concat, Constant, Part, Shape


def with_rotations(graph: nx.DiGraph[str], shapes: Mapping[str, Shape], results: AbstractSet[str]) -> None:
    """Make one layer of each rotation. ``shapes`` are those of the layers' results; ``results`` leave the network and stay."""
    for name in [name for name in graph if type(graph.nodes[name]["layer"]) is Add]:
        found = _rotation(graph, name, shapes, results)
        if found is not None:
            _as_one(graph, name, found, shapes)


def _rotation(
    graph: nx.DiGraph[str], name: str, shapes: Mapping[str, Shape], results: AbstractSet[str]
) -> tuple[str, set[str]] | None:
    """Return the values that a sum rotates, and the layers in between, none of which anything else reads; None for others."""
    products = operands_of(graph, name)
    if len(products) != 2 or not all(_is_factor(graph, product) for product in products):
        return None
    for plain, turned in (products, products[::-1]):
        (values,), (joined,) = graph.predecessors(plain), graph.predecessors(turned)
        halves = _halves(graph, joined, values, shapes)
        inside = {plain, turned, joined, *(halves or ())}
        if halves and shapes[values] == shapes[name] and all(_only_inside(graph, each, inside | {name}) for each in inside):
            return None if inside & results else (values, inside)
    return None


def _is_factor(graph: nx.DiGraph[str], name: str) -> bool:
    layer = graph.nodes[name]["layer"]
    return isinstance(layer, BatchNorm) and layer.scale and not layer.shift and layer.size > 1


def _only_inside(graph: nx.DiGraph[str], name: str, inside: set[str]) -> bool:
    return set(graph.successors(name)) <= inside


def _halves(graph: nx.DiGraph[str], joined: str, values: str, shapes: Mapping[str, Shape]) -> set[str] | None:
    """Return the layers that exchange the halves of each row of ``values`` and negate the first, or None."""
    whole, layer = shapes[values], graph.nodes[joined]["layer"]
    if not isinstance(layer, Concat) or layer.axis not in (-1, len(whole) - 1) or graph.in_degree(joined) != 2:
        return None
    negated, second = operands_of(graph, joined)
    function = graph.nodes[negated]["layer"]
    if not isinstance(function, Activation) or function.function != "neg":
        return None
    (first,) = graph.predecessors(negated)
    half = (*whole[:-1], whole[-1] // 2)
    for part in (first, second):
        if not isinstance(graph.nodes[part]["layer"], Part) or shapes[part] != half or values not in graph.predecessors(part):
            return None
    return {negated, first, second}


def _as_one(graph: nx.DiGraph[str], name: str, found: tuple[str, set[str]], shapes: Mapping[str, Shape]) -> None:
    """Put one layer in the place of a rotation, with a cosine and a sine for two values of each row as its second operand."""
    values, inside = found
    graph.remove_nodes_from(inside)
    factors = free_name(f"{name}.factors", set(graph))
    graph.add_node(factors, layer=Constant(factors, shapes[name][-2:], trained=False))
    graph.nodes[name]["layer"] = Combine(name, "rotary")
    graph.add_edge(values, name, operands=(0,))
    graph.add_edge(factors, name, operands=(1,))
