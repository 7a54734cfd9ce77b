"""Pooling: the largest or mean value of a window, or of a whole channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Padding, Pair, Shape, as_padding, as_pair, window_positions


@dataclass(frozen=True)
class Pool(Layer):
    """Largest ("max") or mean ("avg") value of each window. Sizes are as in :class:`Conv`.

    ``ceil_mode`` rounds the number of windows up, but no window begins beyond the input and its leading padding.
    """

    kind: str
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    ceil_mode: bool = False
    op: ClassVar[str] = "pool"

    def __post_init__(self) -> None:
        for field in ("kernel", "stride", "dilation"):
            object.__setattr__(self, field, as_pair(self.name, field, getattr(self, field)))
        object.__setattr__(self, "padding", as_padding(self.name, self.padding))
        require_pool_kind(self, self.kind)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return (channels, rows, columns) of the windows. Raise InputError for an image smaller than a window."""
        channels, height, width = self.image(inputs)
        rows, columns = window_positions(
            (height, width), self.kernel, self.stride, self.padding, self.dilation, round_up=self.ceil_mode, drop_outside=True
        )
        if rows < 1 or columns < 1:
            raise self.error(f"an input of at least the window's extent {self.kernel}, padding included", (height, width))
        return channels, rows, columns


@dataclass(frozen=True)
class GlobalPool(Layer):
    """Largest or mean value of each channel: (C, H, W) -> (C, 1, 1)."""

    kind: str = "avg"
    op: ClassVar[str] = "global-pool"

    def __post_init__(self) -> None:
        require_pool_kind(self, self.kind)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return self.image(inputs)[0], 1, 1


def require_pool_kind(layer: Layer, kind: str) -> None:
    """Raise InputError unless ``kind`` is "max" or "avg"."""
    if kind not in ("max", "avg"):
        raise layer.error("kind 'max' or 'avg'", repr(kind))
