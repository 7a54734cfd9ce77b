"""The functions of a recurrent cell, on the vector unit."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from workloads.dataflow.row_flows import Flow, Flows
from workloads.dataflow.row_work import RowWork
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Cell
from workloads.network import LayerInstance


@dataclass(frozen=True)
class CellStep(RowWork):
    """``words_each`` words of each gate and of each state become as many words of each next state."""

    words_each: int
    gates: int
    states: int

    def flows(self, lanes: int) -> Flows:
        """Return the steps of one gate after another, with states read and written evenly among them."""
        read, kept = self.gates * self.words_each, self.states * self.words_each
        reads, states = -(-read // lanes), -(-kept // lanes)
        stride = reads // states
        results = Flow(kept, stride=stride, offset=reads - 1 - (states - 1) * stride)
        return Flows(1, reads, {"ifmap": Flow(read), "filter": Flow(kept, stride=stride), "ofmap": results})


def _work(cell: Cell, instance: LayerInstance) -> CellStep:
    words = instance.batch * prod(instance.output_shape) // cell.states
    return CellStep(words, cell.gates, cell.states)


CELL = LayerRule(_work)
