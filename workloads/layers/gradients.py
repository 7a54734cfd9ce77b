"""Layers of the backward pass: the gradients of each layer's inputs and weights.

As in other layers, shapes do not include the batch. The gradient of a weight belongs to the whole batch and has the weight's
shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.joins import Add
from workloads.layers.phases import StridePhase, phase
from workloads.layers.pointwise import ShapeOnly
from workloads.layers.products import Conv, Linear, MatMul
from workloads.layers.windows import Pair, Shape


@dataclass(frozen=True)
class InputGradient(Layer):
    """Gradient of an input of shape ``shape``, computed from ``reads`` inputs.

    The inputs are the output's gradient and the tensors that the forward pass kept.
    """

    shape: Shape
    reads: ClassVar[int] = 1
    pass_name: ClassVar[str] = "input_gradient"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        if len(inputs) != self.reads:
            raise self.error(f"{self.reads} inputs", len(inputs))
        return self.shape


@dataclass(frozen=True)
class ConvInputGradient(Layer):
    """The gradient of a convolution's input, of shape ``image_shape``, at the rows and columns ``residues`` modulo the stride.

    It reads the output's gradient, (filters, rows, columns).
    """

    of: Conv
    image_shape: Shape
    residues: Pair = (0, 0)
    op: ClassVar[str] = "conv"
    pass_name: ClassVar[str] = "input_gradient"

    def axes(self) -> tuple[StridePhase, StridePhase]:
        """Return the phase along the height and along the width."""
        conv = self.of
        rows, columns = (
            phase(
                extent=self.image_shape[axis + 1],
                kernel=conv.kernel[axis],
                stride=conv.stride[axis],
                padding=conv.padding[axis],
                dilation=conv.dilation[axis],
                residue=self.residues[axis],
            )
            for axis in (0, 1)
        )
        return rows, columns

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return (channels, rows, columns) of the image. Raise InputError unless the gradient has the filters of the layer."""
        filters = self.image(inputs)[0]
        if filters != self.of.out_channels:
            raise self.error(f"the gradient of {self.of.out_channels} filters", filters)
        rows, columns = self.axes()
        return self.image_shape[0], rows.positions, columns.positions

    def macs(self, inputs: Sequence[Shape]) -> int:
        rows, columns = self.axes()
        return prod(self.infer(inputs)) * len(rows.taps) * len(columns.taps) * (self.of.out_channels // self.of.groups)


@dataclass(frozen=True)
class LinearInputGradient(InputGradient):
    """The output's gradient times the weight matrix."""

    of: Linear
    op: ClassVar[str] = "linear"

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(self.shape) * self.of.out_features


@dataclass(frozen=True)
class MatMulInputGradient(InputGradient):
    """Gradient of one operand of a product.

    For operand 0 it is the output's gradient times operand 1 transposed. For operand 1 it is operand 0 transposed times the
    output's gradient. The two tensors are read in the order in which they are named here.
    """

    of: MatMul
    operand: int
    reads: ClassVar[int] = 2
    op: ClassVar[str] = "matmul"

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(self.shape) * (inputs[0][-1] if self.operand == 0 else inputs[0][-2])


@dataclass(frozen=True)
class WeightGradient(Layer):
    """Gradient of the weights, summed over the batch. It reads the layer's input and the output's gradient."""

    pass_name: ClassVar[str] = "weight_gradient"

    def two(self, inputs: Sequence[Shape]) -> tuple[Shape, Shape]:
        """Return the layer's input and the output's gradient. Raise InputError for any other number of inputs."""
        if len(inputs) != 2:
            raise self.error("2 inputs", len(inputs))
        return inputs[0], inputs[1]


@dataclass(frozen=True)
class ConvWeightGradient(WeightGradient):
    """Gradient of a convolution's filters, (filters, channels of a group, height, width)."""

    of: Conv
    op: ClassVar[str] = "conv"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        image, gradient = self.two(inputs)
        if tuple(gradient) != self.of.infer([image]):
            raise self.error(f"the gradient of an output {self.of.infer([image])}", gradient)
        return self.of.out_channels, image[0] // self.of.groups, *self.of.kernel

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(self.infer(inputs)) * prod(inputs[1][1:])


@dataclass(frozen=True)
class LinearWeightGradient(WeightGradient):
    """Gradient of a weight matrix, (out features, in features)."""

    of: Linear
    op: ClassVar[str] = "linear"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        image, gradient = self.two(inputs)
        if tuple(gradient) != self.of.infer([image]):
            raise self.error(f"the gradient of an output {self.of.infer([image])}", gradient)
        return self.of.out_features, image[-1]

    def macs(self, inputs: Sequence[Shape]) -> int:
        return prod(inputs[0]) * self.of.out_features


@dataclass(frozen=True)
class ActivationGradient(InputGradient):
    """The output's gradient times the function's slope, which follows from the kept value: the output or else the input."""

    reads: ClassVar[int] = 2
    op: ClassVar[str] = "activation"


@dataclass(frozen=True)
class ScaledGradient(InputGradient):
    """The output's gradient times a factor that needs no stored value: a dropout mask or a negation."""

    op: ClassVar[str] = "scale"


@dataclass(frozen=True)
class BatchNormGradient(InputGradient):
    """Gradient of a batch normalisation, which reads the output's gradient and the layer's input.

    One pass over a channel gives the two sums that are the gradients of scale and shift; a second pass gives the input's
    gradient.
    """

    reads: ClassVar[int] = 2
    op: ClassVar[str] = "batch-norm"


@dataclass(frozen=True)
class SoftmaxGradient(InputGradient):
    """Gradient of a softmax, which reads the output's gradient and the output.

    One pass over a row sums their product; a second pass gives the gradient.
    """

    axis: int
    reads: ClassVar[int] = 2
    op: ClassVar[str] = "softmax"


@dataclass(frozen=True)
class LossGradient(InputGradient):
    """The probabilities, minus one at the label. It reads the probabilities, and the labels, one word for each set of them."""

    reads: ClassVar[int] = 2
    op: ClassVar[str] = "softmax-loss"


@dataclass(frozen=True)
class AveragePoolGradient(InputGradient):
    """Distributes each output's gradient over the ``taps`` places of its window. Overlapping windows are added."""

    taps: int
    op: ClassVar[str] = "pool"


@dataclass(frozen=True)
class MaxPoolGradient(AveragePoolGradient):
    """Moves each output's gradient to the place of the maximum, which the forward pass stored and which is the second input."""

    reads: ClassVar[int] = 2


@dataclass(frozen=True)
class ZeroGradient(InputGradient):
    """``shape`` words of zero: the gradient of input positions that no output reads. It writes words and reads none."""

    reads: ClassVar[int] = 0
    op: ClassVar[str] = "zeros"


@dataclass(frozen=True)
class ZeroInsertion(InputGradient):
    """The output's gradient with stride - 1 zeros between its rows and columns."""

    op: ClassVar[str] = "zeros"


@dataclass(frozen=True)
class GradientSum(Add):
    """Sum of the gradients of a tensor that several layers read."""

    pass_name: ClassVar[str] = "input_gradient"


@dataclass(frozen=True)
class GradientView(ShapeOnly):
    """A view, without cycles, of the output's gradient or of adjacent gradients in the shape ``shape`` of the input or a part of
    it.
    """

    shape: Shape
    op: ClassVar[str] = "view"
    pass_name: ClassVar[str] = "input_gradient"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return self.shape
