"""A node of an ONNX graph with everything that its translation needs: tensors with all their axes, and where the batch lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError
from workloads import layers
from workloads.layers import Shape

Value = npt.NDArray[Any]


class UnsupportedError(Exception):
    """A use of a known operator that has no layer. Its text completes the list of unsupported operators."""


class LostBatchError(Exception):
    """The batch is no axis of a node's result, or its axis cannot be told."""


@dataclass(frozen=True)
class Batch:
    """Where the batch lies in a tensor: a factor of the extent of ``axis``, inside ``outer`` other values of that axis."""

    axis: int
    outer: int = 1


@dataclass(frozen=True)
class Tensor:
    """An operand of a node. ``shape`` has all axes. ``value`` is known for small constants only.

    A constant is ``trained`` if it is a weight or depends on one.
    """

    name: str
    shape: Shape
    batch: Batch | None = None
    constant: bool = False
    present: bool = True
    value: Value | None = None
    trained: bool = True


@dataclass(frozen=True)
class Axes:
    """Where a node reads the batch in each operand, and where it gives it in each result. None stands for no batch."""

    operands: Sequence[Batch | None]
    results: Sequence[Batch | None]


def per_image(shape: Shape, batch: Batch | None, count: int) -> Shape:
    """Return a shape without the batch of ``count`` images.

    An axis that holds only the batch disappears, and so does one of extent 1, whose value all images share.
    """
    if batch is None:
        return shape
    extent = shape[batch.axis]
    before, after = shape[: batch.axis], shape[batch.axis + 1 :]
    if extent in (count, 1) and len(shape) > 1:
        return *before, *after
    if extent % count:
        raise LostBatchError(f"the batch of {count} does not divide axis {batch.axis} of {shape}")
    return *before, extent // count, *after


class Writer(Protocol):
    """Adds layers to a network and knows the shape of each."""

    def add(self, layer: layers.Layer, sources: Sequence[str]) -> str:
        """Add a layer and return its name."""

    def shape(self, name: str) -> Shape:
        """Return the shape of an added layer's result."""

    def free(self, name: str) -> str:
        """Return ``name`` or, if a layer has it, another one like it."""

    def stands_for(self, name: str, tensor: str) -> None:
        """Note that a layer gives a tensor of the graph."""

    def first_with(self, tensor: str, name: str) -> str | None:
        """Return the layer that had these weights first, or None, and note that ``name`` has them, if it is the first."""


@dataclass
class Node:
    """A node being translated. ``outputs`` are the shapes of its results with all axes; ``count`` is the file's batch.

    ``sources`` are the layers that make its operands, "" for constants. ``opset`` is the version of ONNX's own operators.
    """

    name: str
    op: str
    attributes: dict[str, Any]
    operands: tuple[Tensor, ...]
    sources: tuple[str, ...]
    outputs: tuple[Shape, ...]
    count: int
    opset: int
    writer: Writer
    axes: Axes = field(default_factory=lambda: Axes((), ()))

    @property
    def output(self) -> Shape:
        """Return the shape of the first result, with all axes."""
        return self.outputs[0]

    def activations(self) -> list[int]:
        """Return the positions of the operands that are not constant."""
        return [index for index, operand in enumerate(self.operands) if not operand.constant]

    def constants(self) -> list[int]:
        """Return the positions of the operands that are constant and present."""
        return [index for index, operand in enumerate(self.operands) if operand.constant and operand.present]

    def has(self, position: int) -> bool:
        """Return whether the optional operand at ``position`` is present."""
        return len(self.operands) > position and self.operands[position].present

    def integers(self, position: int, attribute: str) -> list[int] | None:
        """Return the integers of an operand or, in older versions of the operator, of an attribute; None without either.

        Raise UnsupportedError if they are computed from the network's inputs.
        """
        if self.has(position):
            value = self.operands[position].value
            if value is None:
                raise UnsupportedError(f"{self.op} with {attribute} that no constant gives")
            return [int(each) for each in np.ravel(value)]
        found = self.attributes.get(attribute)
        if found is None:
            return None
        return [int(found)] if isinstance(found, int) else [int(each) for each in found]

    def listed(self, attribute: str, default: Sequence[int]) -> list[int]:
        """Return the integers of an attribute, or ``default``."""
        return [int(each) for each in self.attributes.get(attribute, default)]

    def integer(self, attribute: str, default: int = 0) -> int:
        """Return an integer attribute."""
        return int(self.attributes.get(attribute, default))

    # What the layers see ------------------------------------------------------------------------------------------------------

    def result(self, index: int = 0) -> Shape:
        """Return the shape of a result without the batch."""
        return per_image(self.outputs[index], self.axes.results[index], self.count)

    def shape(self, position: int) -> Shape:
        """Return the shape of an operand without the batch, as this node reads it."""
        return per_image(self.operands[position].shape, self.axes.operands[position], self.count)

    def axis(self, axis: int, position: int = 0) -> int:
        """Return an axis of an operand, counted without the batch. The batch itself must not be meant."""
        rank, batch = len(self.operands[position].shape), self.axes.operands[position]
        axis = axis % rank if rank else 0
        if batch is None or len(self.shape(position)) == rank:
            return axis
        return axis - 1 if axis > batch.axis else axis

    def read(self, position: int) -> str:
        """Return the layer that makes an operand in the shape in which this node reads it, adding a view or a constant."""
        operand, wanted = self.operands[position], self.shape(position)
        if operand.constant:
            made = self.add(layers.Constant(self.part(f"constant_{position}"), wanted, operand.trained))
            self.writer.stands_for(made, operand.name)
            return made
        source = self.sources[position]
        if self.writer.shape(source) == wanted:
            return source
        return self.add(layers.Reshape(self.part(f"view_{position}"), wanted), source)

    def linear(self, outputs: int, *, bias: bool, name: str = "") -> layers.Linear:
        """Return a linear layer with the second operand as its weights, which other layers may have, too."""
        first = self.writer.first_with(self.operands[1].name, name or self.name)
        if first is None:
            return layers.Linear(name or self.name, outputs, bias=bias)
        return layers.SharedLinear(name or self.name, outputs, bias=bias, shares=first)

    def part(self, what: str) -> str:
        """Return the name of an additional layer of this node."""
        return self.writer.free(f"{self.name}.{what}")

    def add(self, layer: layers.Layer, *sources: str) -> str:
        """Add a layer that reads ``sources`` and return its name."""
        return self.writer.add(layer, sources)

    def require_inputs(self, expected: int, got: int) -> None:
        """Compare the weights' size with the input's, which ONNX's inference does not do."""
        if expected != got:
            where = f"layer '{self.name}' ({self.op})"
            raise InputError(f"expected {expected} inputs, as its weights have, got {got}", where=where)


@dataclass(frozen=True)
class Operator:
    """How an operator is translated. ``axes`` says where it reads and gives the batch, or raises LostBatchError.

    ``layers`` adds the layers and returns, for each result, the name of the layer that makes it, or "" for one without values; it
    may leave out the last results, which then cannot be read. It raises UnsupportedError for uses that have no layer.
    """

    layers: Callable[[Node], Sequence[str]]
    axes: Callable[[Node], Axes]
