"""The table of rules: one rule for each layer kind, found by the layer's class."""

from __future__ import annotations

from typing import Any

from simcore.errors import InputError
from workloads.dataflow.rules.activation import ACTIVATION, ACTIVATION_GRADIENT, SCALED_GRADIENT
from workloads.dataflow.rules.conv import CONV
from workloads.dataflow.rules.conv_gradients import CONV_INPUT_GRADIENT, CONV_WEIGHT_GRADIENT
from workloads.dataflow.rules.linear import LINEAR, LINEAR_INPUT_GRADIENT, LINEAR_WEIGHT_GRADIENT
from workloads.dataflow.rules.matmul import MATMUL, MATMUL_INPUT_GRADIENT
from workloads.dataflow.rules.normalisations import BATCH_NORM, BATCH_NORM_GRADIENT, LOCAL_RESPONSE, TRAINED_BATCH_NORM
from workloads.dataflow.rules.pools import AVERAGE_POOL_GRADIENT, GLOBAL_POOL, MAX_POOL_GRADIENT, POOL, TRAINED_MAX_POOL
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.rules.softmax import LOSS_GRADIENT, SOFTMAX, SOFTMAX_GRADIENT, SOFTMAX_LOSS
from workloads.dataflow.rules.sums import ADD, MUL
from workloads.dataflow.rules.updates import UPDATE, ZERO_GRADIENT, ZERO_INSERTION
from workloads.dataflow.rules.views import CONCAT, DROPOUT, INPUT, SHAPE_ONLY, TRAINED_DROPOUT
from workloads.layers import (
    LRN,
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    GlobalPool,
    Input,
    Layer,
    Linear,
    MatMul,
    Mul,
    Pool,
    ShapeOnly,
    Softmax,
    gradients,
    trained,
)
from workloads.layers.updates import Update

RULES: dict[type[Layer], LayerRule[Any]] = {
    **{Conv: CONV, Linear: LINEAR, MatMul: MATMUL, Pool: POOL, GlobalPool: GLOBAL_POOL, BatchNorm: BATCH_NORM},
    **{LRN: LOCAL_RESPONSE, Activation: ACTIVATION, Softmax: SOFTMAX, Add: ADD, Mul: MUL},
    **{Input: INPUT, ShapeOnly: SHAPE_ONLY, Concat: CONCAT, Dropout: DROPOUT, Update: UPDATE},
    trained.TrainedMaxPool: TRAINED_MAX_POOL,
    trained.TrainedBatchNorm: TRAINED_BATCH_NORM,
    trained.TrainedDropout: TRAINED_DROPOUT,
    trained.SoftmaxLoss: SOFTMAX_LOSS,
    gradients.ConvInputGradient: CONV_INPUT_GRADIENT,
    gradients.ConvWeightGradient: CONV_WEIGHT_GRADIENT,
    gradients.LinearInputGradient: LINEAR_INPUT_GRADIENT,
    gradients.LinearWeightGradient: LINEAR_WEIGHT_GRADIENT,
    gradients.MatMulInputGradient: MATMUL_INPUT_GRADIENT,
    gradients.AveragePoolGradient: AVERAGE_POOL_GRADIENT,
    gradients.MaxPoolGradient: MAX_POOL_GRADIENT,
    gradients.BatchNormGradient: BATCH_NORM_GRADIENT,
    gradients.ActivationGradient: ACTIVATION_GRADIENT,
    gradients.ScaledGradient: SCALED_GRADIENT,
    gradients.SoftmaxGradient: SOFTMAX_GRADIENT,
    gradients.LossGradient: LOSS_GRADIENT,
    gradients.ZeroGradient: ZERO_GRADIENT,
    gradients.ZeroInsertion: ZERO_INSERTION,
}


def rule_of(layer: Layer) -> LayerRule[Any]:
    """Return the rule of a layer: its class's attribute ``rule`` or table entry, or that of the next base class.

    Raise InputError for a layer without a rule.
    """
    for kind in type(layer).__mro__:
        found = vars(kind).get("rule", RULES.get(kind))
        if found is not None:
            return checked(found, layer)
    hint = f"its class {type(layer).__name__} needs an attribute 'rule', a LayerRule"
    raise InputError(f"expected a layer with a rule, got op '{layer.op}'", f"layer '{layer.name}'", hint)


def checked(rule: object, layer: Layer) -> LayerRule[Any]:
    """Return ``rule`` if it is a LayerRule. Raise InputError otherwise."""
    if not isinstance(rule, LayerRule):
        name = type(layer).__name__
        raise InputError(
            f"expected the attribute 'rule' of {name} to be a LayerRule, got {rule!r}", where=f"layer '{layer.name}'"
        )
    return rule
