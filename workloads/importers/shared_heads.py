"""Heads of queries that share a head of keys: exporters repeat the keys for each of them, and multiply head by head.

All heads of queries that share keys become the rows of one product, so that the keys are read once, as by the operator Attention.
New shapes stand ahead of the product and behind it. The one behind moves on over functions of each value and a softmax of rows to
the next product, where it meets that one's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import prod

import networkx as nx

from workloads.importers.names import free_name
from workloads.importers.rewiring import exchange, of_each_value, operands_of, replace_reads
from workloads.layers import Add, Dropout, Identity, Layer, MatMul, Repeat, Reshape, Shape, ShapeOnly, Softmax, Transpose


@dataclass(frozen=True)
class Shared:
    """The second operand of a product, before each of its heads was repeated: ``source``, in the shape ``shape``.

    ``heads`` is its axis of heads, ``turned`` whether the product reads it with its last two axes exchanged.
    """

    source: str
    shape: Shape
    heads: int
    turned: bool


def with_shared_heads(graph: nx.DiGraph[str], shapes: Mapping[str, Shape], results: AbstractSet[str]) -> None:
    """Let heads of queries that share keys be rows of one product. ``shapes`` are those of the layers' results."""
    known, behind = dict(shapes), dict[str, Shape]()
    for product in [name for name in graph if isinstance(graph.nodes[name]["layer"], MatMul) and name not in results]:
        left, right = operands_of(graph, product)
        found = _shared(graph, right, known)
        if found is not None and known[left][:-2] == known[right][:-2]:
            view, rows = _as_rows(graph, product, left, found, known)
            behind[view] = rows
            _drop_unread(graph, right, results)
    for view, rows in behind.items():
        _move_on(graph, view, rows, known, results)


def _shared(graph: nx.DiGraph[str], right: str, shapes: Mapping[str, Shape]) -> Shared | None:
    """Follow views back to where each head was repeated. Return the tensor before that, or None for any other views."""
    name, turned, merged = right, False, None
    while not isinstance(layer := graph.nodes[name]["layer"], Repeat):
        if not isinstance(layer, Reshape | Transpose):
            return None
        (before,) = graph.predecessors(name)
        if isinstance(layer, Transpose):
            rank = len(layer.order)
            if tuple(layer.order) != (*range(rank - 2), rank - 1, rank - 2):
                return None
            turned = not turned
        elif shapes[before] != shapes[name]:
            if merged is not None:
                return None
            merged = _merged_axis(shapes[before], shapes[name])
            if merged is None:
                return None
        name = before
    (before,) = graph.predecessors(name)
    whole = shapes[before]
    repeated = [axis for axis, (old, new) in enumerate(zip(whole, shapes[name], strict=False)) if old != new]
    if merged is None or len(whole) != len(shapes[name]) or repeated != [merged + 1] or whole[merged + 1] != 1:
        return None
    once = (*whole[: merged + 1], *whole[merged + 2 :])
    return Shared(before, once, merged, turned)


def _merged_axis(before: Shape, after: Shape) -> int | None:
    """Return the axis into which a new shape merges an axis ahead of the last two and the next one, or None for another shape."""
    for axis in range(len(before) - 3):
        if after == (*before[:axis], before[axis] * before[axis + 1], *before[axis + 2 :]):
            return axis
    return None


def _as_rows(graph: nx.DiGraph[str], product: str, left: str, shared: Shared, shapes: dict[str, Shape]) -> tuple[str, Shape]:
    """Put new shapes around a product, which then reads each head of keys once.

    Return the new shape behind it, which gives the product's own, and the shape that the product now has.
    """
    *ahead, heads, rows, width = shapes[left]
    count, whole = shared.shape[shared.heads], shapes[product]
    each = (*ahead, count, heads // count * rows)
    keys = _once(graph, product, shared, shapes)
    grouped = _added(graph, f"{product}.grouped", Reshape, (*each, width), left)
    readers = {reader: graph.edges[product, reader]["operands"] for reader in graph.successors(product)}
    graph.remove_edges_from([*graph.in_edges(product), *graph.out_edges(product)])
    graph.add_edge(grouped, product, operands=(0,))
    graph.add_edge(keys, product, operands=(1,))
    behind = _added(graph, f"{product}.ungrouped", Reshape, whole, product)
    for reader, places in readers.items():
        graph.add_edge(behind, reader, operands=places)
    shapes[product], shapes[behind] = (*each, whole[-1]), whole
    return behind, shapes[product]


def _once(graph: nx.DiGraph[str], product: str, shared: Shared, shapes: Mapping[str, Shape]) -> str:
    """Return the keys with each head once, as the product reads them."""
    keys, before = shared.source, list(graph.predecessors(shared.source))
    if isinstance(graph.nodes[keys]["layer"], Reshape) and shapes[before[0]] == shared.shape:
        keys = before[0]
    else:
        keys = _added(graph, f"{product}.once", Reshape, shared.shape, keys)
    if not shared.turned:
        return keys
    rank = len(shared.shape)
    return _added(graph, f"{product}.turned", Transpose, (*range(rank - 2), rank - 1, rank - 2), keys)


def _added(graph: nx.DiGraph[str], name: str, kind: type[Reshape | Transpose], of: tuple[int, ...], source: str) -> str:
    """Add a view of a tensor and return its name."""
    free = free_name(name, set(graph))
    graph.add_node(free, layer=kind(free, of))
    graph.add_edge(source, free, operands=(0,))
    return free


def _move_on(graph: nx.DiGraph[str], view: str, rows: Shape, shapes: Mapping[str, Shape], results: AbstractSet[str]) -> None:
    """Move a new shape of rows ``rows`` behind what follows, as long as that works value by value or on whole rows.

    Where another one makes the rows again, both go.
    """
    while graph.out_degree(view) == 1:
        (reader,) = graph.successors(view)
        layer = graph.nodes[reader]["layer"]
        if isinstance(layer, Reshape) and layer.shape == rows and reader not in results:
            (source,) = graph.predecessors(view)
            graph.remove_edge(view, reader)
            replace_reads(graph, reader, source)
            graph.remove_nodes_from([view, reader])
            return
        beside = [shapes[other] for other in graph.predecessors(reader) if other != view]
        if reader in results or not (_of_rows(layer, len(rows)) if not beside else _adds_a_row(layer, beside, rows)):
            return
        exchange(graph, view, reader)


def _adds_a_row(layer: Layer, beside: Sequence[Shape], rows: Shape) -> bool:
    """Return whether a layer adds one value for each key, the same for all rows: a mask of padding."""
    return type(layer) is Add and all(prod(shape) == shape[-1] == rows[-1] for shape in beside)


def _of_rows(layer: Layer, rank: int) -> bool:
    """Return whether a layer gives the same, whatever the axes ahead of its rows are."""
    if isinstance(layer, Softmax):
        return layer.axis in (-1, rank - 1) and not layer.causal_tokens
    return of_each_value(layer) or isinstance(layer, Dropout | Identity)


def _drop_unread(graph: nx.DiGraph[str], name: str, results: AbstractSet[str]) -> None:
    """Remove a view that nothing reads any more, and those ahead of it."""
    while graph.out_degree(name) == 0 and name not in results and isinstance(graph.nodes[name]["layer"], ShapeOnly):
        before = list(graph.predecessors(name))
        if len(before) != 1:
            return
        graph.remove_node(name)
        (name,) = before
