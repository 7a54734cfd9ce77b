"""The torch module of each kind of layer. Needs torch.

Numbers that a layer does not state (a slope, a probability, an epsilon) are torch's defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from math import inf
from typing import Any

import torch
from torch import Tensor, nn

from workloads import layers
from workloads.network import LayerInstance

#: (top, left, bottom, right).
Sides = Sequence[int]


class Computed(nn.Module):
    """A function of the layer's inputs, without parameters."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def layer_module(instance: LayerInstance) -> nn.Module:
    """Return the module of a layer, with weights drawn from torch's generator. Call it with the layer's inputs, batch first.

    Raise InputError for a layer that torch cannot train as described.
    """
    make = _MADE.get(type(instance.layer))
    if make is None:
        known = ", ".join(sorted(kind.op for kind in _MADE))
        raise instance.layer.error(f"a layer that can be trained ({known})", instance.layer.op)
    return make(instance.layer, instance)


def _conv(layer: layers.Conv, instance: LayerInstance) -> nn.Module:
    sides = layer.padding_for(instance.input_shapes)
    even = _is_even(sides)
    conv = nn.Conv2d(
        instance.input_shapes[0][0],
        layer.out_channels,
        layer.kernel,
        layer.stride,
        (sides[0], sides[1]) if even else 0,
        layer.dilation,
        layer.groups,
        layer.bias,
    )
    return conv if even else nn.Sequential(nn.ZeroPad2d(_torch_order(sides)), conv)


def _linear(layer: layers.Linear, instance: LayerInstance) -> nn.Module:
    return nn.Linear(instance.input_shapes[0][-1], layer.out_features, layer.bias)


def _batch_norm(layer: layers.BatchNorm, instance: LayerInstance) -> nn.Module:
    shape = instance.input_shapes[0]
    if layer.scale != layer.shift or layer.size not in (0, shape[0]) or len(shape) > 3:
        raise layer.error(
            f"a normalisation with a scale and a shift, or neither, of each of {shape[0]} channels",
            f"scale {layer.scale}, shift {layer.shift}, {layer.size or shape[0]} values, for inputs {shape}",
        )
    made = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return made(shape[0], affine=layer.scale)


def _pool(layer: layers.Pool, instance: LayerInstance) -> nn.Module:
    sides = layer.padding
    native = _is_even(sides) and all(2 * side <= taps for side, taps in zip(sides[:2], layer.kernel, strict=True))
    if layer.kind == "avg":
        if not native or layer.dilation != (1, 1):
            raise layer.error("a mean without dilation, padded alike on both sides by half a window at most", f"padding {sides}")
        return nn.AvgPool2d(layer.kernel, layer.stride, (sides[0], sides[1]), layer.ceil_mode, count_include_pad=False)
    pool = partial(nn.MaxPool2d, layer.kernel, layer.stride, dilation=layer.dilation)
    if native:
        return pool(padding=(sides[0], sides[1]), ceil_mode=layer.ceil_mode)
    _, rows, columns = instance.output_shape
    whole = _sides_of_windows(layer, instance.input_shapes[0], (rows, columns))
    return nn.Sequential(nn.ConstantPad2d(_torch_order(whole), -inf), pool())


def _sides_of_windows(layer: layers.Pool, image: Sequence[int], positions: tuple[int, int]) -> Sides:
    """Return the padding that exactly or amply fits this number of window positions."""
    ends = []
    for axis in (0, 1):
        extent = (positions[axis] - 1) * layer.stride[axis] + (layer.kernel[axis] - 1) * layer.dilation[axis] + 1
        ends.append(max(0, extent - image[axis + 1] - layer.padding[axis]))
    return *layer.padding[:2], *ends


def _is_even(sides: Sides) -> bool:
    """Return whether padding is the same at top and bottom, and at left and right."""
    return tuple(sides[:2]) == tuple(sides[2:])


