"""Convolutions and pools over three axes, as layers over two: one for each depth of the result.

A filter's depths are further channels of one convolution, whose weights all depths of the result share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workloads import layers
from workloads.importers.operators.node import Node, UnsupportedError

#: The layers of more depths would be too many.
MOST_DEPTHS = 4096
#: The most depths that all of a result's depths read.
MOST_READS = 1 << 17


class Volume:
    """An operand (channels, depth, height, width), and the windows along its depth."""

    def __init__(self, node: Node, kernel: Sequence[int]) -> None:
        """Read strides, dilations and padding along the depth. Raise UnsupportedError for padding by a rule."""
        if node.attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
            raise UnsupportedError(f"{node.op} of 3 dimensions with automatic padding")
        self.node, self.kernel = node, list(kernel)
        self.stride, self.dilation = node.listed("strides", [1] * 3), node.listed("dilations", [1] * 3)
        self.pads = node.listed("pads", [0] * 6)
        self.channels, self.depth, *self.image = node.shape(0)
        self.source = node.read(0)
        self.slices: dict[int, str] = {}

    def flat(self) -> Node:
        """Return the node as it is along height and width."""
        node, pads = self.node, self.pads
        plane = {"strides": self.stride[1:], "dilations": self.dilation[1:], "pads": [*pads[1:3], *pads[4:6]]}
        shape = node.operands[0].shape
        image = replace(node.operands[0], shape=(*shape[:2], *shape[3:]))
        return replace(node, attributes=node.attributes | plane, operands=(image, *node.operands[1:]))

    def depths(self) -> list[list[int]]:
        """Return, for each depth of the result, the depths that it reads, which may lie in the padding."""
        first, out = -self.pads[0], self.node.result()[1]
        if max(out, self.kernel[0]) > MOST_DEPTHS or out * self.kernel[0] > MOST_READS:
            raise UnsupportedError(f"{self.node.op} of more than {MOST_DEPTHS} depths")
        return [[first + at * self.stride[0] + tap * self.dilation[0] for tap in range(self.kernel[0])] for at in range(out)]

    def slice(self, depth: int) -> str:
        """Return the image at a depth, or one of zeros in the padding."""
        key = depth if 0 <= depth < self.depth else -1
        if key not in self.slices:
            shape = (self.channels, *self.image)
            if key < 0:
                self.slices[key] = self.node.add(layers.Constant(self.node.part("padding"), shape, trained=False))
            else:
                self.slices[key] = self.node.add(layers.Part(self.node.part(f"depth_{key}"), shape), self.source)
        return self.slices[key]

    def joined(self, images: Sequence[str]) -> list[str]:
        """Return the results of all depths as one."""
        node, shape = self.node, self.node.result()
        one = (shape[0], 1, *shape[2:])
        parts = [node.add(layers.Reshape(node.part(f"at_{at}"), one), image) for at, image in enumerate(images)]
        return [node.add(layers.Concat(node.name, 1), *parts)]
