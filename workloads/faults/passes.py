"""What each scratchpad holds in each pass of a training step: the kind of tensor that a placement speaks of, or none of them.

Activations are values of the forward pass, errors their gradients, weights what the array multiplies with. What the study of
write errors keeps free of errors is none of these, and safe: sums, gradients of weights, master weights and moments in the
update, and the places of a maximum, which a pool writes beside its values. The kinds are wider than what the study trains with:
it writes the input of a convolution or linear layer once, where a machine also writes what lies between such layers, and writes a
tensor again in each scratchpad that it comes to.
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

#: Scratchpad ("ifmap", "filter", "ofmap", "accumulator") -> what a layer keeps in it; None: none of the study's tensors.
Held = dict[str, TensorKind | None]


def held_tensors(layer: Layer) -> Held:
    """What a layer of a network or training step keeps in each scratchpad that it uses; a view uses none.

    For machines with these four scratchpads: one that several tensors share holds what each of them is. Raises InputError for a
    layer that takes cycles and is not known here.
    """
    if isinstance(layer, MatMulInputGradient):
        # Operand 0: the output's gradient times operand 1. Operand 1: operand 0 times the output's gradient.
        return _product("errors", "activations", "errors") if layer.operand == 0 else _product("activations", "errors", "errors")
    for kinds, held in _HELD:
        if isinstance(layer, kinds):
            return dict(held)
    raise InputError(f"expected a layer of a training step, got op '{layer.op}'", where=f"layer '{layer.name}'")


def _product(ifmap: TensorKind, filters: TensorKind, ofmap: TensorKind | None) -> Held:
    """On the array: partial sums lie in the accumulator."""
    return {"ifmap": ifmap, "filter": filters, "accumulator": None, "ofmap": ofmap}


#: A layer is the first of these kinds that it is an instance of.
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
    # Input gradients. The second operand of those on the vector unit is what the forward pass kept.
    ((ConvInputGradient, LinearInputGradient), _product("errors", "weights", "errors")),
    ((LossGradient,), {"ifmap": "activations", "ofmap": "errors"}),
    ((ActivationGradient, BatchNormGradient, SoftmaxGradient), {"ifmap": "errors", "filter": "activations", "ofmap": "errors"}),
    ((MaxPoolGradient,), {"ifmap": "errors", "filter": None, "ofmap": "errors"}),
    ((AveragePoolGradient, ScaledGradient, ZeroInsertion), {"ifmap": "errors", "ofmap": "errors"}),
    ((ZeroGradient,), {"ofmap": "errors"}),
    # Weight gradients: the layer's input is their ifmap, the output's gradient their filters.
    ((WeightGradient,), _product("activations", "errors", None)),
    ((Update,), {"ifmap": None, "filter": None, "ofmap": None}),
)
