"""Dataflows: how a layer becomes a Program - tiles, strided streams, and the DMA's plan."""

from workloads.dataflow.between_layers import Lowered
from workloads.dataflow.lowering import fusions, lower, lower_each, lower_network

__all__ = ["Lowered", "fusions", "lower", "lower_each", "lower_network"]
