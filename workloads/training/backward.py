"""Gradients of one layer: which layers of the way back it takes, what each reads, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from workloads.layers import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    GlobalPool,
    Linear,
    MatMul,
    Pool,
    Shape,
    ShapeOnly,
    Softmax,
)
from workloads.layers.gradients import (
    ActivationGradient,
    AveragePoolGradient,
    BatchNormGradient,
    ConvInputGradient,
    ConvWeightGradient,
    GradientView,
    LinearInputGradient,
    LinearWeightGradient,
    MatMulInputGradient,
    MaxPoolGradient,
    ScaledGradient,
    SoftmaxGradient,
    ZeroGradient,
    ZeroInsertion,
)
from workloads.network import LayerInstance, NetworkBuilder
from workloads.training.supported import SLOPE_FROM_OUTPUT

#: Ways to run the input gradient of a convolution with a stride.
STRIDED = ("phases", "zeros")


@dataclass(frozen=True)
class Backward:
    """What the gradients of a layer are made from: the name of its output's gradient, and the inputs that want one."""

    builder: NetworkBuilder
    instance: LayerInstance
    gradient: str
    wanted: tuple[bool, ...]
    strided: str

    @property
    def name(self) -> str:
        """Name of the layer's input gradient."""
        return f"{self.instance.name}.input_gradient"

    @property
    def shape(self) -> Shape:
        """Shape of the layer's first input."""
        return self.instance.input_shapes[0]


@dataclass(frozen=True)
class Gradients:
    """Names of what was added: the gradient of each input position that wants one, and whether the weights have one."""

    inputs: dict[int, str] = field(default_factory=dict)
    weights: bool = False


def gradients_of(back: Backward) -> Gradients:
    """Add the gradients of a layer's inputs and weights."""
    kind = next(kind for kind in _RULES if isinstance(back.instance.layer, kind))
    return _RULES[kind](back)


def _conv(back: Backward) -> Gradients:
    conv = back.instance.layer
    assert isinstance(conv, Conv)
    inputs = {}
    if back.wanted[0]:
        if conv.stride == (1, 1):
            inputs[0] = back.builder.add(ConvInputGradient(back.name, conv, back.shape), [back.gradient])
        else:
            inputs[0] = _by_phases(back, conv) if back.strided == "phases" else _with_zeros(back, conv)
    weights = ConvWeightGradient(f"{conv.name}.weight_gradient", conv)
    back.builder.add(weights, [back.instance.producers[0], back.gradient])
    return Gradients(inputs, weights=True)


def _by_phases(back: Backward, conv: Conv) -> str:
    """One convolution per phase that has pixels and taps; pixels of phases without taps are filled with zeros."""
    parts, empty = [], 0
    for residues in product(range(conv.stride[0]), range(conv.stride[1])):
        part = ConvInputGradient(f"{back.name}.phase_{residues[0]}_{residues[1]}", conv, back.shape, residues)
        rows, columns = part.axes()
        if rows.taps and columns.taps:
            parts += [back.builder.add(part, [back.gradient])] if rows.positions and columns.positions else []
        else:
            empty += rows.positions * columns.positions
    if empty:
        parts.append(back.builder.add(ZeroGradient(f"{back.name}.zeros", (back.shape[0], empty)), []))
    return back.builder.add(GradientView(back.name, back.shape), parts)


def _with_zeros(back: Backward, conv: Conv) -> str:
    """Zeros between the output's gradients, then a convolution of stride 1."""
    filters, rows, columns = back.instance.output_shape
    spread = (filters, (rows - 1) * conv.stride[0] + 1, (columns - 1) * conv.stride[1] + 1)
    inserted = back.builder.add(ZeroInsertion(f"{back.name}.zero_insertion", spread), [back.gradient])
    return back.builder.add(ConvInputGradient(back.name, replace(conv, stride=(1, 1)), back.shape), [inserted])


def _linear(back: Backward) -> Gradients:
    linear = back.instance.layer
    assert isinstance(linear, Linear)
    inputs = {}
    if back.wanted[0]:
        inputs[0] = back.builder.add(LinearInputGradient(back.name, back.shape, linear), [back.gradient])
    weights = LinearWeightGradient(f"{linear.name}.weight_gradient", linear)
    back.builder.add(weights, [back.instance.producers[0], back.gradient])
    return Gradients(inputs, weights=True)


def _matmul(back: Backward) -> Gradients:
    matmul = back.instance.layer
    assert isinstance(matmul, MatMul)
    left, right = back.instance.producers
    inputs = {}
    for operand, reads in enumerate(([back.gradient, right], [left, back.gradient])):
        if back.wanted[operand]:
            shape = back.instance.input_shapes[operand]
            inputs[operand] = back.builder.add(MatMulInputGradient(f"{back.name}.{operand}", shape, matmul, operand), reads)
    return Gradients(inputs)


def _pool(back: Backward) -> Gradients:
    layer = back.instance.layer
    assert isinstance(layer, Pool | GlobalPool)
    taps = prod(layer.kernel) if isinstance(layer, Pool) else prod(back.shape[1:])
    if layer.kind == "max":
        made = back.builder.add(MaxPoolGradient(back.name, back.shape, taps), [back.gradient, back.instance.name])
    else:
        made = back.builder.add(AveragePoolGradient(back.name, back.shape, taps), [back.gradient])
    return Gradients({0: made})


def _batch_norm(back: Backward) -> Gradients:
    kept = back.instance.producers[0]
    return Gradients({0: back.builder.add(BatchNormGradient(back.name, back.shape), [back.gradient, kept])})


def _activation(back: Backward) -> Gradients:
    layer = back.instance.layer
    assert isinstance(layer, Activation)
    if layer.function == "neg":
        return _scaled(back)
    kept = back.instance.name if layer.function in SLOPE_FROM_OUTPUT else back.instance.producers[0]
    return Gradients({0: back.builder.add(ActivationGradient(back.name, back.shape), [back.gradient, kept])})


def _scaled(back: Backward) -> Gradients:
    return Gradients({0: back.builder.add(ScaledGradient(back.name, back.shape), [back.gradient])})


def _softmax(back: Backward) -> Gradients:
    layer = back.instance.layer
    assert isinstance(layer, Softmax)
    made = SoftmaxGradient(back.name, back.shape, layer.axis)
    return Gradients({0: back.builder.add(made, [back.gradient, back.instance.name])})


def _view(back: Backward) -> Gradients:
    return Gradients({0: back.builder.add(GradientView(back.name, back.shape), [back.gradient])})


def _add(back: Backward) -> Gradients:
    """The output's gradient is that of every operand."""
    made = back.builder.add(GradientView(back.name, back.shape), [back.gradient])
    return Gradients(dict.fromkeys((position for position, wanted in enumerate(back.wanted) if wanted), made))


def _concat(back: Backward) -> Gradients:
    """Each operand's part of the output's gradient."""
    inputs = {}
    for position, shape in enumerate(back.instance.input_shapes):
        if back.wanted[position]:
            inputs[position] = back.builder.add(GradientView(f"{back.name}.{position}", shape), [back.gradient])
    return Gradients(inputs)


_RULES: dict[type, Callable[[Backward], Gradients]] = {
    Conv: _conv,
    Linear: _linear,
    MatMul: _matmul,
    Pool: _pool,
    GlobalPool: _pool,
    BatchNorm: _batch_norm,
    Activation: _activation,
    Softmax: _softmax,
    Add: _add,
    Concat: _concat,
    Dropout: _scaled,
    ShapeOnly: _view,
}
