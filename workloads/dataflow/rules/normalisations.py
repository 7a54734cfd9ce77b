"""Normalisations by constants, by the batch's statistics and over neighbouring channels, and their gradients."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Rowwise
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.rules.tables import constants_gradient
from workloads.layers import LRN, BatchNorm, Layer
from workloads.layers.gradients import BatchNormGradient
from workloads.layers.held import GRADIENTS_AND_VALUES, VALUES
from workloads.layers.trained import TrainedBatchNorm
from workloads.network import LayerInstance

#: Passes of the vector unit over a channel of a batch normalisation: one for statistics (or gradient sums), one for values.
NORM_PASSES = 2


def _values(layer: BatchNorm | LRN, instance: LayerInstance) -> Rowwise:
    """Return one pass. The constants of a normalisation stay in the unit, and so do the neighbours of a local response one."""
    return Rowwise(instance.batch * prod(instance.output_shape))


def _channels(layer: TrainedBatchNorm, instance: LayerInstance) -> Rowwise:
    channels = instance.output_shape[0]
    return Rowwise(instance.batch * prod(instance.output_shape), channels, NORM_PASSES, grouped=True)


def _gradient_channels(layer: BatchNormGradient, instance: LayerInstance) -> Rowwise:
    words = instance.batch * prod(instance.output_shape)
    return Rowwise(words, layer.shape[0], NORM_PASSES, ("ifmap", "filter"), grouped=True)


def _normalises(norm: BatchNorm) -> bool:
    """Return whether scale and shift stand for statistics. One of them alone is constants, which normalise nothing."""
    return norm.scale and norm.shift


def _gradient(norm: BatchNorm, back: Backward) -> Gradients:
    if not _normalises(norm):
        return constants_gradient(norm, back)
    kept = back.instance.producers[0]
    return Gradients({0: back.builder.add(BatchNormGradient(back.name, back.shape), [back.gradient, kept])})


def _obstacle(norm: BatchNorm, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    return None if input_needs_gradient or not _normalises(norm) else "batch-norm before every layer with weights"


def _trained(norm: BatchNorm, needs_gradient: bool) -> Layer:
    return TrainedBatchNorm(norm.name, norm) if _normalises(norm) else norm


BATCH_NORM = LayerRule(_values, joins=True, gradient=_gradient, obstacle=_obstacle, trained=_trained, holds=VALUES)
#: In training a normalisation is not fused into the layer before it, because it needs its batch's statistics first.
TRAINED_BATCH_NORM = LayerRule(_channels, absorbs=True, holds=VALUES)
BATCH_NORM_GRADIENT = LayerRule(_gradient_channels, holds=GRADIENTS_AND_VALUES)
LOCAL_RESPONSE = LayerRule(_values, holds=VALUES)
