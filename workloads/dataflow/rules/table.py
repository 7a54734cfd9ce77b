"""The table of rules: one rule for each layer kind, found by the layer's class."""

from __future__ import annotations

from typing import Any

from simcore.errors import InputError
from workloads import layers
from workloads.dataflow.rules.activation import ACTIVATION, ACTIVATION_GRADIENT, SCALED_GRADIENT
from workloads.dataflow.rules.attention import ATTENTION
from workloads.dataflow.rules.conv import CONV
from workloads.dataflow.rules.conv_gradients import CONV_INPUT_GRADIENT, CONV_WEIGHT_GRADIENT
from workloads.dataflow.rules.linear import LINEAR, LINEAR_INPUT_GRADIENT, LINEAR_WEIGHT_GRADIENT
from workloads.dataflow.rules.matmul import MATMUL, MATMUL_INPUT_GRADIENT
from workloads.dataflow.rules.movement import COPY, EMBEDDING, REDUCE, RESAMPLE
from workloads.dataflow.rules.normalisations import BATCH_NORM, BATCH_NORM_GRADIENT, LOCAL_RESPONSE, TRAINED_BATCH_NORM
from workloads.dataflow.rules.norms import GROUP_NORM, LAYER_NORM, NORM_GRADIENT
from workloads.dataflow.rules.operand_gradients import FACTOR_GRADIENT, PART, REPEAT, SPREAD_GRADIENT, SUMMED_GRADIENT
from workloads.dataflow.rules.pools import AVERAGE_POOL_GRADIENT, GLOBAL_POOL, MAX_POOL_GRADIENT, POOL, TRAINED_MAX_POOL
from workloads.dataflow.rules.recurrent import CELL
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.rules.selection import TOP_K
from workloads.dataflow.rules.softmax import LOSS_GRADIENT, SOFTMAX, SOFTMAX_GRADIENT, SOFTMAX_LOSS
from workloads.dataflow.rules.sums import ADD, COMBINE, GRADIENT_SUM, MUL
from workloads.dataflow.rules.tables import CONSTANT, TABLE_GRADIENT
from workloads.dataflow.rules.transposed import OF_INPUT, OF_WEIGHTS, PHASE, PHASES
from workloads.dataflow.rules.updates import UPDATE, ZERO_GRADIENT, ZERO_INSERTION
from workloads.dataflow.rules.views import CONCAT, DROPOUT, INPUT, SHAPE_ONLY, TRAINED_DROPOUT
from workloads.layers.held import Held
from workloads.layers.updates import Update

RULES: dict[type[layers.Layer], LayerRule[Any]] = {
    **{
        layers.Conv: CONV,
        layers.Linear: LINEAR,
        layers.MatMul: MATMUL,
        layers.Pool: POOL,
        layers.GlobalPool: GLOBAL_POOL,
        layers.BatchNorm: BATCH_NORM,
    },
    **{layers.LRN: LOCAL_RESPONSE, layers.Activation: ACTIVATION, layers.Softmax: SOFTMAX, layers.Add: ADD, layers.Mul: MUL},
    **{layers.Input: INPUT, layers.ShapeOnly: SHAPE_ONLY, layers.Concat: CONCAT, layers.Dropout: DROPOUT, Update: UPDATE},
    layers.Combine: COMBINE,
    layers.Constant: CONSTANT,
    layers.Part: PART,
    layers.Repeat: REPEAT,
    layers.LayerNorm: LAYER_NORM,
    layers.GroupNorm: GROUP_NORM,
    layers.Copy: COPY,
    layers.Embedding: EMBEDDING,
    layers.Resample: RESAMPLE,
    layers.Reduce: REDUCE,
    layers.Cell: CELL,
    layers.TopK: TOP_K,
    layers.Attention: ATTENTION,
    layers.ConvTransposePhase: PHASE,
    layers.Phases: PHASES,
    layers.transposed.ConvTransposeInputGradient: OF_INPUT,
    layers.transposed.ConvTransposeWeightGradient: OF_WEIGHTS,
    layers.trained.TrainedMaxPool: TRAINED_MAX_POOL,
    layers.trained.TrainedBatchNorm: TRAINED_BATCH_NORM,
    layers.trained.TrainedDropout: TRAINED_DROPOUT,
    layers.trained.SoftmaxLoss: SOFTMAX_LOSS,
    layers.gradients.ConvInputGradient: CONV_INPUT_GRADIENT,
    layers.gradients.ConvWeightGradient: CONV_WEIGHT_GRADIENT,
    layers.gradients.LinearInputGradient: LINEAR_INPUT_GRADIENT,
    layers.gradients.LinearWeightGradient: LINEAR_WEIGHT_GRADIENT,
    layers.gradients.MatMulInputGradient: MATMUL_INPUT_GRADIENT,
    layers.gradients.AveragePoolGradient: AVERAGE_POOL_GRADIENT,
    layers.gradients.MaxPoolGradient: MAX_POOL_GRADIENT,
    layers.gradients.BatchNormGradient: BATCH_NORM_GRADIENT,
    layers.gradients.ActivationGradient: ACTIVATION_GRADIENT,
    layers.gradients.ScaledGradient: SCALED_GRADIENT,
    layers.gradients.SoftmaxGradient: SOFTMAX_GRADIENT,
    layers.gradients.GradientSum: GRADIENT_SUM,
    layers.operand_gradients.FactorGradient: FACTOR_GRADIENT,
    layers.operand_gradients.SummedGradient: SUMMED_GRADIENT,
    layers.operand_gradients.SpreadGradient: SPREAD_GRADIENT,
    layers.operand_gradients.NormGradient: NORM_GRADIENT,
    layers.table_gradients.TableGradient: TABLE_GRADIENT,
    layers.gradients.LossGradient: LOSS_GRADIENT,
    layers.gradients.ZeroGradient: ZERO_GRADIENT,
    layers.gradients.ZeroInsertion: ZERO_INSERTION,
}


def rule_of(layer: layers.Layer) -> LayerRule[Any]:
    """Return the rule of a layer: its class's attribute ``rule`` or table entry, or that of the next base class.

    Raise InputError for a layer without a rule.
    """
    for kind in type(layer).__mro__:
        found = vars(kind).get("rule", RULES.get(kind))
        if found is not None:
            return checked(found, layer)
    hint = f"its class {type(layer).__name__} needs an attribute 'rule', a LayerRule"
    raise InputError(f"expected a layer with a rule, got op '{layer.op}'", f"layer '{layer.name}'", hint)


def held_tensors(layer: layers.Layer) -> Held:
    """Return the kind of tensor that a layer of a training step keeps in each scratchpad that it uses.

    The result holds for machines with scratchpads "ifmap", "filter", "ofmap" and "accumulator". A scratchpad that several tensors
    share holds the kind of each of them. Raise InputError for a layer whose rule does not say what it holds.
    """
    holds = rule_of(layer).holds
    if holds is None:
        hint = "its rule needs 'holds'"
        raise InputError(f"expected a layer of a training step, got op '{layer.op}'", f"layer '{layer.name}'", hint)
    return dict(holds(layer) if callable(holds) else holds)


def checked(rule: object, layer: layers.Layer) -> LayerRule[Any]:
    """Return ``rule`` if it is a LayerRule. Raise InputError otherwise."""
    if not isinstance(rule, LayerRule):
        name = type(layer).__name__
        raise InputError(
            f"expected the attribute 'rule' of {name} to be a LayerRule, got {rule!r}", where=f"layer '{layer.name}'"
        )
    return rule
