"""Attention in a network: two products with a softmax between them become one layer where the scores can stay on chip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import networkx as nx

from simcore.spec.system import System
from workloads.dataflow.attention.choice import choose
from workloads.dataflow.attention.work import FlashAttention
from workloads.dataflow.lowering import work_of
from workloads.dataflow.rules.table import rule_of
from workloads.layers import Add, Attention, Dropout, Identity, MatMul, Shape, Softmax
from workloads.network import LayerInstance, Network

#: Reasons for which a network leaves the scores of attention in main memory.
_READ_AGAIN = "another layer reads '{}', too"
_OPERAND = "'{}' reads a tensor of its own beside the scores"
_SHAPES = "heads are broadcast, or axes stand between the products"


@dataclass(frozen=True)
class Block:
    """Attention in a network. The layer ``root`` gives its result; ``parts`` are the layers before it that belong to it.

    ``layer`` is all of them as one layer that reads ``operands`` of ``shapes``, or None where the scores leave the chip: ``why``
    says why.
    """

    root: str
    parts: tuple[str, ...]
    operands: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    layer: Attention | None = None
    why: str = ""


@dataclass(frozen=True)
class Joined:
    """A network in which blocks of attention are one layer each, and the layers that joined these, by name."""

    network: Network
    blocks: tuple[Block, ...]

    @property
    def parts(self) -> dict[str, str]:
        """Return the layers that are parts of others, each with the layer that it joined."""
        return {part: block.root for block in self.blocks if block.layer is not None for part in block.parts}


def on_machine(network: Network, system: System) -> Joined:
    """Return the network as a systolic machine runs it: with attention as one layer, if the machine's key says so."""
    if system.attention == "spilled":
        return Joined(network, ())
    return attention_joined(network, causal=system.attention == "flash-causal", system=system)


def attention_joined(network: Network, *, causal: bool, system: System | None = None) -> Joined:
    """Return the network with attention as one layer, wherever ``system`` can keep the scores on chip; None always can.

    With ``causal`` tiles of scores that a causal mask hides are left out.
    """
    blocks = tuple(_fitted(block, network, causal, system) for block in _blocks(network))
    if not any(block.layer is not None for block in blocks):
        return Joined(network, blocks)
    graph: nx.DiGraph[str] = nx.DiGraph(network.graph)
    for block in blocks:
        if block.layer is not None:
            graph.nodes[block.root]["layer"] = block.layer
            graph.remove_edges_from([*graph.in_edges(block.root)])
            graph.remove_nodes_from(block.parts)
            for position, operand in enumerate(block.operands):
                before = graph.edges[operand, block.root]["operands"] if graph.has_edge(operand, block.root) else ()
                graph.add_edge(operand, block.root, operands=(*before, position))
    return Joined(network.with_graph(graph), blocks)


def _fitted(block: Block, network: Network, causal: bool, system: System | None) -> Block:
    """Return the block for a machine, without its layer if the scores must leave the chip."""
    if block.layer is None:
        return block
    layer = block.layer if causal else replace(block.layer, causal_tokens=0)
    if system is not None:
        shapes = block.shapes
        work = work_of(LayerInstance(block.root, layer, shapes, layer.infer(shapes), network.batch, block.operands))
        assert isinstance(work, FlashAttention)
        found = choose(work.shape, system)
        if isinstance(found, str):
            return replace(block, layer=None, why=found)
    return replace(block, layer=layer)


def _blocks(network: Network) -> Iterator[Block]:
    """Yield every product of a softmax's result, as a block if it can be one."""
    instances = {instance.name: instance for instance in network.instances()}
    for root in instances.values():
        if isinstance(root.layer, MatMul) and root.producers[0] in instances:
            softmax, parts = _behind(instances, root.producers[0], (Dropout, Identity))
            if isinstance(softmax.layer, Softmax):
                yield _block(network, instances, root, softmax.layer, parts)


def _behind(instances: dict[str, LayerInstance], name: str, kinds: tuple[type, ...]) -> tuple[LayerInstance, list[str]]:
    """Return the first layer at or before ``name`` that is of none of the ``kinds``, and the names from there up to ``name``."""
    parts = [name]
    while isinstance(instances[name].layer, kinds) and instances[name].producers[0] in instances:
        name = instances[name].producers[0]
        parts.append(name)
    return instances[name], parts


def _ahead(instances: dict[str, LayerInstance], name: str) -> str | None:
    """Return the layer ahead of one that works on each score with constants, or with a row of its own; None for other layers.

    A row, one value for each key, is the same for all queries and heads, as a mask of padding is. It stays in the vector unit.
    """
    if name not in instances:
        return None
    instance = instances[name]
    if rule_of(instance.layer).joins and len(instance.producers) == 1:
        return instance.producers[0]
    if type(instance.layer) is not Add or len(instance.producers) != 2:
        return None
    whole = instance.output_shape
    for scores, row in ((0, 1), (1, 0)):
        shape = instance.input_shapes[row]
        if instance.input_shapes[scores] == whole and prod(shape) == shape[-1] == whole[-1]:
            return instance.producers[scores]
    return None


def _block(
    network: Network, instances: dict[str, LayerInstance], root: LayerInstance, softmax: Softmax, parts: list[str]
) -> Block:
    """Return the block that ends in the product ``root``. ``parts`` are the layers from it back to the softmax."""
    before = instances[softmax.name].producers[0]
    while (ahead := _ahead(instances, before)) is not None:
        parts.append(before)
        before = ahead
    scores = instances.get(before)
    if scores is None or not isinstance(scores.layer, MatMul):
        return Block(root.name, (), why=_OPERAND.format(before))
    parts.append(before)
    again = next((part for part in parts if network.graph.out_degree(part) != 1), None)
    if again is not None:
        return Block(root.name, (), why=_READ_AGAIN.format(again))
    shapes = (*scores.input_shapes, root.input_shapes[1])
    of_rows = softmax.axis in (-1, len(scores.output_shape) - 1)
    if not of_rows or len({shape[:-2] for shape in shapes}) > 1 or scores.output_shape != root.input_shapes[0]:
        return Block(root.name, (), why=_SHAPES)
    operands = (*scores.producers, root.producers[1])
    return Block(root.name, tuple(reversed(parts)), operands, shapes, Attention(root.name, softmax.causal_tokens))
