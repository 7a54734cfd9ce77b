"""The largest values of a row, on the vector unit."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from workloads.dataflow.row_flows import Flow, Flows
from workloads.dataflow.row_work import RowWork
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import TopK
from workloads.network import LayerInstance


@dataclass(frozen=True)
class Selected(RowWork):
    """``rows`` rows of ``read`` values, read ``passes`` times each; then ``written`` words of results follow."""

    rows: int
    read: int
    written: int
    passes: int

    def flows(self, lanes: int) -> Flows:
        """Return the passes of a row, and its results behind them."""
        selecting = self.passes * -(-self.read // lanes)
        flows = {"ifmap": Flow(self.read, passes=self.passes), "ofmap": Flow(self.written, offset=selecting)}
        return Flows(self.rows, selecting + -(-self.written // lanes), flows)


def _selected(layer: TopK, instance: LayerInstance) -> Selected:
    """Return the work. Each result is two words: the value and its place."""
    shape = instance.input_shapes[0]
    values = shape[layer.axis]
    return Selected(instance.batch * prod(shape) // values, values, 2 * layer.count, layer.passes(values))


TOP_K = LayerRule(_selected)
