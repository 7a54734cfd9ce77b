"""Layer types that keep the number of values: normalisation, activation, softmax, and layers that only rename positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape

ACTIVATIONS = (
    *("relu", "leaky-relu", "elu", "selu", "gelu", "sigmoid", "hard-sigmoid", "tanh", "clip"),
    *("hard-swish", "swish", "mish", "softplus", "softsign", "exp", "sqrt", "erf", "abs", "neg"),
    *("pow", "reciprocal", "log", "sin", "cos", "sign", "round", "floor", "ceil", "celu", "prelu", "threshold", "compare"),
    "trigonometric",
)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Scale and shift by constants. A normalisation with stored statistics is one such pair.

    ``size`` is the number of values of each constant; 0 stands for the input's channels (its first dimension).
    """

    scale: bool = True
    shift: bool = True
    size: int = 0
    op: ClassVar[str] = "batch-norm"
    #: Whether the constants are parameters.
    trained: ClassVar[bool] = True

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return (int(self.scale) + int(self.shift)) * (self.size or self.one(inputs)[0])


@dataclass(frozen=True)
class FixedScaleShift(BatchNorm):
    """Scale or shift by constants that are no parameters: a mask, the cosines of positions, numbers of a buffer."""

    trained: ClassVar[bool] = False

    def parameters(self, inputs: Sequence[Shape]) -> int:
        """Return 0."""
        return 0


@dataclass(frozen=True)
class Activation(Layer):
    """A function of each value separately, one of :data:`ACTIVATIONS`."""

    function: str = "relu"
    op: ClassVar[str] = "activation"

    def __post_init__(self) -> None:
        if self.function not in ACTIVATIONS:
            raise self.error(f"function to be one of {', '.join(ACTIVATIONS)}", repr(self.function))


@dataclass(frozen=True)
class Softmax(Layer):
    """Exponentials divided by their sum along ``axis``.

    ``causal_tokens`` says that a mask hides values: of each T rows, the last has all values, and each before it one less at the
    end than its neighbour. 0 stands for no such mask.
    """

    axis: int = -1
    causal_tokens: int = 0
    op: ClassVar[str] = "softmax"


@dataclass(frozen=True)
class LRN(Layer):
    """Local response normalisation over ``size`` neighbouring channels."""

    size: int = 5
    op: ClassVar[str] = "lrn"

    def __post_init__(self) -> None:
        self.require_positive("size", self.size)


@dataclass(frozen=True)
class ShapeOnly(Layer):
    """A layer without computation: the values keep their order in memory, or only their positions are renamed."""


@dataclass(frozen=True)
class Identity(ShapeOnly):
    """The unchanged input."""

    op: ClassVar[str] = "identity"


@dataclass(frozen=True)
class Dropout(ShapeOnly):
    """The unchanged input, because dropout acts only in training."""

    op: ClassVar[str] = "dropout"


@dataclass(frozen=True)
class Flatten(ShapeOnly):
    """All values in one dimension."""

    op: ClassVar[str] = "flatten"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return (prod(self.one(inputs)),)


@dataclass(frozen=True)
class Reshape(ShapeOnly):
    """The same values in another shape. One extent may be -1, and then follows from the others."""

    shape: Shape
    op: ClassVar[str] = "reshape"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if self.shape.count(-1) > 1 or any(extent < 1 and extent != -1 for extent in self.shape):
            raise self.error("extents >= 1, at most one of them -1", self.shape)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return ``shape`` with its -1 replaced. Raise InputError if it has another number of values than the input."""
        values = prod(self.one(inputs))
        known = prod(extent for extent in self.shape if extent != -1)
        shape = tuple(values // known if extent == -1 else extent for extent in self.shape)
        if prod(shape) != values:
            raise self.error(f"a shape of {values} values, as its input {self.one(inputs)}", self.shape)
        return shape


@dataclass(frozen=True)
class Transpose(ShapeOnly):
    """Dimensions in the order ``order``: output dimension i is input dimension ``order[i]``."""

    order: tuple[int, ...]
    op: ClassVar[str] = "transpose"

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", tuple(self.order))
        if sorted(self.order) != list(range(len(self.order))):
            raise self.error("order to name each dimension once", self.order)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        shape = self.one(inputs)
        if len(shape) != len(self.order):
            raise self.error(f"an input of {len(self.order)} dimensions", shape)
        return tuple(shape[axis] for axis in self.order)
