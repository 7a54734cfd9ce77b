"""Functions that an exporter wrote as several nodes become one layer again: GELU, SiLU, norms, softmax, shared heads.

A *region* is a join of tensors with the layers ahead of it, which all follow from one tensor and which nothing else reads. If all
its layers work on each value, it is one function of each value. With reductions over the last axes it is a normalisation, or a
softmax if it takes exponentials. Layers with trained constants are in no region, so that parameters stay. Neither are results
of the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import networkx as nx

from workloads.importers.rewiring import exchange, of_each_value, replace_reads
from workloads.importers.rotations import with_rotations
from workloads.importers.shared_heads import with_shared_heads
from workloads.layers import Activation, Add, BatchNorm, Layer, LayerNorm, MatMul, Reduce, Reshape, ShapeOnly, Softmax
from workloads.network import LayerInstance, Network

#: The most layers of a region.
MOST_LAYERS = 24


def fused(network: Network, results: AbstractSet[str] = frozenset()) -> Network:
    """Return the network with each region as one layer, which has the name of the region's last layer.

    ``results`` names the layers whose values the network gives, besides those that no layer reads. They all stay.
    """
    graph = _regions(network, results)
    scaled_behind_products(graph, results)
    shapes = {name: network.graph.nodes[name]["shape"] for name in network.graph}
    with_rotations(graph, shapes, results)
    with_shared_heads(graph, shapes, results)
    _moved_ahead(graph, results)
    return network.with_graph(graph)


def _regions(network: Network, results: AbstractSet[str]) -> nx.DiGraph[str]:
    instances = {instance.name: instance for instance in network.instances()}
    place = {name: index for index, name in enumerate(network.graph)}
    readers = {name: {*network.graph.successors(name), *(("a user",) if name in results else ())} for name in network.graph}
    replaced: dict[str, tuple[Layer, str]] = {}
    gone: set[str] = set()
    for name in reversed(list(instances)):
        if name in gone or not isinstance(instances[name].layer, Add):
            continue
        found = _region(name, instances, place, readers)
        if found is not None:
            source, inside = found
            if network.graph.nodes[source]["shape"] != instances[name].output_shape:
                continue
            made = _one_layer(name, [instances[each] for each in {name, *inside}])
            if made is not None:
                replaced[name] = made, source
                gone |= inside
    return _rebuilt(network, replaced, gone)


def _region(
    last: str, instances: Mapping[str, LayerInstance], place: Mapping[str, int], readers: Mapping[str, set[str]]
) -> tuple[str, set[str]] | None:
    """Return the one tensor from which ``last`` follows, as far ahead as possible, and the layers between; None without one."""
    inside: set[str] = set()
    ahead = set(instances[last].producers)
    best = None
    while ahead and len(inside) < MOST_LAYERS:
        latest = max(ahead, key=place.__getitem__)
        if len(ahead) == 1 and (inside or len(instances[last].producers) > 1):
            best = latest, set(inside)
        instance = instances.get(latest)
        if instance is None or not _may_join(instance.layer) or not readers[latest] <= {last, *inside}:
            break
        inside.add(latest)
        ahead.remove(latest)
        ahead |= set(instance.producers)
    return best if best is not None and best[1] else None


def _may_join(layer: Layer) -> bool:
    if isinstance(layer, BatchNorm):
        return layer.size == 1
    return isinstance(layer, (Activation, Add, Reduce))


def _one_layer(name: str, region: Iterable[LayerInstance]) -> Layer | None:
    """Return the layer that computes a region, or None if it is none of the functions that one layer can compute."""
    instances = list(region)
    reductions = [each for each in instances if isinstance(each.layer, Reduce)]
    last = next(each for each in instances if each.name == name)
    functions = {each.layer.function for each in instances if isinstance(each.layer, Activation)}
    if not reductions:
        return Activation(name, _named(functions)) if len(instances) > 1 else None
    axes = {_last_axes(each, last) for each in reductions}
    if len(axes) != 1 or None in axes:
        return None
    width = axes.pop() or 0
    kinds = [each.layer.function for each in reductions if isinstance(each.layer, Reduce)]
    if "exp" in functions and "sum" in kinds:
        return Softmax(name, -1) if width == 1 else None
    if functions & {"sqrt", "pow"} and set(kinds) == {"mean"}:
        return LayerNorm(name, width, scale=False, shift=False, centred=len(kinds) > 1)
    return None


def _named(functions: set[str]) -> str:
    """Return the function that a region of pointwise layers most likely is; all of them cost the same."""
    for known, parts in (("gelu", {"erf", "tanh"}), ("swish", {"sigmoid"}), ("hard-swish", {"hard-sigmoid", "clip"})):
        if functions & parts:
            return known
    return next(iter(sorted(functions)), "compare")


def _last_axes(reduction: LayerInstance, last: LayerInstance) -> int | None:
    """Return how many last axes a reduction takes, keeping them with extent 1; None for any other."""
    before, after = reduction.input_shapes[0], reduction.output_shape
    if len(before) != len(after) or before != last.output_shape:
        return None
    changed = [axis for axis, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    return len(changed) if changed and changed == list(range(changed[0], len(before))) else None


def _rebuilt(network: Network, replaced: Mapping[str, tuple[Layer, str]], gone: set[str]) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name in network.graph:
        if name not in gone:
            graph.add_node(name, layer=replaced[name][0] if name in replaced else network.layer(name))
    for producer, name in network.graph.edges:
        if name not in gone and name not in replaced:
            graph.add_edge(producer, name, operands=network.graph.edges[producer, name]["operands"])
    for name, (_, source) in replaced.items():
        graph.add_edge(source, name, operands=(0,))
    return graph


def scaled_behind_products(graph: nx.DiGraph[str], results: AbstractSet[str]) -> None:
    """Put a factor of one number, by which an operand of a product of two activations is multiplied, behind the product.

    There it joins the product. Exporters multiply queries, keys or both by attention's scale.
    """
    for product in [name for name in graph if isinstance(graph.nodes[name]["layer"], MatMul)]:
        for ahead in list(graph.predecessors(product)):
            factor = _factor_ahead(graph, ahead, results)
            if factor is not None and product not in results:
                (source,) = graph.predecessors(factor)
                replace_reads(graph, factor, source)
                replace_reads(graph, product, factor)
                graph.remove_edge(source, factor)
                graph.add_edge(product, factor, operands=(0,))


def _factor_ahead(graph: nx.DiGraph[str], name: str, results: AbstractSet[str]) -> str | None:
    """Return the factor of one number from which ``name`` follows through views that nothing else reads, or None."""
    while graph.out_degree(name) == 1 and name not in results:
        layer, before = graph.nodes[name]["layer"], list(graph.predecessors(name))
        if isinstance(layer, BatchNorm) and layer.size == 1 and layer.scale and not layer.shift:
            return name
        if not isinstance(layer, ShapeOnly) or len(before) != 1:
            return None
        name = before[0]
    return None


def _moved_ahead(graph: nx.DiGraph[str], results: AbstractSet[str]) -> None:
    """Exchange each new shape with the function of each value behind it, so that the function joins the layer that computes."""
    for name in list(graph):
        before = list(graph.predecessors(name))
        if len(before) != 1 or not of_each_value(graph.nodes[name]["layer"]):
            continue
        view = before[0]
        if not isinstance(graph.nodes[view]["layer"], Reshape) or graph.out_degree(view) != 1 or view in results:
            continue
        exchange(graph, view, name)
