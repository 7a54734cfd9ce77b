"""Normalisations by the statistics of each input's own values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Values divided by their deviation over the last ``axes`` axes, which are one row, then scaled and shifted.

    With ``centred`` the mean is taken off first; without it this is the root-mean-square normalisation.
    """

    axes: int = 1
    scale: bool = True
    shift: bool = True
    centred: bool = True
    op: ClassVar[str] = "layer-norm"

    def __post_init__(self) -> None:
        self.require_positive("axes", self.axes)

    def row(self, inputs: Sequence[Shape]) -> int:
        """Return the values of a row. Raise InputError for an input with fewer axes."""
        shape = self.one(inputs)
        if self.axes > len(shape):
            raise self.error(f"an input of at least {self.axes} axes", shape)
        return prod(shape[-self.axes :])

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return (int(self.scale) + int(self.shift)) * self.row(inputs)


@dataclass(frozen=True)
class GroupNorm(Layer):
    """Values less their mean, divided by their deviation, both over one of ``groups`` equal parts of the channels.

    The channels are the first axis; each has a scale and a shift. With as many groups as channels this is the instance
    normalisation.
    """

    groups: int = 1
    op: ClassVar[str] = "group-norm"

    def __post_init__(self) -> None:
        self.require_positive("groups", self.groups)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return the input's shape. Raise InputError for channels that do not divide into the groups."""
        shape = self.one(inputs)
        if shape[0] % self.groups:
            raise self.error(f"channels that are a multiple of groups ({self.groups})", shape[0])
        return shape

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return 2 * self.one(inputs)[0]
