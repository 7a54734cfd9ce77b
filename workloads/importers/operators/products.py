"""Matrix products: with weights they are linear layers, of two activations they are products of their own."""

from __future__ import annotations

from workloads import layers
from workloads.importers.operators.batch import kept_outside, operand_batches, shared_by_images
from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node, Operator, UnsupportedError


def _gemm_axes(node: Node) -> Axes:
    batches = operand_batches(node)
    rows = 1 if node.integer("transA") else 0
    first = batches[0]
    if any(batches[1:]) or (first is not None and (first.axis != rows or not node.operands[1].constant)):
        raise LostBatchError(f"Gemm '{node.name}' does not have the batch in the rows of A alone")
    return Axes(batches, [None if first is None else Batch(0, first.outer)])


def _gemm(node: Node) -> list[str]:
    """Return a linear layer, or a product of activations. Its factors alpha and beta are part of the weights."""
    left, right = node.operands[:2]
    if left.constant:
        raise UnsupportedError("Gemm with a constant A")
    source = node.read(0)
    if node.integer("transA") and len(node.shape(0)) == 2:
        source = node.add(layers.Transpose(node.part("a"), (1, 0)), source)
    inputs, outputs = right.shape
    if node.integer("transB"):
        inputs, outputs = outputs, inputs
    node.require_inputs(inputs, left.shape[0 if node.integer("transA") else -1])
    added = node.has(2) and not (node.operands[2].constant and right.constant)
    name = node.part("product") if added else node.name
    if right.constant:
        made = node.add(node.linear(outputs, bias=node.has(2) and not added, name=name), source)
    else:
        columns = node.read(1)
        if node.integer("transB"):
            columns = node.add(layers.Transpose(node.part("b"), (1, 0)), columns)
        made = node.add(layers.MatMul(name), source, columns)
    return [node.add(layers.Add(node.name), made, node.read(2)) if added else made]


def _matmul_axes(node: Node) -> Axes:
    """Follow the batch through the leading axes of both operands, or through the rows of A if B has no batch."""
    rank, batches = len(node.output), operand_batches(node)[:2]
    places = set()
    for index, batch in enumerate(batches):
        if batch is None:
            continue
        width, last = len(node.operands[index].shape), 1 if index == 0 else 2
        is_row = index == 0 and batch.axis == width - 2
        if batch.axis >= width - last or (is_row and not _is_matrix(node, 1)):
            raise LostBatchError(f"{node.op} '{node.name}' multiplies along the batch")
        places.add(Batch(rank - width + batch.axis, batch.outer))
    if len(places) > 1:
        raise LostBatchError(f"{node.op} '{node.name}' has the batch at different axes of its operands")
    place = places.pop() if places else None
    others: list[Batch | None] = [None] * (len(node.operands) - 2)
    if place is not None and not _is_matrix(node, 1):
        batches = [shared_by_images(node, index, place) for index in (0, 1)]
    return Axes([*batches, *others], [place])


def _is_matrix(node: Node, position: int) -> bool:
    return node.operands[position].constant and len(node.operands[position].shape) == 2


def _matmul(node: Node) -> list[str]:
    left, right = node.operands[:2]
    if left.constant and right.constant:
        raise UnsupportedError(f"{node.op} of two constants")
    if _is_matrix(node, 1):
        node.require_inputs(right.shape[0], left.shape[-1])
        return [node.add(node.linear(right.shape[1], bias=False), node.read(0))]
    if len(node.shape(0)) < 2 or len(node.shape(1)) < 2:
        raise UnsupportedError(f"{node.op} of a vector")
    return [node.add(layers.MatMul(node.name), node.read(0), node.read(1))]


def _linear(node: Node) -> list[str]:
    """Return a linear layer whose matrix has its outputs ahead of its inputs."""
    outputs, inputs = node.operands[1].shape
    node.require_inputs(inputs, node.operands[0].shape[-1])
    return [node.add(node.linear(outputs, bias=node.has(2)), node.read(0))]


#: A linear layer as PyTorch has it: values (..., inputs), a matrix (outputs, inputs), a bias.
LINEAR = Operator(_linear, kept_outside(lambda node: [-1]))
GEMM = Operator(_gemm, _gemm_axes)
MATMUL = Operator(_matmul, _matmul_axes)
