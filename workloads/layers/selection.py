"""The largest values of a row and their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class TopK(Layer):
    """The ``count`` largest (or smallest) values along ``axis``, in order, and the place of each."""

    count: int
    axis: int = -1
    op: ClassVar[str] = "top-k"

    def __post_init__(self) -> None:
        self.require_positive("count", self.count)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return the input's shape with ``count`` values along the axis. Raise InputError for an axis of fewer values."""
        shape = self.one(inputs)
        if not -len(shape) <= self.axis < len(shape):
            raise self.error(f"axis to be within the input {shape}", self.axis)
        axis = self.axis % len(shape)
        if shape[axis] < self.count:
            raise self.error(f"at least {self.count} values along axis {axis}", shape)
        return *shape[:axis], self.count, *shape[axis + 1 :]

    def passes(self, values: int) -> int:
        """Return the passes over a row of ``values``: one for each result, or those of a bitonic sort if these are fewer.

        A bitonic sort of 2^m values has m (m + 1) / 2 stages, each of which reads all values.
        """
        stages = (values - 1).bit_length()
        return max(1, min(self.count, stages * (stages + 1) // 2))
