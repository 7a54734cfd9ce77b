"""Translation of each ONNX operator into layers. It uses ONNX's attributes (operator specifications, opset 1 to 23), not its
package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from simcore.errors import InputError
from workloads import layers

#: Operators that pass their first input on and change only a name or a number format.
SKIPPED = frozenset({"Identity", "Cast", "QuantizeLinear", "DequantizeLinear"})

ACTIVATION_OPERATORS = {
    **{
        "Relu": "relu",
        "LeakyRelu": "leaky-relu",
        "Elu": "elu",
        "Selu": "selu",
        "Gelu": "gelu",
        "Sigmoid": "sigmoid",
        "Tanh": "tanh",
    },
    **{"HardSigmoid": "hard-sigmoid", "HardSwish": "hard-swish", "Swish": "swish", "Mish": "mish", "Clip": "clip", "Erf": "erf"},
    **{"Softplus": "softplus", "Softsign": "softsign", "Exp": "exp", "Sqrt": "sqrt", "Abs": "abs", "Neg": "neg"},
}


class UnsupportedError(Exception):
    """A use of a known operator that has no layer. Its text completes the list of unsupported operators."""


@dataclass(frozen=True)
class Operand:
    """An input of a node: its shape, including the batch, and whether it is a constant (weights, sizes)."""

    shape: layers.Shape
    constant: bool
    present: bool = True


@dataclass(frozen=True)
class Node:
    """A node with everything that its translation needs. ``output`` includes the batch; ``batch`` is its size in the file."""

    name: str
    op: str
    attributes: dict[str, Any]
    operands: tuple[Operand, ...]
    output: layers.Shape
    batch: int

    def activations(self) -> list[Operand]:
        """Return the operands that are not constant."""
        return [operand for operand in self.operands if not operand.constant]

    def has(self, position: int) -> bool:
        """Return whether the optional input at ``position`` is present."""
        return len(self.operands) > position and self.operands[position].present

    def axis(self, default: int) -> int:
        """Return the attribute ``axis``, counted without the batch. Raise UnsupportedError if it is the batch."""
        axis = int(self.attributes.get("axis", default))
        if axis in (0, -len(self.output)):
            raise UnsupportedError(f"{self.op} along the batch")
        return axis - 1 if axis > 0 else axis


def per_image(shape: layers.Shape, batch: int) -> layers.Shape:
    """Return a shape without its batch. Rows that combine several images are divided by the batch."""
    if not shape or shape[0] % batch:
        raise UnsupportedError(f"tensor of shape {shape}, which the batch of {batch} does not divide")
    return shape[1:] if shape[0] == batch and len(shape) > 1 else (shape[0] // batch, *shape[1:])


def _conv(node: Node) -> list[layers.Layer]:
    weight = node.operands[1]
    if not weight.constant:
        raise UnsupportedError("Conv with weights that are computed")
    if len(weight.shape) != 4:
        raise UnsupportedError(f"Conv of {len(weight.shape) - 2} dimensions")
    kernel = _pair(weight.shape[2:])
    stride, dilation = _pair(node.attributes.get("strides", (1, 1))), _pair(node.attributes.get("dilations", (1, 1)))
    padding = _padding(node, kernel, stride, dilation)
    groups = int(node.attributes.get("group", 1))
    _require_inputs(node, weight.shape[1] * groups, node.operands[0].shape[1])
    return [layers.Conv(node.name, weight.shape[0], kernel, stride, padding, dilation, groups, bias=node.has(2))]


def _require_inputs(node: Node, expected: int, got: int) -> None:
    """Compare the weights' size with the input's, which ONNX's inference does not do."""
    if expected != got:
        raise InputError(f"expected {expected} inputs, as its weights have, got {got}", where=f"layer '{node.name}' ({node.op})")


def _pool(node: Node) -> list[layers.Layer]:
    kernel = tuple(node.attributes["kernel_shape"])
    if len(kernel) != 2:
        raise UnsupportedError(f"{node.op} of {len(kernel)} dimensions")
    stride, dilation = _pair(node.attributes.get("strides", (1, 1))), _pair(node.attributes.get("dilations", (1, 1)))
    padding = _padding(node, _pair(kernel), stride, dilation)
    if _pair(kernel) == stride == (1, 1) and not any(padding):
        return [layers.Identity(node.name)]  # an adaptive pool whose output has the size of its input
    kind = "max" if node.op == "MaxPool" else "avg"
    return [layers.Pool(node.name, kind, _pair(kernel), stride, padding, dilation, bool(node.attributes.get("ceil_mode", 0)))]


