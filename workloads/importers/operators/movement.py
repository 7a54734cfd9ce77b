"""Operators that pick, join, repeat or pad values: parts, splits, concatenations, gathers."""

from __future__ import annotations

from math import prod

from workloads import layers
from workloads.importers.operators.batch import joined, kept, kept_outside, operand_batches
from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node, Operator, UnsupportedError


def _changed_axes(node: Node) -> list[int]:
    """Return the axes whose extent the node changes."""
    before, after = node.operands[0].shape, node.output
    return [axis for axis, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]


def _strides(node: Node) -> list[int]:
    return node.integers(4, "steps") or [1]


def _slice(node: Node) -> list[str]:
    """Return a part. One that picks single words of the last axis, or turns it round, is a copy."""
    if node.shape(0) == node.result() and min(_strides(node)) > 0:
        return [node.add(layers.Identity(node.name), node.read(0))]
    axes = node.integers(3, "axes") or list(range(len(_strides(node))))
    last = len(node.output) - 1
    steps = {axis % (last + 1): step for axis, step in zip(axes, _strides(node), strict=False)}
    scattered = steps.get(last, 1) != 1
    return [node.add((layers.Copy if scattered else layers.Part)(node.name, node.result()), node.read(0))]


def _split(node: Node) -> list[str]:
    """Return one part for each result that has values."""
    source, parts = node.read(0), []
    for index, whole in enumerate(node.outputs):
        if len(node.outputs) == 1:
            parts.append(source)
        else:
            parts.append("" if 0 in whole else node.add(layers.Part(node.part(str(index)), node.result(index)), source))
    return parts


def _concat(node: Node) -> list[str]:
    """Return the operands behind each other, without those that have no values."""
    sources = [node.read(index) for index, operand in enumerate(node.operands) if operand.present and 0 not in operand.shape]
    axis = _concat_axis(node)
    return [node.add(layers.Concat(node.name, axis if axis < 0 else node.axis(axis)), *sources)]


def _pad(node: Node) -> list[str]:
    if node.shape(0) == node.result():
        return [node.add(layers.Identity(node.name), node.read(0))]
    return [node.add(layers.Copy(node.name, node.result()), node.read(0))]


def _tile(node: Node) -> list[str]:
    return [node.add(layers.Repeat(node.name, node.result()), node.read(0))]


# Gathers ----------------------------------------------------------------------------------------------------------------------


def _gather_axes(node: Node) -> Axes:
    """Follow the batch through the indices of a table, or through the other axes of gathered values."""
    (data, indices), batches = node.operands[:2], operand_batches(node)
    axis = node.integer("axis") % max(1, len(data.shape))
    if batches[0] is not None and batches[1] is not None:
        raise LostBatchError(f"{node.op} '{node.name}' picks by indices of each image")
    if batches[1] is not None:
        return Axes(batches, [Batch(axis + batches[1].axis, batches[1].outer)])
    if batches[0] is None:
        return Axes(batches, [None])
    if batches[0].axis == axis:
        raise LostBatchError(f"{node.op} '{node.name}' picks along the batch")
    moved = len(indices.shape) - 1 if batches[0].axis > axis else 0
    return Axes(batches, [Batch(batches[0].axis + moved, batches[0].outer)])


def _gather(node: Node) -> list[str]:
    """Return rows of a table for computed indices; a part for constant ones, if they pick whole rows; else a copy."""
    data, indices = node.operands[:2]
    axis = node.integer("axis") % max(1, len(data.shape))
    if data.constant and axis == 0:
        return [_embedding(node, node.read(1))]
    if indices.constant and (axis < len(data.shape) - 1 or len(indices.shape) == 0):
        shape = node.result()
        if prod(shape) <= prod(node.shape(0)):
            return [node.add(layers.Part(node.name, shape or (1,)), node.read(0))]
    return [node.add(layers.Copy(node.name, node.result() or (1,)), node.read(1 if data.constant else 0))]


def _embedding(node: Node, indices: str) -> str:
    """Return the rows of the table, in the shape of the result: a vector with one index for each image has one row."""
    width = node.operands[0].shape[1:]
    shape = node.result()[: len(node.result()) - len(width)]
    if node.writer.shape(indices) != shape:
        indices = node.add(layers.Reshape(node.part("indices"), shape), indices)
    node.writer.first_with(node.operands[0].name, node.name)
    return node.add(layers.Embedding(node.name, node.operands[0].shape[0], width), indices)


def _gather_nd_axes(node: Node) -> Axes:
    """Follow the batch through the axes that constant indices leave whole, or through the axes that ``batch_dims`` names."""
    indices, batches, alike = node.operands[1], operand_batches(node), node.integer("batch_dims")
    depth = indices.shape[-1] + alike
    if batches[1] is not None:
        if batches[1].axis >= len(indices.shape) - 1 or (batches[0] is not None and batches[0] != batches[1]):
            raise LostBatchError(f"{node.op} '{node.name}' picks along the batch")
        return Axes(batches, [batches[1]])
    if batches[0] is None:
        return Axes(batches, [None])
    if alike <= batches[0].axis < depth:
        raise LostBatchError(f"{node.op} '{node.name}' picks along the batch")
    moved = 0 if batches[0].axis < alike else len(indices.shape) - 1 - depth + alike
    return Axes(batches, [Batch(batches[0].axis + moved, batches[0].outer)])


def _picked(node: Node) -> list[str]:
    read = next((index for index in (0, 1) if not node.operands[index].constant), None)
    if read is None:
        raise UnsupportedError(f"{node.op} of constants")
    return [node.add(layers.Copy(node.name, node.result() or (1,)), node.read(read))]


def _gather_elements_axes(node: Node) -> Axes:
    found = {batch for batch in operand_batches(node) if batch is not None}
    axis = node.integer("axis") % max(1, len(node.output))
    if len(found) > 1 or axis in {batch.axis for batch in found}:
        raise LostBatchError(f"{node.op} '{node.name}' picks along the batch")
    place = found.pop() if found else None
    return Axes([None if operand.batch is None else place for operand in node.operands], [place])


def _concat_axis(node: Node) -> int:
    return node.integer("axis", 1)


SLICE = Operator(_slice, kept_outside(_changed_axes))
SPLIT = Operator(_split, kept_outside(lambda node: [node.integer("axis")]))
CONCAT = Operator(_concat, joined(_concat_axis))
PAD = Operator(_pad, kept_outside(_changed_axes))
TILE = Operator(_tile, kept_outside(_changed_axes))
GATHER = Operator(_gather, _gather_axes)
GATHER_ND = Operator(_picked, _gather_nd_axes)
GATHER_ELEMENTS = Operator(_picked, _gather_elements_axes)
CUMULATED = Operator(lambda node: [node.add(layers.Copy(node.name, node.result()), node.read(0))], kept)
