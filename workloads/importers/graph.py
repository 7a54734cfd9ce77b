"""A graph of nodes as the translation takes it, whatever program wrote it: operators and attributes of ONNX, known shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workloads.importers.onnx_sizes import FileBatch
from workloads.importers.operators.node import Value
from workloads.layers import Shape

#: What a rule raises for operands and attributes of numbers, ranks and types that ONNX's checker lets pass.
UNFIT = (IndexError, KeyError, ValueError, TypeError, AttributeError, ZeroDivisionError, OverflowError)


@dataclass
class Shapes:
    """What is known of a graph's tensors, by name. ``constants`` do not depend on the network's inputs, or only on shapes.

    ``types`` are the numbers of types in ONNX, where they are known. ``fixed`` are constants that do not depend on weights.
    """

    shapes: dict[str, Shape] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    types: dict[str, int] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class GraphNode:
    """A node: an operator of ``table.py``, its attributes, and the tensors that it reads and gives, "" for absent ones."""

    op: str
    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    own_domain: bool = True


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which they can run. ``inputs`` names the tensors that enter, without weights, ``results`` those that
    leave.

    ``where`` names the file or module in errors, and ``writer`` the program that gave the shapes. ``opset`` is the version of the
    operators. ``word_bytes`` are the sizes of words of a quantised graph's tensors (see ``quantised_words.py``).
    """

    nodes: Sequence[GraphNode]
    inputs: Sequence[str]
    results: Sequence[str]
    found: Shapes
    batch: FileBatch
    where: str
    writer: str
    opset: int
    word_bytes: Mapping[str, int] = field(default_factory=dict)


def without_unread(graph: Graph) -> tuple[Graph, list[str]]:
    """Return the graph without the nodes that none of its results needs, and the names of these nodes."""
    wanted, kept, gone = set(graph.results), list[GraphNode](), list[str]()
    for node in reversed(graph.nodes):
        if wanted.isdisjoint(node.outputs):
            gone.append(node.name)
        else:
            kept.append(node)
            wanted.update(node.inputs)
    return replace(graph, nodes=kept[::-1]), gone[::-1]
