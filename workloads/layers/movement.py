"""Layers that only move words: parts, repeated values, copies in another order, rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.pointwise import ShapeOnly
from workloads.layers.windows import Shape


def _checked(layer: Layer, shape: Shape) -> Shape:
    """Return a result's shape as a tuple. Raise InputError for extents below 1."""
    for extent in shape:
        layer.require_positive("every dimension", extent)
    return tuple(shape)


@dataclass(frozen=True)
class Constant(ShapeOnly):
    """A tensor that the file gives and that another layer reads as an operand: weights of a product, a learnt row."""

    shape: Shape
    trained: bool = True
    op: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked(self, self.shape))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        if inputs:
            raise self.error("no inputs", len(inputs))
        return self.shape

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return prod(self.shape) if self.trained else 0


@dataclass(frozen=True)
class Part(ShapeOnly):
    """Rows and columns picked from the input, in order; its readers fetch only these."""

    shape: Shape
    op: ClassVar[str] = "part"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked(self, self.shape))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return ``shape``. Raise InputError if it has more values than the input."""
        if prod(self.shape) > prod(self.one(inputs)):
            raise self.error(f"at most the {prod(self.one(inputs))} values of its input", self.shape)
        return self.shape


@dataclass(frozen=True)
class Repeat(ShapeOnly):
    """The input's values read again and again, in the larger ``shape``; its readers fetch them as often."""

    shape: Shape
    op: ClassVar[str] = "repeat"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked(self, self.shape))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return ``shape``. Raise InputError unless it is a multiple of the input's values."""
        if prod(self.shape) % prod(self.one(inputs)):
            raise self.error(f"a multiple of the {prod(self.one(inputs))} values of its input", self.shape)
        return self.shape


@dataclass(frozen=True)
class Copy(Layer):
    """Words that are fetched in another order, or some of them, and written as a tensor of ``shape``."""

    shape: Shape
    op: ClassVar[str] = "copy"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked(self, self.shape))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        self.one(inputs)
        return self.shape


@dataclass(frozen=True)
class Embedding(Layer):
    """One row of ``width`` values for each index of the input, from a learnt table of ``rows`` rows."""

    rows: int
    width: Shape
    op: ClassVar[str] = "embedding"

    def __post_init__(self) -> None:
        self.require_positive("rows", self.rows)
        object.__setattr__(self, "width", _checked(self, self.width))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return *self.one(inputs), *self.width

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return self.rows * prod(self.width)


@dataclass(frozen=True)
class Resample(Layer):
    """An input at other sizes: each result is made from ``taps`` neighbouring values."""

    shape: Shape
    taps: int = 1
    op: ClassVar[str] = "resize"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked(self, self.shape))
        self.require_positive("taps", self.taps)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        self.one(inputs)
        return self.shape


@dataclass(frozen=True)
class Reduce(Layer):
    """Sums, means, products or extremes over some axes; ``shape`` is what remains."""

    shape: Shape
    function: str = "mean"
    op: ClassVar[str] = "reduce"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked(self, self.shape))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return ``shape``. Raise InputError unless the input's values divide into the results."""
        if prod(self.one(inputs)) % prod(self.shape):
            raise self.error(f"results among which the {prod(self.one(inputs))} values divide", self.shape)
        return self.shape


@dataclass(frozen=True)
class Skipped(ShapeOnly):
    """An operator of a file for which there is no layer, left out on request. It takes no cycles, and its result is there."""

    shape: Shape
    operator: str
    op: ClassVar[str] = "skipped"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return self.shape
