"""Work of the vector unit along rows of words: normalisations, functions of values, their gradients, and weight updates."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from simcore.program.program import Program
from simcore.spec.system import System
from workloads.dataflow.row_flows import Flow, Flows, lower_flows
from workloads.dataflow.work import Words, Work


class RowWork(Work):
    """Work whose operands and results move row by row, each at its own rate."""

    @abstractmethod
    def flows(self, lanes: int) -> Flows:
        """Return what moves, and when, on a vector unit of ``lanes`` lanes."""

    @property
    def words(self) -> Words:
        layer = self.flows(1)
        words = {tensor: layer.rows * flow.length for tensor, flow in layer.flows.items()}
        written = words.pop("ofmap")
        return Words(sum(words.values()), 0, written)

    def steps(self, system: System) -> int:
        layer = self.flows(system.vector_unit.lanes)
        return layer.rows * layer.steps

    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        return lower_flows(name, op, system, self.flows(system.vector_unit.lanes))


@dataclass(frozen=True)
class Rowwise(RowWork):
    """``rows`` rows of results with ``words_each`` words in total; each operand ("ifmap", "filter") has as many words.

    The operands stream past together, ``passes`` times for each row, and the last pass gives the results. With ``grouped``, rows
    are short, and the unit takes together as many neighbouring rows as fill its lanes.
    """

    words_each: int
    rows: int = 1
    passes: int = 1
    operands: tuple[str, ...] = ("ifmap",)
    grouped: bool = False

    def flows(self, lanes: int) -> Flows:
        """Return the rows and, per tensor, its words a row and the step of its first vector: results come in the last pass."""
        rows = rows_together(self.rows, lanes) if self.grouped else self.rows
        length = self.words_each // rows
        vectors = -(-length // lanes)
        flows = {operand: Flow(length, passes=self.passes) for operand in self.operands}
        flows["ofmap"] = Flow(length, offset=(self.passes - 1) * vectors)
        return Flows(rows, self.passes * vectors, flows)


@dataclass(frozen=True)
class Spread(RowWork):
    """``read`` words of each operand become ``written`` words of results, more or fewer, in ``rows`` rows that may be grouped.

    Each vector that is read takes ``taps`` steps. If there are more vectors of results than that, the row takes as many steps as
    there are vectors of results. The results are spread evenly over the steps. Sums of overlapping results stay in the unit until
    the last vector that contributes to them.
    """

    read: int
    written: int
    rows: int = 1
    taps: int = 1
    operands: tuple[str, ...] = ("ifmap",)

    def flows(self, lanes: int) -> Flows:
        """Return the rows and, per tensor, its words a row and the steps between its vectors."""
        rows = rows_together(self.rows, lanes)
        read, written = self.read // rows, self.written // rows
        reads, writes = -(-read // lanes), -(-written // lanes)
        steps = max(self.taps * reads, writes)
        stride = steps // writes
        flows = {operand: Flow(read, stride=steps // reads) for operand in self.operands}
        flows["ofmap"] = Flow(written, stride=stride, offset=steps - 1 - (writes - 1) * stride)
        return Flows(rows, steps, flows)


@dataclass(frozen=True)
class Labelled(RowWork):
    """``words_each`` words become as many results, and ``labels`` words (on the filter port) say where they change."""

    words_each: int
    labels: int

    def flows(self, lanes: int) -> Flows:
        """Return one row. A vector of labels comes no later than the first words that they are about."""
        steps = -(-self.words_each // lanes)
        stride = min(self.words_each // self.labels, steps // -(-self.labels // lanes))
        every = Flow(self.words_each)
        return Flows(1, steps, {"ifmap": every, "filter": Flow(self.labels, stride=stride), "ofmap": every})


@dataclass(frozen=True)
class StateUpdate(RowWork):
    """Reads and writes of ``tensors`` tensors of ``words_each`` words (weights, moments) that lie interleaved, vector by vector.

    They go through the unit together with the gradient of their vector.
    """

    words_each: int
    tensors: int

    def flows(self, lanes: int) -> Flows:
        state = Flow(self.tensors * self.words_each)
        flows = {"ifmap": state, "filter": Flow(self.words_each, stride=self.tensors), "ofmap": state}
        return Flows(1, -(-self.tensors * self.words_each // lanes), flows)


def rows_together(rows: int, lanes: int) -> int:
    """Return the rows that remain if neighbours are taken together: as many as fill the lanes and divide the rows."""
    return rows // next(size for size in range(min(rows, lanes), 0, -1) if rows % size == 0)
