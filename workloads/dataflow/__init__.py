"""Dataflows: how a layer becomes a Program - tiles, strided streams, and the DMA's plan."""

from workloads.dataflow.lowering import Lowered, fusions, lower, lower_each, lower_network

__all__ = ["Lowered", "fusions", "lower", "lower_each", "lower_network"]
