"""Normalisations of rows and of groups of channels by their own statistics."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Rowwise
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.normalisations import NORM_PASSES
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import GroupNorm, LayerNorm
from workloads.layers.held import GRADIENTS_AND_VALUES, VALUES
from workloads.layers.operand_gradients import NormGradient
from workloads.network import LayerInstance


def _rows(norm: LayerNorm, instance: LayerInstance) -> Rowwise:
    """Return two passes over each row: one for the sums of values and squares, one for the values."""
    words = instance.batch * prod(instance.output_shape)
    return Rowwise(words, words // norm.row(instance.input_shapes), NORM_PASSES)


def _groups(norm: GroupNorm, instance: LayerInstance) -> Rowwise:
    """Return two passes over each group of channels of each image."""
    return Rowwise(instance.batch * prod(instance.output_shape), instance.batch * norm.groups, NORM_PASSES)


# Gradients --------------------------------------------------------------------------------------------------------------------


def _rows_gradient(norm: LayerNorm, back: Backward) -> Gradients:
    return _gradient(back, prod(back.shape) // norm.row([back.shape]))


def _groups_gradient(norm: GroupNorm, back: Backward) -> Gradients:
    return _gradient(back, norm.groups)


def _gradient(back: Backward, rows: int) -> Gradients:
    """Return the input's gradient. It gives those of scale and shift, too, which are few words and not counted."""
    return Gradients(
        {0: back.builder.add(NormGradient(back.name, back.shape, rows), [back.gradient, back.instance.producers[0]])}
    )


def _obstacle(norm: LayerNorm | GroupNorm, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    return None if input_needs_gradient else f"{norm.op} before every layer with weights"


def _gradient_rows(layer: NormGradient, instance: LayerInstance) -> Rowwise:
    words = instance.batch * prod(instance.output_shape)
    return Rowwise(words, instance.batch * layer.rows, NORM_PASSES, ("ifmap", "filter"))


LAYER_NORM = LayerRule(_rows, absorbs=True, gradient=_rows_gradient, obstacle=_obstacle, holds=VALUES)
GROUP_NORM = LayerRule(_groups, absorbs=True, gradient=_groups_gradient, obstacle=_obstacle, holds=VALUES)
NORM_GRADIENT = LayerRule(_gradient_rows, holds=GRADIENTS_AND_VALUES)