def _torch_order(sides: Sides) -> tuple[int, int, int, int]:
    """Return (left, right, top, bottom)."""
    top, left, bottom, right = sides
    return left, right, top, bottom


def _global_pool(layer: layers.GlobalPool, instance: LayerInstance) -> nn.Module:
    return nn.AdaptiveAvgPool2d(1) if layer.kind == "avg" else nn.AdaptiveMaxPool2d(1)


def _activation(layer: layers.Activation, instance: LayerInstance) -> nn.Module:
    made = _ACTIVATIONS.get(layer.function)
    if made is None:
        raise layer.error(f"a function that torch trains, one of {', '.join(_ACTIVATIONS)}", layer.function)
    return made() if isinstance(made, type) else Computed(made)


def _softmax(layer: layers.Softmax, instance: LayerInstance) -> nn.Module:
    return nn.Softmax(_with_batch(layer.axis))


def _concat(layer: layers.Concat, instance: LayerInstance) -> nn.Module:
    axis = _with_batch(layer.axis)
    return Computed(lambda *inputs: torch.cat(inputs, axis))


def _with_batch(axis: int) -> int:
    """Return the index, in the shape of a batch, of an axis of one image."""
    return axis + 1 if axis >= 0 else axis


def _join(function: Callable[[Tensor, Tensor], Tensor], layer: layers.Layer, instance: LayerInstance) -> nn.Module:
    """Return a sum or product. Shapes of fewer dimensions broadcast from the right; the batch stays first."""
    rank = len(instance.output_shape)
    missing = [rank - len(shape) for shape in instance.input_shapes]

    def joined(*inputs: Tensor) -> Tensor:
        wide = [
            value.reshape(value.shape[0], *(1,) * count, *value.shape[1:]) for value, count in zip(inputs, missing, strict=True)
        ]
        return reduce(function, wide)

    return Computed(joined)


def _matmul(layer: layers.MatMul, instance: LayerInstance) -> nn.Module:
    left, right = instance.input_shapes
    if len(left) != len(right):
        raise layer.error("matrices of equally many dimensions", f"{left} and {right}")
    return Computed(torch.matmul)


def _reshape(layer: layers.Reshape, instance: LayerInstance) -> nn.Module:
    shape = instance.output_shape
    return Computed(lambda values: values.reshape(-1, *shape))


def _transpose(layer: layers.Transpose, instance: LayerInstance) -> nn.Module:
    order = (0, *(axis + 1 for axis in layer.order))
    return Computed(lambda values: values.permute(order))


#: Function of an activation -> its module, or the function itself.
_ACTIVATIONS: dict[str, Any] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
    "hard-sigmoid": nn.Hardsigmoid,
    "tanh": nn.Tanh,
    "clip": nn.ReLU6,
    "hard-swish": nn.Hardswish,
    "swish": nn.SiLU,
    "mish": nn.Mish,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
    "erf": torch.erf,
    "abs": torch.abs,
    "neg": torch.neg,
}

#: Kind of layer -> function that makes its module.
_MADE: dict[type[layers.Layer], Callable[[Any, LayerInstance], nn.Module]] = {
    layers.Conv: _conv,
    layers.Linear: _linear,
    layers.BatchNorm: _batch_norm,
    layers.Pool: _pool,
    layers.GlobalPool: _global_pool,
    layers.Activation: _activation,
    layers.Softmax: _softmax,
    layers.LRN: lambda layer, instance: nn.LocalResponseNorm(layer.size),
    layers.Add: partial(_join, torch.add),
    layers.Mul: partial(_join, torch.mul),
    layers.MatMul: _matmul,
    layers.Concat: _concat,
    layers.Flatten: lambda layer, instance: nn.Flatten(),
    layers.Reshape: _reshape,
    layers.Transpose: _transpose,
    layers.Dropout: lambda layer, instance: nn.Dropout(),
    layers.Identity: lambda layer, instance: nn.Identity(),
}
