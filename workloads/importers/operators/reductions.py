"""Sums, means, products and extremes over any axes."""

from __future__ import annotations

from workloads import layers
from workloads.importers.operators.batch import without_axes
from workloads.importers.operators.node import Axes, Node, Operator


def _axes(node: Node) -> list[int]:
    """Return the reduced axes: an attribute or, in newer versions, an operand; all axes without either."""
    rank = len(node.operands[0].shape)
    if node.op in ("ArgMax", "ArgMin"):
        return [node.integer("axis") % rank]
    found = node.integers(1, "axes") or []
    if not found and not node.integer("noop_with_empty_axes"):
        return list(range(rank))
    return [axis % rank for axis in found]


def _followed(node: Node) -> Axes:
    batch, removed = node.operands[0].batch, _axes(node)
    after = without_axes(batch, len(node.operands[0].shape), removed, node)
    others = [None] * (len(node.operands) - 1)
    return Axes([batch, *others], [batch if node.integer("keepdims", 1) else after])


def _reduce(node: Node) -> list[str]:
    """Return a global pool for a mean or maximum over height and width of an image, and a reduction for any other."""
    image, source = node.operands[0].shape, node.read(0)
    if node.shape(0) == node.result():
        return [node.add(layers.Identity(node.name), source)]
    if len(image) == 4 and len(node.shape(0)) == 3 and node.op in ("ReduceMean", "ReduceMax") and sorted(_axes(node)) == [2, 3]:
        pool = node.add(layers.GlobalPool(node.name, "max" if node.op == "ReduceMax" else "avg"), source)
        return [pool if node.integer("keepdims", 1) else node.add(layers.Flatten(node.part("flatten")), pool)]
    return [node.add(layers.Reduce(node.name, node.result() or (1,), node.op.removeprefix("Reduce").lower()), source)]


REDUCE = Operator(_reduce, _followed)
