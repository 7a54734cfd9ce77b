"""Recurrent networks: one product for the inputs of all steps, then one product and one cell for each step."""

from __future__ import annotations

from workloads import layers
from workloads.importers.operators.batch import operand_batches
from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node, Operator, UnsupportedError
from workloads.layers import Shape

#: Gates of a cell and states that it keeps.
CELLS = {"LSTM": (4, 2), "GRU": (3, 1), "RNN": (1, 1)}
#: The layers of a longer sequence would be too many.
MOST_STEPS = 4096


def _axes(node: Node) -> Axes:
    """Read the batch at the axis that the layout gives it, and give it at the same place in every result."""
    first, inside = node.operands[0], node.integer("layout") == 0
    axis = 1 if inside else 0
    if first.shape[axis] != node.count or (first.batch not in (None, Batch(axis))):
        raise LostBatchError(f"{node.op} '{node.name}' does not have the batch at axis {axis}")
    if first.batch is None and node.count > 1:
        raise LostBatchError(f"{node.op} '{node.name}' reads a tensor without the batch")
    state = Batch(1 if inside else 0)
    wanted = [None if batch is None else state for batch in operand_batches(node)[1:]]
    return Axes([Batch(axis), *wanted], [Batch(2 if inside else 0), state, state])


def _recurrent(node: Node) -> list[str]:
    """Add the layers of each direction. The order of the steps costs nothing, so a reverse direction is a forward one."""
    if not (node.operands[1].constant and node.operands[2].constant):
        raise UnsupportedError(f"{node.op} with weights that are computed")
    node.require_inputs(node.operands[1].shape[-1], node.operands[0].shape[-1])
    steps = node.operands[0].shape[1 if node.integer("layout") else 0]
    directions, hidden = node.operands[2].shape[0], node.operands[2].shape[-1]
    if steps * directions > MOST_STEPS:
        raise UnsupportedError(f"{node.op} of more than {MOST_STEPS} steps")
    source, shape = node.read(0), node.shape(0)
    if node.integer("layout") and len(shape) == 3:
        shape = (shape[1], shape[0], shape[2])
        source = node.add(layers.Transpose(node.part("steps"), (1, 0, 2)), source)
    made = [_Direction(node, number, shape, hidden).add(source) for number in range(directions)]
    whole, last, memory = (_together(node, [each[kind] for each in made], kind) for kind in range(3))
    return [whole, last, *([memory] if node.op == "LSTM" else [])][: len(node.outputs)]


class _Direction:
    """The layers of one direction over an input of ``shape`` (steps, ..., inputs)."""

    def __init__(self, node: Node, number: int, shape: Shape, hidden: int) -> None:
        self.node, self.hidden, self.shape = node, hidden, shape
        self.prefix = f"direction_{number}." if node.operands[2].shape[0] > 1 else ""
        self.gates, self.states = CELLS[node.op]

    def add(self, source: str) -> tuple[str, str, str]:
        """Add all steps. Return the layers of all outputs, (steps, ..., hidden), of the last one, and of the last memory."""
        node, (steps, *rows, _), width = self.node, self.shape, self.gates * self.hidden
        given = node.add(layers.Linear(self._name("inputs"), width, bias=node.has(3)), source)
        state = node.add(layers.Constant(self._name("first_state"), (*rows, self.states * self.hidden), trained=False))
        outputs, output, first = [], state, ""
        for step in range(steps):
            output = self._output(state, step)
            own = node.add(layers.Part(self._name(f"step_{step}.inputs"), (*rows, width)), given)
            name = self._name(f"step_{step}.recurrent")
            product = layers.SharedLinear(name, width, node.has(3), counted=step == 0, shares=first)
            first = first or name
            gates = node.add(layers.Add(self._name(f"step_{step}.gates")), own, node.add(product, output))
            state = node.add(layers.Cell(self._name(f"step_{step}.cell"), self.hidden, self.gates, self.states), gates, state)
            outputs.append(self._output(state, step + 1))
        joined = node.add(layers.Concat(self._name("outputs"), 0), *outputs)
        whole = node.add(layers.Reshape(self._name("whole"), (steps, *rows, self.hidden)), joined)
        return whole, outputs[-1], self._output(state, steps)

    def _output(self, state: str, step: int) -> str:
        """Return the layer of a state's output, which an LSTM keeps beside its memory."""
        if self.states == 1:
            return state
        shape = (*self.shape[1:-1], self.hidden)
        return self.node.add(layers.Part(self._name(f"step_{step}.output"), shape), state)

    def _name(self, part: str) -> str:
        return self.node.part(self.prefix + part)


def _together(node: Node, parts: list[str], kind: int) -> str:
    """Return one result of the node: both directions behind each other, in the node's own shape."""
    if len(node.outputs) <= kind or not node.outputs[kind]:
        return parts[0]
    name = node.name if kind == 0 else node.part(f"result_{kind}")
    joined = parts[0] if len(parts) == 1 else node.add(layers.Concat(node.part(f"both_{kind}"), -1), *parts)
    return node.add(layers.Reshape(name, node.result(kind)), joined)


RECURRENT = Operator(_recurrent, _axes)
