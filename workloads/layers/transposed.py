"""Transposed convolution: the transposition of an ordinary convolution, computed phase by phase of its stride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.gradients import ConvInputGradient, ConvWeightGradient
from workloads.layers.pointwise import ShapeOnly
from workloads.layers.products import Conv
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class ConvTransposePhase(ConvInputGradient):
    """The results of a transposed convolution at the rows and columns ``residues`` modulo its stride.

    ``of`` is the ordinary convolution that leads from the result to the input, so its filters are the input's channels. A
    transposed convolution does what the gradient of that convolution's input does (see ``phases.py``): no inserted zero is
    multiplied.
    """

    bias: bool = False
    op: ClassVar[str] = "conv-transpose"
    pass_name: ClassVar[str] = "forward"

    def parameters(self, inputs: Sequence[Shape]) -> int:
        """Return the weights of this phase's taps; the first phase also counts the bias."""
        rows, columns = self.axes()
        filters = self.image_shape[0] // self.of.groups
        weights = len(rows.taps) * len(columns.taps) * self.of.out_channels * filters
        return weights + self.image_shape[0] * int(self.bias and self.residues == (0, 0))


@dataclass(frozen=True)
class ConvTransposeInputGradient(Conv):
    """The gradient of a transposed convolution's input: the convolution that it transposes, over the gradient of all phases."""

    pass_name: ClassVar[str] = "input_gradient"

    def parameters(self, inputs: Sequence[Shape]) -> int:
        """Return 0: the weights are those of the forward pass."""
        return 0


@dataclass(frozen=True)
class ConvTransposeWeightGradient(ConvWeightGradient):
    """The gradient of a transposed convolution's weights. Its image is the gradient of all phases, and its input the gradient."""


@dataclass(frozen=True)
class Phases(ShapeOnly):
    """The phases of a transposed convolution as one image; each wrote its own rows and columns of it."""

    shape: Shape
    op: ClassVar[str] = "phases"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return self.shape
