"""Normalisations and softmax."""

from __future__ import annotations

from math import prod

from workloads import layers
from workloads.importers.operators.batch import images, kept_outside
from workloads.importers.operators.node import Node, Operator, UnsupportedError


def _batch_norm(node: Node) -> list[str]:
    return [node.add(layers.BatchNorm(node.name, size=prod(node.operands[1].shape)), node.read(0))]


def _normalised_axes(node: Node) -> range:
    rank = len(node.operands[0].shape)
    return range(node.integer("axis", -1) % rank, rank)


def _layer_norm(node: Node) -> list[str]:
    """Return a normalisation over the last axes. Its second and third results, mean and deviation, are not there."""
    if node.integer("axis", -1) % len(node.output) == 0 and len(node.shape(0)) < len(node.output):
        raise UnsupportedError(f"{node.op} along the batch")
    norm = layers.LayerNorm(
        node.name, len(_normalised_axes(node)), node.has(1), node.has(2), centred=node.op == "LayerNormalization"
    )
    return [node.add(norm, node.read(0))]


def _group_norm(node: Node) -> list[str]:
    groups = node.integer("num_groups", node.operands[0].shape[1])
    return [node.add(layers.GroupNorm(node.name, groups), node.read(0))]


def _lrn(node: Node) -> list[str]:
    return [node.add(layers.LRN(node.name, node.integer("size", 1)), node.read(0))]


def _softmax_axis(node: Node) -> int:
    """Return the axis of a softmax. Before version 13 its default is 1, and it covers that axis and all behind it."""
    return node.integer("axis", -1 if node.opset >= 13 else 1)


def _softmax(node: Node) -> list[str]:
    rank = len(node.operands[0].shape)
    axis = _softmax_axis(node) % rank
    if node.opset < 13 and axis < rank - 1 and prod(node.operands[0].shape[axis + 1 :]) > 1:
        before = (*node.shape(0)[: node.axis(axis)], prod(node.operands[0].shape[axis:]))
        flat = node.add(layers.Reshape(node.part("rows"), before), node.read(0))
        made = node.add(layers.Softmax(node.name, -1), flat)
        return [node.add(layers.Reshape(node.part("whole"), node.result()), made)]
    own = node.axis(axis)
    return [node.add(layers.Softmax(node.name, own - len(node.shape(0)) if axis == rank - 1 else own), node.read(0))]


BATCH_NORM = Operator(_batch_norm, images)
LAYER_NORM = Operator(_layer_norm, kept_outside(_normalised_axes))
GROUP_NORM = Operator(_group_norm, images)
LOCAL_RESPONSE = Operator(_lrn, images)
SOFTMAX = Operator(_softmax, kept_outside(lambda node: [_softmax_axis(node)]))
LP_NORM = Operator(
    lambda node: [node.add(layers.LayerNorm(node.name, 1, scale=False, shift=False, centred=False), node.read(0))],
    kept_outside(lambda node: [node.integer("axis", -1)]),
)
