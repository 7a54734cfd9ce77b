"""Gradients of weights that are no matrix: tables of embeddings, constants that are added or multiplied, learnt operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.gradients import WeightGradient
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class TableGradient(WeightGradient):
    """The sums of the output's gradient at each weight of a tensor of ``shape``, over the batch and all places that read it.

    With ``scaled`` each summand is the gradient times a value of the layer's input, which is the second input. Weights that
    nothing read get zeros, so that the gradient has the weights' shape.
    """

    shape: Shape
    scaled: bool = False
    op: ClassVar[str] = "reduce"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        if len(inputs) != 1 + int(self.scaled):
            raise self.error(f"{1 + int(self.scaled)} inputs", len(inputs))
        return self.shape
