"""Layer types: what a network's nodes carry.

A shape leaves the batch out: ``(channels, height, width)`` of an image, ``(features,)`` of a vector, ``(rows, columns)`` of a
matrix. A layer knows its own sizes only; output shapes, multiply-accumulates and parameters follow from the shapes of its
inputs. Counts are per image. Every wrong size raises :class:`simcore.errors.InputError` naming the layer, what was expected
and what came.
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
