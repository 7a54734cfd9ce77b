"""Layers with several inputs: elementwise sum and product, concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class Add(Layer):
    """Elementwise sum of two or more activations, which broadcast."""

    op: ClassVar[str] = "add"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        if len(inputs) < 2:
            raise self.error("at least 2 inputs", len(inputs))
        return broadcast(self, inputs)


@dataclass(frozen=True)
class Mul(Add):
    """Elementwise product of two or more activations, which broadcast."""

    op: ClassVar[str] = "mul"


@dataclass(frozen=True)
class Combine(Add):
    """Another function of two or more activations, value by value, which broadcast: a maximum, a choice, a comparison."""

    function: str = "max"
    op: ClassVar[str] = "combine"


@dataclass(frozen=True)
class Concat(Layer):
    """The inputs in sequence along ``axis`` (0 is the channel axis of an image)."""

    axis: int = 0
    op: ClassVar[str] = "concat"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return the inputs' shape with their extents along ``axis`` added. Raise InputError for inputs that differ elsewhere."""
        if not inputs:
            raise self.error("at least 1 input", 0)
        first = inputs[0]
        if not -len(first) <= self.axis < len(first):
            raise self.error(f"axis to be within the input {first}", self.axis)
        axis = self.axis % len(first)
        for shape in inputs:
            if len(shape) != len(first) or shape[:axis] + shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
                raise self.error(f"inputs equal to {first} except along axis {axis}", shape)
        return *first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :]


def broadcast(layer: Layer, shapes: Sequence[Shape]) -> Shape:
    """Return the common shape under numpy's rule, or raise InputError if there is none.

    Missing leading dimensions and extents of 1 are stretched.
    """
    rank = max(len(shape) for shape in shapes)
    aligned = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    common = tuple(max(extents) for extents in zip(*aligned, strict=True))
    for shape in aligned:
        if any(extent not in (1, whole) for extent, whole in zip(shape, common, strict=True)):
            raise layer.error("inputs of equal shape", " and ".join(str(tuple(shape)) for shape in shapes))
    return common
