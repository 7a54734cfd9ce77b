"""Attention as one operator: its two products, with the softmax between them; and the rotation of positions."""

from __future__ import annotations

from math import prod

from workloads import layers
from workloads.importers.operators.batch import kept
from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node, Operator, UnsupportedError


def _axes(node: Node) -> Axes:
    """Read axis 0 of queries, keys, values and their cache as the batch; a mask has it or not."""
    wanted: list[Batch | None] = []
    for index, operand in enumerate(node.operands):
        is_mask = index == 3
        if is_mask and operand.batch is None:
            wanted.append(None)
        elif operand.present and (operand.batch not in (None, Batch(0)) or operand.shape[0] != node.count):
            raise LostBatchError(f"{node.op} '{node.name}' does not have the batch at axis 0")
        else:
            wanted.append(Batch(0) if operand.present else None)
    return Axes(wanted, [Batch(0)] * len(node.outputs))


def _heads(node: Node, position: int, heads: int) -> str:
    """Return queries, keys or values as (heads, length, width), with the cached ones ahead of them.

    Where no axis is the batch, the heads of all images stand behind each other.
    """
    source, shape = node.read(position), node.shape(position)
    if len(shape) == 4:
        source = node.add(layers.Reshape(node.part(f"merged_{position}"), (shape[0] * shape[1], *shape[2:])), source)
    if len(shape) == 2:
        split = layers.Reshape(node.part(f"split_{position}"), (shape[0], heads, shape[1] // heads))
        source = node.add(layers.Transpose(node.part(f"heads_{position}"), (1, 0, 2)), node.add(split, source))
    past = position + 3
    if position > 0 and node.has(past) and 0 not in node.operands[past].shape:
        source = node.add(layers.Concat(node.part(f"cached_{position}"), 1), node.read(past), source)
    return source


def _attention(node: Node) -> list[str]:
    """Queries of several heads that share keys and values stand behind each other as the rows of one product."""
    rank = len(node.shape(0))
    query_heads, shared = (
        (node.integer("q_num_heads"), node.integer("kv_num_heads"))
        if rank == 2
        else (prod(node.shape(0)[:-2]), prod(node.shape(1)[:-2]))
    )
    if not shared or query_heads % shared or rank not in (2, 3, 4):
        raise UnsupportedError(f"{node.op} with {query_heads} heads of queries for {shared} of keys")
    queries, keys, values = (_heads(node, index, query_heads if index == 0 else shared) for index in range(3))
    _, rows, width = node.writer.shape(queries)
    if query_heads != shared:
        grouped = layers.Reshape(node.part("groups"), (shared, query_heads // shared * rows, width))
        queries = node.add(grouped, queries)
    turned = node.add(layers.Transpose(node.part("keys"), (0, 2, 1)), keys)
    scores = node.add(layers.MatMul(node.part("scores")), queries, turned)
    if node.has(3):
        scores = node.add(layers.BatchNorm(node.part("mask"), scale=False, size=1), scores)
    # A causal mask over more keys than queries begins at either end, depending on the version of the operator.
    causal = rows if node.integer("is_causal") and rows == node.writer.shape(keys)[1] else 0
    weights = node.add(layers.Softmax(node.part("softmax"), -1, causal), scores)
    result = node.add(layers.MatMul(node.name if rank == 3 and query_heads == shared else node.part("values")), weights, values)
    width = node.writer.shape(values)[-1]
    if query_heads != shared:
        result = node.add(layers.Reshape(node.part("ungrouped"), (query_heads, rows, width)), result)
    if rank == 4:
        result = node.add(layers.Reshape(node.name, node.result()), result)
    if rank == 2:
        turned = node.add(layers.Transpose(node.part("rows"), (1, 0, 2)), result)
        result = node.add(layers.Reshape(node.name, (rows, query_heads * width)), turned)
    return [result, keys, values][: len(node.outputs)]


def _rotary(node: Node) -> list[str]:
    """Return one pass over the values with their cosines and sines, one factor of each for two values."""
    shape = node.shape(0)
    factors = node.add(layers.Constant(node.part("factors"), shape[-2:], trained=False))
    return [node.add(layers.Combine(node.name, "rotary"), node.read(0), factors)]


ATTENTION = Operator(_attention, _axes)
ROTARY = Operator(_rotary, kept)
