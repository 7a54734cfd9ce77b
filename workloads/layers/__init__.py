"""Layer types, which the nodes of a network carry.

A shape does not include the batch: it is ``(channels, height, width)`` for an image, ``(features,)`` for a vector and ``(rows,
columns)`` for a matrix. A layer knows only its own sizes; output shapes, multiply-accumulates and parameters follow from the
shapes of its inputs. Counts are per image. Every wrong size raises :class:`simcore.errors.InputError`, which names the layer, the
expected value and the actual one.
"""

from workloads.layers.attention import Attention
from workloads.layers.base import Input, Layer
from workloads.layers.joins import Add, Combine, Concat, Mul
from workloads.layers.movement import Constant, Copy, Embedding, Part, Reduce, Repeat, Resample, Skipped
from workloads.layers.norms import GroupNorm, LayerNorm
from workloads.layers.pointwise import (
    ACTIVATIONS,
    LRN,
    Activation,
    BatchNorm,
    Dropout,
    FixedScaleShift,
    Flatten,
    Identity,
    Reshape,
    ShapeOnly,
    Softmax,
    Transpose,
)
from workloads.layers.pools import GlobalPool, Pool
from workloads.layers.products import Conv, Linear, MatMul, SharedConv, SharedLinear
from workloads.layers.recurrent import Cell
from workloads.layers.selection import TopK
from workloads.layers.transposed import ConvTransposePhase, Phases
from workloads.layers.windows import Padding, Pair, Shape

__all__ = [
    "ACTIVATIONS",
    "LRN",
    "Activation",
    "Add",
    "Attention",
    "BatchNorm",
    "Cell",
    "Combine",
    "Concat",
    "Constant",
    "Conv",
    "ConvTransposePhase",
    "Copy",
    "Dropout",
    "Embedding",
    "FixedScaleShift",
    "Flatten",
    "GlobalPool",
    "GroupNorm",
    "Identity",
    "Input",
    "Layer",
    "LayerNorm",
    "Linear",
    "MatMul",
    "Mul",
    "Padding",
    "Pair",
    "Part",
    "Phases",
    "Pool",
    "Reduce",
    "Repeat",
    "Resample",
    "Reshape",
    "Shape",
    "ShapeOnly",
    "SharedConv",
    "SharedLinear",
    "Skipped",
    "Softmax",
    "TopK",
    "Transpose",
]
