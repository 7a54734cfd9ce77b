"""A call of an ATen operator with its arguments by name, and the nodes that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from workloads.importers.graph import GraphNode, Shapes
from workloads.layers import Shape


class TensorName(str):
    """The name of a tensor among a call's arguments, which are otherwise numbers, texts and lists."""

    __slots__ = ()


@dataclass
class Recorder:
    """The nodes so far, and what is known of their tensors."""

    nodes: list[GraphNode] = field(default_factory=list)
    found: Shapes = field(default_factory=lambda: Shapes(constants={""}))

    def constant(self, value: object) -> TensorName:
        """Return a new constant of these numbers."""
        name = TensorName(f"constant {len(self.found.values)}")
        array = np.asarray(value)
        self.found.values[name], self.found.shapes[name] = array, tuple(array.shape)
        self.found.constants.add(name)
        return name

    def weight(self, shape: Shape) -> TensorName:
        """Return a new constant of this shape, without values."""
        name = TensorName(f"weight {len(self.found.constants)}")
        self.found.shapes[name] = shape
        self.found.constants.add(name)
        return name


@dataclass(frozen=True)
class Call:
    """One call. ``layer`` is the name of its layer, ``outputs`` are its results, of which ``read`` are the places
    of those that other calls read, if there are several.
    """

    op: str
    arguments: dict[str, Any]
    layer: str
    outputs: tuple[TensorName, ...]
    read: frozenset[int]
    recorder: Recorder

    def __getitem__(self, name: str) -> Any:
        """Return an argument, or None if it is absent."""
        return self.arguments.get(name)

    @property
    def first(self) -> TensorName:
        """Return the first argument that is a tensor."""
        return next(value for value in self.arguments.values() if isinstance(value, TensorName))

    @property
    def output(self) -> Shape:
        """Return the shape of the first result."""
        return self.shape(self.outputs[0])

    def shape(self, tensor: str) -> Shape:
        """Return the shape of a tensor."""
        return self.recorder.found.shapes[tensor]

    def is_constant(self, tensor: str) -> bool:
        """Return whether a tensor does not depend on the network's inputs."""
        return tensor in self.recorder.found.constants

    def given(self, *names: str) -> list[str]:
        """Return arguments as operands of a node: tensors by name, numbers as constants, absent ones at the end left out."""
        operands = [self.operand(self[name]) for name in names]
        while operands and not operands[-1]:
            operands.pop()
        return operands

    def operand(self, value: Any) -> str:
        """Return a tensor's name, a new constant for numbers, "" for None."""
        if value is None:
            return ""
        return value if isinstance(value, TensorName) else self.recorder.constant(value)

    def node(self, op: str, inputs: Sequence[str], outputs: Sequence[str] | None = None, **attributes: Any) -> None:
        """Add the node that gives the call's results, or those that ``outputs`` names."""
        given = self.outputs if outputs is None else outputs
        self.recorder.nodes.append(GraphNode(op, self.layer, list(inputs), list(given), attributes))

    def step(self, op: str, inputs: Sequence[str], *shapes: Shape, part: str = "", **attributes: Any) -> list[str]:
        """Add a node ahead of the last one, called ``part`` of the layer. Return the names of its results of these shapes."""
        number = len(self.recorder.nodes)
        names = [TensorName(f"{self.outputs[0]} step {number} {index}") for index in range(len(shapes))]
        self.recorder.found.shapes.update(zip(names, shapes, strict=True))
        if all(self.is_constant(tensor) for tensor in inputs):
            self.recorder.found.constants.update(names)
        self.recorder.nodes.append(GraphNode(op, f"{self.layer}.{part or op.lower()}", list(inputs), names, attributes))
        return list(names)

    def reshaped(self, tensor: str, shape: Shape) -> str:
        """Return a tensor in another shape of as many values."""
        if self.shape(tensor) == shape:
            return tensor
        assert prod(shape) == prod(self.shape(tensor))
        return self.step("Reshape", [tensor], shape)[0]

    def transposed(self, tensor: str, order: Sequence[int]) -> str:
        """Return a tensor with its axes in another order."""
        shape = self.shape(tensor)
        return self.step("Transpose", [tensor], tuple(shape[axis] for axis in order), perm=list(order))[0]

    def axes(self, name: str, rank: int) -> list[int]:
        """Return an argument of one axis or several as axes counted from the front; all axes if it is absent or empty."""
        found = self[name]
        listed = [found] if isinstance(found, int) else list(found or range(rank))
        return [int(axis) % rank for axis in listed] if rank else []
