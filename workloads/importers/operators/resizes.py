"""Other sizes of an image."""

from __future__ import annotations

from workloads import layers
from workloads.importers.operators.batch import images
from workloads.importers.operators.node import Node, Operator, UnsupportedError

#: Neighbours along each resized axis from which a result is made.
NEIGHBOURS = {"nearest": 1, "linear": 2, "cubic": 4}


def _resize(node: Node) -> list[str]:
    mode = node.attributes.get("mode", b"nearest").decode()
    if mode not in NEIGHBOURS:
        raise UnsupportedError(f"{node.op} of mode '{mode}'")
    changed = sum(old != new for old, new in zip(node.operands[0].shape, node.output, strict=True))
    if not changed:
        return [node.add(layers.Identity(node.name), node.read(0))]
    return [node.add(layers.Resample(node.name, node.result(), NEIGHBOURS[mode] ** changed), node.read(0))]


def _sampled(node: Node) -> list[str]:
    """Return values at places that another tensor gives, each from its four neighbours or the nearest one."""
    taps = 1 if node.attributes.get("mode", b"linear") == b"nearest" else 4
    return [node.add(layers.Resample(node.name, node.result(), taps), node.read(0))]


RESIZE = Operator(_resize, images)
SAMPLED = Operator(_sampled, images)
