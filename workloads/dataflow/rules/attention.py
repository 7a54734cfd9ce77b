"""Attention as one layer."""

from __future__ import annotations

from math import prod

from workloads.dataflow.attention.shape import AttentionShape
from workloads.dataflow.attention.work import FlashAttention
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Attention
from workloads.network import LayerInstance


def _work(layer: Attention, instance: LayerInstance) -> FlashAttention:
    """Return attention with one group per image and leading index."""
    queries, keys, values = instance.input_shapes
    groups = instance.batch * prod(queries[:-2])
    return FlashAttention(AttentionShape(groups, queries[-2], keys[-1], queries[-1], values[-1], layer.causal_tokens))


# Its regions are its own, so that neither its queries nor its results stay in a scratchpad between layers.
ATTENTION = LayerRule(_work, absorbs=True, reads_ifmap=False)
