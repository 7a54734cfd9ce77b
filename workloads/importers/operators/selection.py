"""The largest values along an axis."""

from __future__ import annotations

from workloads import layers
from workloads.importers.operators.batch import kept_outside
from workloads.importers.operators.node import Node, Operator, UnsupportedError


def _top_k(node: Node) -> list[str]:
    """Return one layer, which gives values and places."""
    count = node.integers(1, "k")
    if not count:
        raise UnsupportedError(f"{node.op} of a computed number of values")
    axis = node.axis(node.integer("axis", -1))
    name = node.add(layers.TopK(node.name, count[0], axis - len(node.shape(0))), node.read(0))
    return [name, name]


TOP_K = Operator(_top_k, kept_outside(lambda node: [node.integer("axis", -1)]))
