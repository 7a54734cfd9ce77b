"""Moves of words through the vector unit: copies, rows of tables, other sizes, reductions."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from workloads.dataflow.row_flows import Flow, Flows
from workloads.dataflow.row_work import Rowwise, RowWork, Spread
from workloads.dataflow.rules.operand_gradients import reduction_obstacle, resample_gradient, spread_gradient
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.rules.tables import table_gradient
from workloads.layers import Copy, Embedding, Reduce, Resample
from workloads.layers.held import VALUES
from workloads.network import LayerInstance


def _results(instance: LayerInstance) -> int:
    return instance.batch * prod(instance.output_shape)


def _copied(layer: Copy, instance: LayerInstance) -> Rowwise:
    """Return one pass in which each result is read once and written once. Words that no operand gives are written alike."""
    return Rowwise(_results(instance))


def _embedded(layer: Embedding, instance: LayerInstance) -> Rowwise:
    """Return the rows of the table that the indices name, each read once. The indices themselves are not counted."""
    return Rowwise(_results(instance))


@dataclass(frozen=True)
class Resampled(RowWork):
    """``read`` words in order become ``written`` words, each of which takes ``taps`` steps of the unit."""

    read: int
    written: int
    taps: int

    def flows(self, lanes: int) -> Flows:
        """Return one row whose results follow each other ``taps`` steps apart, with the operands spread evenly over them."""
        reads, writes = -(-self.read // lanes), -(-self.written // lanes)
        steps = max(self.taps * writes, reads)
        stride = steps // writes
        results = Flow(self.written, stride=stride, offset=steps - 1 - (writes - 1) * stride)
        return Flows(1, steps, {"ifmap": Flow(self.read, stride=steps // reads), "ofmap": results})


def _resampled(layer: Resample, instance: LayerInstance) -> Resampled:
    return Resampled(instance.batch * prod(instance.input_shapes[0]), _results(instance), layer.taps)


def _reduced(layer: Reduce, instance: LayerInstance) -> Spread:
    """Return one pass over the operand. Sums stay in the unit until their last value has come."""
    return Spread(instance.batch * prod(instance.input_shapes[0]), _results(instance))


COPY = LayerRule(_copied, absorbs=True, gradient=spread_gradient, holds=VALUES)
EMBEDDING = LayerRule(
    _embedded,
    absorbs=True,
    reads_ifmap=False,
    gradient=table_gradient,
    holds={"ifmap": "weights", "ofmap": "activations"},
)
RESAMPLE = LayerRule(_resampled, absorbs=True, gradient=resample_gradient, holds=VALUES)
REDUCE = LayerRule(_reduced, absorbs=True, gradient=spread_gradient, obstacle=reduction_obstacle, holds=VALUES)
