"""Matrix products, which run on the array: convolution, linear layer, product of two activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.joins import broadcast
from workloads.layers.windows import Padding, Pair, Shape, as_padding, as_pair, window_positions


@dataclass(frozen=True)
class Conv(Layer):
    """Two-dimensional convolution. It is depthwise if ``groups`` equals the input's channels.

    ``kernel``, ``stride`` and ``dilation`` are (height, width); an int stands for both. ``padding`` is (top, left, bottom,
    right); an int stands for all four sides, and a pair is (vertical, horizontal).

    ``ceil_mode_scale_sim`` selects SCALE-Sim's shape rule, E = ceil((H - f + s) / s), which rounds up where the usual rule rounds
    down. The last windows may then extend beyond the bottom and right edges. The ifmap is treated as extended there, so every tap
    is in range and is counted, as SCALE-Sim counts it (:meth:`padding_for` gives the extension).
    """

    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = False
    ceil_mode_scale_sim: bool = False
    op: ClassVar[str] = "conv"

    def __post_init__(self) -> None:
        """Expand pairs and padding. Raise InputError for sizes below 1 and for filters that do not divide into the groups."""
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, as_pair(self.name, name, getattr(self, name)))
        object.__setattr__(self, "padding", as_padding(self.name, self.padding))
        self.require_positive("out_channels", self.out_channels)
        self.require_positive("groups", self.groups)
        if self.out_channels % self.groups:
            raise self.error(f"out_channels to be a multiple of groups ({self.groups})", self.out_channels)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return (filters, rows, columns). Raise InputError for channels that do not divide into groups and for too small an
        image.
        """
        channels, height, width = self.image(inputs)
        if channels % self.groups:
            raise self.error(f"input channels to be a multiple of groups ({self.groups})", channels)
        rows, columns = self._positions(height, width)
        if rows < 1 or columns < 1:
            raise self.error(f"an input of at least the filter's extent {self.kernel}, padding included", (height, width))
        return self.out_channels, rows, columns

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(self.infer(inputs)) * self.taps(inputs)

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return self.out_channels * (self.taps(inputs) + int(self.bias))

    def taps(self, inputs: Sequence[Shape]) -> int:
        """Return the words of one filter: kernel height x kernel width x channels of a group."""
        return prod(self.kernel) * (self.image(inputs)[0] // self.groups)

    def is_depthwise(self, inputs: Sequence[Shape]) -> bool:
        """Return whether every input channel is a group of its own."""
        return self.groups > 1 and self.groups == self.image(inputs)[0]

    def with_scale_sim_shapes(self) -> Conv:
        return self if self.ceil_mode_scale_sim else replace(self, ceil_mode_scale_sim=True)

    def padding_for(self, inputs: Sequence[Shape]) -> tuple[int, int, int, int]:
        """Return the padding (top, left, bottom, right) that contains every tap. It differs from ``padding`` only with
        SCALE-Sim's rule.
        """
        _, height, width = self.image(inputs)
        top, left, bottom, right = self.padding
        if not self.ceil_mode_scale_sim:
            return top, left, bottom, right
        rows, columns = self._positions(height, width)
        extents = [
            (n - 1) * s + (k - 1) * d + 1
            for n, s, k, d in zip((rows, columns), self.stride, self.kernel, self.dilation, strict=True)
        ]
        return top, left, max(bottom, extents[0] - height - top), max(right, extents[1] - width - left)

    def _positions(self, height: int, width: int) -> tuple[int, int]:
        return window_positions(
            (height, width),
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            round_up=self.ceil_mode_scale_sim,
            drop_outside=False,
        )


@dataclass(frozen=True)
class SharedConv(Conv):
    """A convolution whose weights other layers have, too: the depths of a convolution over three axes.

    Only the layer that is ``counted`` has them among its parameters. ``shares`` names that layer in all others.
    """

    counted: bool = False
    shares: str = field(default="", repr=False)

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return super().parameters(inputs) if self.counted else 0


@dataclass(frozen=True)
class Linear(Layer):
    """Product of the input's last dimension with a weight matrix. All leading dimensions together are the rows of the input."""

    out_features: int
    bias: bool = True
    op: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        self.require_positive("out_features", self.out_features)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return *self.one(inputs)[:-1], self.out_features

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(self.one(inputs)) * self.out_features

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return self.out_features * (self.one(inputs)[-1] + int(self.bias))


@dataclass(frozen=True)
class SharedLinear(Linear):
    """A linear layer whose weights other layers have, too: the steps of a recurrent network, or an embedding's table.

    Only the layer that is ``counted`` has them among its parameters. ``shares`` names that layer in all others, if it is a
    product, too.
    """

    counted: bool = False
    shares: str = field(default="", repr=False)

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return super().parameters(inputs) if self.counted else 0


@dataclass(frozen=True)
class MatMul(Layer):
    """Product of two activations, (..., M, K) by (..., K, N). Leading dimensions are separate products and broadcast."""

    op: ClassVar[str] = "matmul"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return (..., M, N). Raise InputError unless there are two inputs (..., M, K) and (..., K, N)."""
        if len(inputs) != 2:
            raise self.error("2 inputs", len(inputs))
        left, right = inputs
        if len(left) < 2 or len(right) < 2 or left[-1] != right[-2]:
            raise self.error("matrices (..., M, K) and (..., K, N)", f"{left} and {right}")
        return *broadcast(self, [left[:-2], right[:-2]]), left[-2], right[-1]

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(self.infer(inputs)) * inputs[0][-1]
