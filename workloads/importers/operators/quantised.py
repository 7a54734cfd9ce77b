"""Products of quantised tensors: the ordinary products without their scales and zero points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workloads.importers.operators.convolutions import CONV
from workloads.importers.operators.node import Axes, Node, Operator
from workloads.importers.operators.products import MATMUL
from workloads.layers import Activation, Reduce


def _without_scales(of: Operator, positions: Sequence[int]) -> Operator:
    """Return an operator that reads only the operands at ``positions``, as ``of`` reads its own."""

    def plain(node: Node) -> Node:
        """Return the node with these operands alone."""
        kept = [position for position in positions if node.has(position)]
        return replace(
            node,
            operands=tuple(node.operands[position] for position in kept),
            sources=tuple(node.sources[position] for position in kept),
        )

    def axes(node: Node) -> Axes:
        return of.axes(plain(node))

    def layers(node: Node) -> Sequence[str]:
        return of.layers(plain(node))

    return Operator(layers, axes)


def _scaled_axes(node: Node) -> Axes:
    """Keep the batch of the values; scale and zero point are numbers that all images share."""
    batch = node.operands[0].batch
    return Axes([batch], [batch, None, None])


def _scaled(node: Node) -> list[str]:
    """Return one pass that finds the largest and the smallest value, for scale and zero point, and one that rounds."""
    source = node.read(0)
    extremes = node.add(Reduce(node.part("extremes"), (1,), "max"), source)
    return [node.add(Activation(node.name, "round"), source), extremes, extremes]


DYNAMIC = Operator(_scaled, _scaled_axes)
LINEAR_CONV = _without_scales(CONV, (0, 3, 8))
CONV_INTEGER = _without_scales(CONV, (0, 1))
LINEAR_MATMUL = _without_scales(MATMUL, (0, 3))
MATMUL_INTEGER = _without_scales(MATMUL, (0, 1))
