"""Sizes of words of a quantised graph: from the types of its tensors to the results and weights of layers.

Only integers and short floats have sizes of their own. Tensors of ordinary floats have the machine's words, as in other graphs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import networkx as nx

from workloads.importers.graph import GraphNode
from workloads.layer_words import RESULT, WEIGHTS
from workloads.layers import Copy, ShapeOnly
from workloads.network import Network

#: Operators by which a quantised graph is known.
QUANTISING = frozenset(
    (
        *("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger"),
        "MatMulInteger",
    )
)
#: Bytes of a word by the number of its type in ONNX: (u)int8 and 4 and 2 bits, which fill a byte each; (u)int16; (u)int32; floats
#: of 8 and 4 bits.
TYPES = {
    **dict.fromkeys((2, 3, 21, 22, 25, 26), 1),
    **dict.fromkeys((4, 5), 2),
    **dict.fromkeys((6, 12), 4),
    **dict.fromkeys((17, 18, 19, 20, 23, 24), 1),
}
#: Operators without a layer: the words stay where they are, as they are.
SAME_WORDS = frozenset(("Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"))
#: Operators that rename words: of a constant, or of a tensor that stays where it is.
VIEWS = frozenset(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Expand"))


def tensor_sizes(nodes: Sequence[tuple[str, Sequence[str], Sequence[str]]], types: Mapping[str, int]) -> dict[str, int]:
    """Return the bytes of a word of each tensor that has a size of its own.

    ``nodes`` are operators with the tensors that they read and give, also those of constants. ``types`` are the numbers of types
    in ONNX. What dequantisation, a cast or a view gives has the words that it reads. A graph that quantises nothing has none.
    """
    if not any(op in QUANTISING for op, _, _ in nodes):
        return {}
    found = {tensor: TYPES[number] for tensor, number in types.items() if number in TYPES}
    for op, inputs, outputs in nodes:
        if op in (SAME_WORDS | VIEWS) - {"QuantizeLinear"} and inputs and inputs[0] in found:
            for tensor in outputs:
                found.setdefault(tensor, found[inputs[0]])
    return found


class Stored:
    """In which words the tensors of a graph are stored."""

    def __init__(self, nodes: Sequence[GraphNode], results: AbstractSet[str], sizes: Mapping[str, int]) -> None:
        """Begin with the nodes in order, the tensors that leave the graph, and the sizes of :func:`tensor_sizes`."""
        self.results, self.sizes = results, sizes
        self.readers: dict[str, list[GraphNode]] = {}
        for node in nodes:
            for tensor in node.inputs:
                self.readers.setdefault(tensor, []).append(node)

    def size(self, tensor: str) -> int | None:
        """Return the bytes of a word of a tensor where it is stored, or None for the machine's own.

        A tensor without a size that is read only to be quantised is stored as that gives it.
        """
        while tensor not in self.sizes:
            after = {node.outputs[0] for node in self.readers.get(tensor, ()) if node.op in SAME_WORDS}
            alone = all(node.op in SAME_WORDS for node in self.readers.get(tensor, ()))
            if tensor in self.results or not alone or len(after) != 1:
                given = {self.sizes.get(each) for each in after}
                return given.pop() if alone and len(given) == 1 and tensor not in self.results else None
            (tensor,) = after
        return self.sizes[tensor]


def with_words(network: Network, results: Mapping[str, int], weights: Mapping[str, int]) -> Network:
    """Return the network with these sizes of words of layers' results and weights.

    A view has the words of the tensor that it renames, and what only a view reads is written as the view says.
    """
    if not results and not weights:
        return network
    graph: nx.DiGraph[str] = nx.DiGraph(network.graph)
    sizes = {name: results.get(name) for name in graph}
    for name in reversed(network.order()):
        readers = list(graph.successors(name))
        if sizes[name] is None and len(readers) == 1 and isinstance(network.layer(readers[0]), ShapeOnly):
            sizes[name] = sizes[readers[0]]
    for name in network.order():
        before = {sizes[producer] for producer in graph.predecessors(name)}
        if sizes[name] is None and isinstance(network.layer(name), ShapeOnly | Copy) and len(before) == 1:
            (sizes[name],) = before
    for name in graph:
        graph.nodes[name][RESULT], graph.nodes[name][WEIGHTS] = sizes[name], weights.get(name)
    return network.with_graph(graph)
