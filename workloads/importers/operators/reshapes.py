"""Operators that give the same values, in the same order or with their axes exchanged, another shape."""

from __future__ import annotations

from workloads import layers
from workloads.importers.operators.batch import images, kept, order_of, permuted, reshaped
from workloads.importers.operators.node import Node, Operator, UnsupportedError


def _reshape(node: Node) -> list[str]:
    shape = node.result()
    return [node.add(layers.Flatten(node.name) if len(shape) == 1 else layers.Reshape(node.name, shape), node.read(0))]


def _transpose(node: Node) -> list[str]:
    before, after = node.axes.operands[0], len(node.shape(0))
    order = order_of(node)
    if before is not None and after < len(order):
        order = [axis - (axis > before.axis) for axis in order if axis != before.axis]
    return [node.add(layers.Transpose(node.name, tuple(order)), node.read(0))]


def _rearranged(node: Node) -> list[str]:
    """Return a copy: blocks of an image become channels, or channels become blocks, word by word."""
    return [node.add(layers.Copy(node.name, node.result()), node.read(0))]


def _handed_on(node: Node) -> list[str]:
    """Return the operand itself: only a name or a number format changes."""
    if node.operands[0].constant:
        raise UnsupportedError(f"{node.op} of a constant")
    return [node.read(0)]


def _dropout(node: Node) -> list[str]:
    return [node.add(layers.Dropout(node.name), node.read(0))]


RESHAPE = Operator(_reshape, reshaped)
TRANSPOSE = Operator(_transpose, permuted)
REARRANGED = Operator(_rearranged, images)
HANDED_ON = Operator(_handed_on, kept)
DROPOUT = Operator(_dropout, kept)
