"""Where the batch goes: rules that follow its axis from the operands of a node to its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node
from workloads.layers import Shape

AxesRule = Callable[[Node], Axes]


def operand_batches(node: Node) -> list[Batch | None]:
    """Return where the batch lies in each operand of a node, as its producers gave it."""
    return [operand.batch for operand in node.operands]


def broadcast(node: Node) -> Axes:
    """Follow the batch through a function of each value: operands are aligned at their last axes.

    All images share an operand without a batch, which must have the extent 1 where its shape covers the batch's axis.
    """
    rank, batches = len(node.output), operand_batches(node)
    places = {
        Batch(rank - len(node.operands[index].shape) + batch.axis, batch.outer)
        for index, batch in enumerate(batches)
        if batch is not None
    }
    if not places:
        return Axes(batches, [None] * len(node.outputs))
    if len(places) > 1:
        raise LostBatchError(f"{node.op} '{node.name}' joins tensors with the batch at different axes")
    place = places.pop()
    for index in range(len(batches)):
        batches[index] = shared_by_images(node, index, place)
    return Axes(batches, [place] * len(node.outputs))


def shared_by_images(node: Node, position: int, place: Batch) -> Batch | None:
    """Return where an operand has the batch if the result has it at ``place`` and the last axes of both are aligned.

    Raise LostBatchError for an operand without a batch that has other values for each image.
    """
    operand = node.operands[position]
    axis = place.axis - (len(node.output) - len(operand.shape))
    if operand.batch is not None or not operand.present or axis < 0 or node.output[place.axis] != node.count:
        return operand.batch
    if operand.shape[axis] != 1 and not (operand.constant and operand.shape[axis] == node.count):
        raise LostBatchError(f"{node.op} '{node.name}' joins images with a tensor that has no batch")
    return Batch(axis)


def kept(node: Node) -> Axes:
    """Follow the batch through a node whose results have the axes of its first operand."""
    batches = operand_batches(node)
    return Axes(batches, [batches[0]] * len(node.outputs))


def kept_outside(axes_of: Callable[[Node], Sequence[int]]) -> AxesRule:
    """Return a rule for results with the axes of the first operand, where the batch must not be among ``axes_of(node)``."""

    def rule(node: Node) -> Axes:
        batch, rank = node.operands[0].batch, len(node.operands[0].shape)
        if batch is not None and batch.axis in {axis % rank for axis in axes_of(node) if rank}:
            raise LostBatchError(f"{node.op} '{node.name}' works along the batch")
        return kept(node)

    return rule


def images(node: Node) -> Axes:
    """Read axis 0 of the first operand as the batch, and give it as axis 0 of every result."""
    first = node.operands[0]
    if not first.shape or first.shape[0] != node.count:
        raise LostBatchError(f"{node.op} '{node.name}' reads {first.shape}, whose axis 0 is not the batch of {node.count}")
    if node.count > 1 and first.batch != Batch(0):
        raise LostBatchError(f"{node.op} '{node.name}' takes axis 0 as the batch, which lies elsewhere")
    others = [None] * (len(node.operands) - 1)
    return Axes([Batch(0), *others], [Batch(0)] * len(node.outputs))


def permuted(node: Node) -> Axes:
    """Follow the batch through a transposition."""
    batch = node.operands[0].batch
    order = order_of(node)
    moved = None if batch is None else Batch(order.index(batch.axis), batch.outer)
    return Axes([batch], [moved])


def order_of(node: Node) -> list[int]:
    """Return the order of the axes of a transposition."""
    rank = len(node.operands[0].shape)
    return [int(axis) for axis in node.attributes.get("perm", range(rank - 1, -1, -1))]


def reshaped(node: Node) -> Axes:
    """Follow the batch through a new shape of the same values in the same order."""
    batches = operand_batches(node)
    return Axes(batches, [reshaped_batch(node.operands[0].shape, batches[0], node.output, node.count)])


def reshaped_batch(before: Shape, batch: Batch | None, after: Shape, count: int) -> Batch | None:
    """Return where the batch lies after a new shape: an axis of its own if there is one, else a factor of an axis but the last,
    if possible the outermost factor.

    Raise LostBatchError if no axis of the new shape contains the batch.
    """
    if batch is None:
        return None
    outside = prod(before[: batch.axis]) * batch.outer
    found = []
    for axis, extent in enumerate(after):
        ahead = prod(after[:axis])
        if outside % ahead or (ahead * extent) % (outside * count):
            continue
        alone = extent == count and ahead == outside
        found.append((not alone, axis == len(after) - 1, outside > ahead, axis, outside // ahead))
    if not found:
        raise LostBatchError(f"no axis of {after} holds the batch of {before}")
    *_, axis, outer = min(found)
    return Batch(axis, outer)


def joined(axis_of: Callable[[Node], int]) -> AxesRule:
    """Return a rule for tensors that stand behind each other along ``axis_of(node)``, which must not be the batch."""

    def rule(node: Node) -> Axes:
        """Keep the batch of the operands, which must agree on it."""
        found = {operand.batch for operand in node.operands if not operand.constant}
        axis = axis_of(node) % max(1, len(node.output))
        if found == {None}:
            return Axes([None] * len(node.operands), [None])
        if len(found) > 1 or axis in {batch.axis for batch in found if batch is not None}:
            raise LostBatchError(f"{node.op} '{node.name}' joins tensors along the batch or with the batch at different axes")
        batch = found.pop()
        for operand in node.operands:
            if operand.constant and batch is not None and operand.shape[batch.axis] != node.count:
                raise LostBatchError(f"{node.op} '{node.name}' joins images with a constant of another batch")
        return Axes([batch] * len(node.operands), [batch])

    return rule


def without_axes(batch: Batch | None, rank: int, removed: Sequence[int], node: Node) -> Batch | None:
    """Return where the batch lies once the axes ``removed`` are gone, which must not hold it."""
    gone = {axis % rank for axis in removed if rank}
    if batch is None:
        return None
    if batch.axis in gone:
        raise LostBatchError(f"{node.op} '{node.name}' works along the batch")
    return Batch(batch.axis - sum(axis < batch.axis for axis in gone), batch.outer)
