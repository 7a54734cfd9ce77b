"""Convolutions over one and two axes, and transposed ones. One axis is an image of a single row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import prod

from workloads import layers
from workloads.importers.operators.batch import images
from workloads.importers.operators.node import Node, Operator, UnsupportedError
from workloads.importers.operators.volumes import Volume
from workloads.layers import Shape
from workloads.layers.gradients import ZeroGradient
from workloads.layers.windows import Pair

#: The layers of more phases of a stride would be too many, and so would be the taps along an axis.
MOST_PHASES, MOST_TAPS = 1024, 4096


def _conv(node: Node) -> list[str]:
    weight = node.operands[1]
    if not weight.constant:
        raise UnsupportedError(f"{node.op} with weights that are computed")
    groups = node.integer("group", 1)
    node.require_inputs(weight.shape[1] * groups, node.operands[0].shape[1])
    if len(weight.shape) == 5:
        return _conv_of_volume(node, Volume(node, weight.shape[2:]))
    window = Window(node, weight.shape[2:])
    return [window.whole(node.add(_plain_conv(node, window), window.image()))]


def _plain_conv(node: Node, window: Window) -> layers.Conv:
    filters, groups = node.operands[1].shape[0], node.integer("group", 1)
    return layers.Conv(
        node.name, filters, window.kernel, window.stride, window.padding, window.dilation, groups, bias=node.has(2)
    )


def _conv_of_volume(node: Node, volume: Volume) -> list[str]:
    """Return one convolution for each depth of the result. A filter's depths are further channels of it."""
    conv = _plain_conv(node, Window(volume.flat(), volume.kernel[1:]))
    made: list[str] = []
    for at, depths in enumerate(volume.depths()):
        slices = [volume.slice(depth) for depth in depths]
        slab = slices[0] if len(slices) == 1 else node.add(layers.Concat(node.part(f"depths_{at}"), 0), *slices)
        first = made[0] if made else ""
        one = layers.SharedConv(**{**vars(conv), "name": node.part(f"conv_{at}")}, counted=at == 0, shares=first)
        made.append(node.add(one, slab))
    return volume.joined(made)


class Window:
    """The window of a convolution or pool over images, and the views that make images of rows."""

    def __init__(self, node: Node, kernel: Sequence[int]) -> None:
        """Read strides, dilations and padding. Raise UnsupportedError for three axes and more."""
        if len(kernel) not in (1, 2):
            raise UnsupportedError(f"{node.op} of {len(kernel)} dimensions")
        self.node = node
        self.is_row = len(kernel) == 1
        self.kernel = self._pair(kernel)
        self.stride = self._pair(node.listed("strides", [1] * len(kernel)))
        self.dilation = self._pair(node.listed("dilations", [1] * len(kernel)))
        self.padding = self._padding()

    def _pair(self, found: Sequence[int]) -> Pair:
        if len(found) != (1 if self.is_row else 2):
            raise UnsupportedError(f"{self.node.op} with a window of {len(found)} dimensions")
        return (1, int(found[0])) if self.is_row else (int(found[0]), int(found[1]))

    def _padding(self) -> tuple[int, ...]:
        """Return (top, left, bottom, right) from ``pads`` or ``auto_pad``. SAME gives an output of ceil(input / stride)."""
        mode = self.node.attributes.get("auto_pad", b"NOTSET").decode()
        if mode == "VALID":
            return 0, 0, 0, 0
        if mode == "NOTSET":
            pads = tuple(int(pad) for pad in self.node.attributes.get("pads", (0,) * (2 if self.is_row else 4)))
            return (0, pads[0], 0, pads[1]) if self.is_row else pads
        before, after = [], []
        for extent, taps, step, spread in zip(self.extents(), self.kernel, self.stride, self.dilation, strict=True):
            total = max(0, (-(-extent // step) - 1) * step + (taps - 1) * spread + 1 - extent)
            smaller, larger = total // 2, total - total // 2
            before.append(larger if mode == "SAME_LOWER" else smaller)
            after.append(smaller if mode == "SAME_LOWER" else larger)
        return (*before, *after)

    def extents(self) -> Pair:
        """Return height and width of the input."""
        shape = self.node.operands[0].shape[2:]
        return (1, shape[0]) if self.is_row else (shape[0], shape[1])

    def image(self) -> str:
        """Return the layer that makes the input, as an image."""
        source, shape = self.node.read(0), self.node.shape(0)
        if not self.is_row:
            return source
        return self.node.add(layers.Reshape(self.node.part("image"), (shape[0], 1, shape[1])), source)

    def whole(self, made: str) -> str:
        """Return the layer that makes the result in the node's own shape."""
        return self.node.add(layers.Reshape(self.node.part("row"), self.node.result()), made) if self.is_row else made


def _conv_transpose(node: Node) -> list[str]:
    """Add one convolution for each phase of the stride, and the view that is their whole."""
    weight = node.operands[1]
    if not weight.constant:
        raise UnsupportedError(f"{node.op} with weights that are computed")
    window, groups, shape = Window(node, weight.shape[2:]), node.integer("group", 1), _image(node.result())
    if prod(window.stride) > MOST_PHASES or max(window.kernel) > MOST_TAPS:
        raise UnsupportedError(f"{node.op} of more than {MOST_PHASES} phases or {MOST_TAPS} taps")
    node.require_inputs(weight.shape[0], node.operands[0].shape[1])
    padding = _transposed_padding(node, window, shape)
    of = layers.Conv(f"{node.name}.of", weight.shape[0], window.kernel, window.stride, padding, window.dilation, groups)
    whole = layers.ConvTransposePhase(node.name, of, shape, bias=node.has(2))
    source, parts, empty = window.image(), [], 0
    for residues in product(range(window.stride[0]), range(window.stride[1])):
        part = replace(whole, residues=residues)
        rows, columns = part.axes()
        if not (rows.taps and columns.taps):
            empty += rows.positions * columns.positions
        elif rows.positions and columns.positions:
            alone = window.stride == (1, 1)
            name = node.name if alone else node.part(f"phase_{residues[0]}_{residues[1]}")
            parts.append(node.add(replace(part, name=name), source))
    if empty:
        parts.append(node.add(ZeroGradient(node.part("zeros"), (shape[0], empty))))
    whole_image = parts[0] if window.stride == (1, 1) else node.add(layers.Phases(node.name, shape), *parts)
    return [window.whole(whole_image)]


def _image(shape: Shape) -> Shape:
    return shape if len(shape) == 3 else (shape[0], 1, shape[1])


def _transposed_padding(node: Node, window: Window, shape: Shape) -> tuple[int, ...]:
    """Return the leading padding that the result loses. Where the file gives the result's shape, both sides lose half of it."""
    if node.attributes.get("auto_pad", b"NOTSET") == b"NOTSET" and "output_shape" not in node.attributes:
        return window.padding
    lower = node.attributes.get("auto_pad") == b"SAME_LOWER"
    before = []
    for extent, out, taps, step, spread in zip(
        window.extents(), shape[1:], window.kernel, window.stride, window.dilation, strict=True
    ):
        total = max(0, (extent - 1) * step + (taps - 1) * spread + 1 - out)
        before.append(total - total // 2 if lower else total // 2)
    return *before, *before


CONV = Operator(_conv, images)
CONV_TRANSPOSE = Operator(_conv_transpose, images)
