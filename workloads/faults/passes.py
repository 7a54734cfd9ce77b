"""The contents of each scratchpad in each pass of a training step, as one of the tensor kinds that a placement names, or none.

Activations are values of the forward pass, errors are their gradients, and weights are the weights that the array multiplies. The
study of write errors keeps some data free of errors: sums, gradients of weights, master weights and moments in the update, and
the places of maxima, which a pool writes beside its values. These data belong to no kind and are safe. The kinds here cover more
than the study trains with: the study writes the input of a convolution or linear layer once, whereas a machine also writes the
tensors between such layers and writes a tensor again in each scratchpad that receives it.
"""

from __future__ import annotations

from simcore.errors import InputError
from workloads.faults.word_memory import TensorKind
from workloads.layers import (
    LRN,
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    GlobalPool,
    Layer,
    Linear,
    MatMul,
    Pool,
    ShapeOnly,
    Softmax,
)
from workloads.layers.gradients import (
    ActivationGradient,
    AveragePoolGradient,
    BatchNormGradient,
    ConvInputGradient,
    GradientSum,
    LinearInputGradient,
    LossGradient,
    MatMulInputGradient,
    MaxPoolGradient,
    ScaledGradient,
    SoftmaxGradient,
    WeightGradient,
    ZeroGradient,
    ZeroInsertion,
)
from workloads.layers.trained import SoftmaxLoss, TrainedBatchNorm, TrainedDropout, TrainedMaxPool
from workloads.layers.updates import Update

#: Scratchpad ("ifmap", "filter", "ofmap", "accumulator") -> tensor kind that a layer keeps in it, or None for other data.
Held = dict[str, TensorKind | None]


def held_tensors(layer: Layer) -> Held:
    """Return the tensor kind that a layer keeps in each scratchpad that it uses. A view uses no scratchpad.

    The result holds for machines with these four scratchpads. A scratchpad that several tensors share holds the kind of each of
    them. Raise InputError for a layer that takes cycles and is not known here.
    """
    if isinstance(layer, MatMulInputGradient):
        # Operand 0: the output's gradient times operand 1. Operand 1: operand 0 times the output's gradient.
        return _product("errors", "activations", "errors") if layer.operand == 0 else _product("activations", "errors", "errors")
    for kinds, held in _HELD:
        if isinstance(layer, kinds):
            return dict(held)
    raise InputError(f"expected a layer of a training step, got op '{layer.op}'", where=f"layer '{layer.name}'")


def _product(ifmap: TensorKind, filters: TensorKind, ofmap: TensorKind | None) -> Held:
    """Return the tensor kinds of a product on the array, whose partial sums lie in the accumulator."""
    return {"ifmap": ifmap, "filter": filters, "accumulator": None, "ofmap": ofmap}


#: The first matching entry applies to a layer.
_HELD: tuple[tuple[tuple[type[Layer], ...], Held], ...] = (
    ((ShapeOnly, Concat), {}),
    # Forward.
    ((Conv, Linear), _product("activations", "weights", "activations")),
    ((MatMul,), _product("activations", "activations", "activations")),
    ((GradientSum,), {"ifmap": "errors", "filter": "errors", "ofmap": "errors"}),
    ((Add,), {"ifmap": "activations", "filter": "activations", "ofmap": "activations"}),
    ((TrainedMaxPool,), {"ifmap": "activations", "ofmap": None}),
    (
        (Activation, BatchNorm, TrainedBatchNorm, TrainedDropout, LRN, Pool, GlobalPool, Softmax, SoftmaxLoss),
        {"ifmap": "activations", "ofmap": "activations"},
    ),
    # Input gradients. Those on the vector unit read as second operand what the forward pass kept.
    ((ConvInputGradient, LinearInputGradient), _product("errors", "weights", "errors")),
    ((LossGradient,), {"ifmap": "activations", "ofmap": "errors"}),
    ((ActivationGradient, BatchNormGradient, SoftmaxGradient), {"ifmap": "errors", "filter": "activations", "ofmap": "errors"}),
    ((MaxPoolGradient,), {"ifmap": "errors", "filter": None, "ofmap": "errors"}),
    ((AveragePoolGradient, ScaledGradient, ZeroInsertion), {"ifmap": "errors", "ofmap": "errors"}),
    ((ZeroGradient,), {"ofmap": "errors"}),
    # Weight gradients read the layer's input as ifmap and the output's gradient as filters.
    ((WeightGradient,), _product("activations", "errors", None)),
    ((Update,), {"ifmap": None, "filter": None, "ofmap": None}),
)
