"""The base of every layer: a name, an output shape inferred from its inputs, and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from simcore.errors import InputError
from workloads.layers.windows import Shape

#: The passes of a training step, in the order in which they first run.
PASSES = ("forward", "input_gradient", "weight_gradient", "update")


@dataclass(frozen=True)
class Layer:
    """One node of a network: a named operation with a single output."""

    name: str
    op: ClassVar[str] = "layer"
    #: The pass of a training step to which the layer belongs, one of PASSES.
    pass_name: ClassVar[str] = "forward"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return the output shape. Raise InputError if the inputs do not fit."""
        return self.one(inputs)

    def macs(self, inputs: Sequence[Shape]) -> int:
        """Return the multiply-accumulates of one image, which are 0 for everything except matrix products."""
        return 0

    def parameters(self, inputs: Sequence[Shape]) -> int:
        """Return the number of trained parameters: weights, biases, scales and shifts."""
        return 0

    def with_scale_sim_shapes(self) -> Layer:
        """Return the layer under SCALE-Sim's shape rule, or the layer itself if the rule changes nothing."""
        return self

    def error(self, expected: str, got: object) -> InputError:
        """Return this layer's InputError for an expected value and an actual one."""
        return InputError(f"expected {expected}, got {got}", where=f"layer '{self.name}' ({self.op})")

    def one(self, inputs: Sequence[Shape]) -> Shape:
        """Return the only input. Raise InputError for any other number of inputs."""
        if len(inputs) != 1:
            raise self.error("1 input", len(inputs))
        return inputs[0]

    def image(self, inputs: Sequence[Shape]) -> tuple[int, int, int]:
        """Return channels, height and width of the only input. Raise InputError if it is not an image."""
        shape = self.one(inputs)
        if len(shape) != 3:
            raise self.error("an image (channels, height, width)", shape)
        return shape[0], shape[1], shape[2]

    def require_positive(self, field: str, value: object) -> None:
        """Raise InputError unless ``value`` is an int of at least 1."""
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.error(f"{field} to be an integer >= 1", repr(value))


@dataclass(frozen=True)
class Input(Layer):
    """A tensor that enters the network."""

    shape: Shape
    op: ClassVar[str] = "input"

    def __post_init__(self) -> None:
        """Raise InputError for a shape without dimensions and for an extent below 1."""
        object.__setattr__(self, "shape", tuple(self.shape))
        if not self.shape:
            raise self.error("at least one dimension", "()")
        for extent in self.shape:
            self.require_positive("every dimension", extent)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        if inputs:
            raise self.error("no inputs", len(inputs))
        return self.shape
