"""Functions of each value, of one tensor or of several."""

from __future__ import annotations

from math import prod

from workloads import layers
from workloads.importers.operators.batch import broadcast, kept
from workloads.importers.operators.node import Node, Operator

FUNCTIONS = {
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
    **{"Log": "log", "Sin": "sin", "Cos": "cos", "Sign": "sign", "Round": "round", "Floor": "floor", "Ceil": "ceil"},
    **{"Reciprocal": "reciprocal", "Celu": "celu", "PRelu": "prelu", "ThresholdedRelu": "threshold", "Not": "compare"},
    **{"IsNaN": "compare", "IsInf": "compare", "BitwiseNot": "compare", "Shrink": "threshold"},
    **dict.fromkeys(("Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"), "trigonometric"),
}

#: Functions of several tensors, and what each does with a single tensor and constants.
SEVERAL = {
    **{"Max": "clip", "Min": "clip", "Where": "clip", "Pow": "pow", "Mod": "pow", "Mean": "clip"},
    **dict.fromkeys(("And", "Or", "Xor", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), "compare"),
    **dict.fromkeys(("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift"), "compare"),
}


def _function(node: Node) -> list[str]:
    return [node.add(layers.Activation(node.name, FUNCTIONS[node.op]), node.read(0))]


def _sum_or_product(node: Node) -> list[str]:
    """Return a sum or product; a difference costs the same as a sum, and a quotient the same as a product.

    With a constant they scale or shift, as a normalisation does.
    """
    additive = node.op in ("Add", "Sub", "Sum")
    read, constants = node.activations(), node.constants()
    if len(read) == 1 and len(constants) == 1 and node.shape(read[0]) == node.result():
        constant = node.operands[constants[0]]
        kind = layers.BatchNorm if constant.trained else layers.FixedScaleShift
        made = kind(node.name, scale=not additive, shift=additive, size=prod(constant.shape))
        return [node.add(made, node.read(read[0]))]
    return [_joined(node, layers.Add(node.name) if additive else layers.Mul(node.name))]


def _several(node: Node) -> list[str]:
    read = node.activations()
    if len(read) == 1 and node.shape(read[0]) == node.result():
        return [node.add(layers.Activation(node.name, SEVERAL[node.op]), node.read(read[0]))]
    return [_joined(node, layers.Combine(node.name, node.op.lower()))]


def _joined(node: Node, layer: layers.Add) -> str:
    """Add a layer that joins all operands. A single operand is read in the result's shape first."""
    sources = [node.read(index) for index, operand in enumerate(node.operands) if operand.present]
    if len(sources) == 1:
        return node.add(layers.Identity(layer.name), *sources)
    return node.add(layer, *sources)


def _expanded(node: Node) -> list[str]:
    """Return a view in the larger shape, or none where the shape stays."""
    if node.shape(0) == node.result():
        return [node.read(0)]
    return [node.add(layers.Repeat(node.name, node.result()), node.read(0))]


FUNCTION = Operator(_function, kept)
SUM_OR_PRODUCT = Operator(_sum_or_product, broadcast)
SEVERAL_TENSORS = Operator(_several, broadcast)
EXPAND = Operator(_expanded, broadcast)
