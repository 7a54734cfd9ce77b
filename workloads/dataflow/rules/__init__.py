"""Rules of the layer kinds, one per file: what a layer computes and how it trains. ``table.py`` finds them."""

from workloads.dataflow.rules.activation import each_value
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule, ProductValues
from workloads.dataflow.rules.table import rule_of

__all__ = ["Backward", "Gradients", "LayerRule", "ProductValues", "each_value", "rule_of"]
