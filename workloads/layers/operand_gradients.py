"""Gradients of operands of functions that are no products: of joins, repeated values, sums, copies and parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.gradients import GradientView, InputGradient
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class FactorGradient(InputGradient):
    """The output's gradient times the other operands, of which ``others`` are read with it.

    Where the operand was repeated, the gradients of all its copies are added.
    """

    others: int
    op: ClassVar[str] = "mul"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        if len(inputs) != 1 + self.others:
            raise self.error(f"{1 + self.others} inputs", len(inputs))
        return self.shape


@dataclass(frozen=True)
class SummedGradient(InputGradient):
    """The sums of the output's gradient over all places at which a value was read, or means.

    Each word of the output's gradient goes to ``taps`` values.
    """

    taps: int = 1
    op: ClassVar[str] = "reduce"


@dataclass(frozen=True)
class SpreadGradient(InputGradient):
    """The output's gradient at each of the values that a sum or mean took in, or at the places from which a copy took it."""

    op: ClassVar[str] = "copy"


@dataclass(frozen=True)
class NormGradient(InputGradient):
    """Gradient of a normalisation by the statistics of ``rows`` rows an image. It reads the output's gradient and the input.

    One pass over a row gives the row's statistics again and the sums of the gradient, alone and times the values. A second pass
    gives the input's gradient. The sums over all rows that are the gradients of scale and shift stay in the unit.
    """

    rows: int
    reads: ClassVar[int] = 2
    op: ClassVar[str] = "layer-norm"


@dataclass(frozen=True)
class PartGradient(GradientView):
    """The gradient of a part of a tensor, before it is joined with those of the other parts."""
