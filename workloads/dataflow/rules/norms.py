"""Normalisations of rows and of groups of channels by their own statistics."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Rowwise
from workloads.dataflow.rules.normalisations import NORM_PASSES
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import GroupNorm, LayerNorm
from workloads.network import LayerInstance


def _rows(norm: LayerNorm, instance: LayerInstance) -> Rowwise:
    """Return two passes over each row: one for the sums of values and squares, one for the values."""
    words = instance.batch * prod(instance.output_shape)
    return Rowwise(words, words // norm.row(instance.input_shapes), NORM_PASSES)


def _groups(norm: GroupNorm, instance: LayerInstance) -> Rowwise:
    """Return two passes over each group of channels of each image."""
    return Rowwise(instance.batch * prod(instance.output_shape), instance.batch * norm.groups, NORM_PASSES)


LAYER_NORM = LayerRule(_rows, absorbs=True)
GROUP_NORM = LayerRule(_groups, absorbs=True)
