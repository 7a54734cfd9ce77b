"""Layer types, which the nodes of a network carry.

A shape does not include the batch: it is ``(channels, height, width)`` for an image, ``(features,)`` for a vector and ``(rows,
columns)`` for a matrix. A layer knows only its own sizes; output shapes, multiply-accumulates and parameters follow from the
shapes of its inputs. Counts are per image. Every wrong size raises :class:`simcore.errors.InputError`, which names the layer, the
expected value and the actual one.
"""

from workloads.layers.base import Input, Layer
from workloads.layers.joins import Add, Concat, Mul
from workloads.layers.pointwise import (
    ACTIVATIONS,
    LRN,
    Activation,
    BatchNorm,
    Dropout,
    Flatten,
    Identity,
    Reshape,
    ShapeOnly,
    Softmax,
    Transpose,
)
from workloads.layers.pools import GlobalPool, Pool
from workloads.layers.products import Conv, Linear, MatMul
from workloads.layers.windows import Padding, Pair, Shape

__all__ = [
    "ACTIVATIONS",
    "LRN",
    "Activation",
    "Add",
    "BatchNorm",
    "Concat",
    "Conv",
    "Dropout",
    "Flatten",
    "GlobalPool",
    "Identity",
    "Input",
    "Layer",
    "Linear",
    "MatMul",
    "Mul",
    "Padding",
    "Pair",
    "Pool",
    "Reshape",
    "Shape",
    "ShapeOnly",
    "Softmax",
    "Transpose",
]
