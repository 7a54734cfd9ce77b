"""Dataflows and lowering: how a layer becomes a Program of tiles, strided streams and DMA operations."""

from workloads.dataflow.array import Product
from workloads.dataflow.dataflow import Dataflow, Side
from workloads.dataflow.elementwise import Elementwise
from workloads.dataflow.lowering import fusions, lower, work_of
from workloads.dataflow.network_plan import Lowered, lower_each, lower_network
from workloads.dataflow.row_work import Rowwise, Spread
from workloads.dataflow.rules import Backward, Gradients, LayerRule, ProductValues, each_value, rule_of
from workloads.dataflow.windows import Windows
from workloads.dataflow.work import Words, Work

__all__ = [
    "Backward",
    "Dataflow",
    "Elementwise",
    "Gradients",
    "LayerRule",
    "Lowered",
    "Product",
    "ProductValues",
    "Rowwise",
    "Side",
    "Spread",
    "Windows",
    "Words",
    "Work",
    "each_value",
    "fusions",
    "lower",
    "lower_each",
    "lower_network",
    "rule_of",
    "work_of",
]