def _padding(node: Node, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]) -> tuple[int, ...]:
    """Return (top, left, bottom, right) from ``pads`` or ``auto_pad``. SAME gives an output of ceil(input / stride)."""
    mode = node.attributes.get("auto_pad", b"NOTSET").decode()
    if mode in ("NOTSET", "VALID"):
        return tuple(node.attributes.get("pads", (0, 0, 0, 0))) if mode == "NOTSET" else (0, 0, 0, 0)
    before, after = [], []
    for extent, taps, step, spread in zip(node.operands[0].shape[2:], kernel, stride, dilation, strict=True):
        total = max(0, (-(-extent // step) - 1) * step + (taps - 1) * spread + 1 - extent)
        smaller, larger = total // 2, total - total // 2
        before.append(larger if mode == "SAME_LOWER" else smaller)
        after.append(smaller if mode == "SAME_LOWER" else larger)
    return (*before, *after)


def _gemm(node: Node) -> list[layers.Layer]:
    if node.attributes.get("transA", 0) or node.operands[0].constant or not node.operands[1].constant:
        raise UnsupportedError("Gemm with a transposed or constant A, or a computed B")
    inputs, outputs = node.operands[1].shape
    if node.attributes.get("transB", 0):
        inputs, outputs = outputs, inputs
    _require_inputs(node, inputs, node.operands[0].shape[-1])
    return [layers.Linear(node.name, outputs, bias=node.has(2))]


def _matmul(node: Node) -> list[layers.Layer]:
    left, right = node.operands
    if not left.constant and not right.constant:
        return [layers.MatMul(node.name)]
    if left.constant or len(right.shape) != 2:
        raise UnsupportedError("MatMul of a constant A, or of a constant B that is not a matrix")
    return [layers.Linear(node.name, right.shape[1], bias=False)]


def _elementwise(node: Node) -> list[layers.Layer]:
    """Return a sum or product; a difference costs the same as a sum, and a quotient the same as a product.

    With a constant they scale or shift, as a normalisation does.
    """
    additive = node.op in ("Add", "Sub", "Sum")
    constants = [operand for operand in node.operands if operand.constant]
    if not constants:
        return [layers.Add(node.name) if additive else layers.Mul(node.name)]
    if len(node.operands) != 2:
        raise UnsupportedError(f"{node.op} of constants and several activations")
    return [layers.BatchNorm(node.name, scale=not additive, shift=additive, size=prod(constants[0].shape))]


def _batch_norm(node: Node) -> list[layers.Layer]:
    return [layers.BatchNorm(node.name, size=prod(node.operands[1].shape))]


def _global_pool(node: Node) -> list[layers.Layer]:
    return [layers.GlobalPool(node.name, "max" if node.op == "GlobalMaxPool" else "avg")]


def _reduce(node: Node) -> list[layers.Layer]:
    """Return a global pool for a mean or maximum over height and width. No other reduction has a layer."""
    image = node.operands[0].shape
    pool = layers.GlobalPool(node.name, "max" if node.op == "ReduceMax" else "avg")
    if len(image) == 4 and node.output == (*image[:2], 1, 1):
        return [pool]
    if len(image) == 4 and node.output == image[:2] and image[2:] != (1, 1):
        return [pool, layers.Flatten(f"{node.name}.flatten")]
    raise UnsupportedError(f"{node.op} over other dimensions than height and width")


def _activation(node: Node) -> list[layers.Layer]:
    return [layers.Activation(node.name, ACTIVATION_OPERATORS[node.op])]


def _softmax(node: Node) -> list[layers.Layer]:
    return [layers.Softmax(node.name, node.axis(default=-1))]


def _concat(node: Node) -> list[layers.Layer]:
    if len(node.activations()) != len(node.operands):
        raise UnsupportedError("Concat with a constant")
    return [layers.Concat(node.name, node.axis(default=1))]


def _lrn(node: Node) -> list[layers.Layer]:
    return [layers.LRN(node.name, int(node.attributes["size"]))]


def _reshape(node: Node) -> list[layers.Layer]:
    shape = per_image(node.output, node.batch)
    return [layers.Flatten(node.name) if len(shape) == 1 else layers.Reshape(node.name, shape)]


def _transpose(node: Node) -> list[layers.Layer]:
    order = tuple(node.attributes.get("perm", range(len(node.output) - 1, -1, -1)))
    if order[0] != 0:
        raise UnsupportedError("Transpose that moves the batch")
    return [layers.Transpose(node.name, tuple(axis - 1 for axis in order[1:]))]


def _dropout(node: Node) -> list[layers.Layer]:
    return [layers.Dropout(node.name)]


def _pair(values: Any) -> tuple[int, int]:
    if len(values) != 2:
        raise UnsupportedError(f"window of {len(values)} dimensions")
    return int(values[0]), int(values[1])


OPERATORS: dict[str, Callable[[Node], list[layers.Layer]]] = {
    **{"Conv": _conv, "Gemm": _gemm, "MatMul": _matmul},
    **dict.fromkeys(("MaxPool", "AveragePool"), _pool),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), _global_pool),
    **dict.fromkeys(("ReduceMean", "ReduceMax"), _reduce),
    **dict.fromkeys(("Add", "Sub", "Sum", "Mul", "Div"), _elementwise),
    **dict.fromkeys(ACTIVATION_OPERATORS, _activation),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshape),
    **{"BatchNormalization": _batch_norm, "Concat": _concat, "LRN": _lrn, "Transpose": _transpose, "Dropout": _dropout},
}
