"""Forward layers as a training step runs them: those that do more than in inference, or keep something for the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.pointwise import BatchNorm
from workloads.layers.pools import Pool
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class TrainedBatchNorm(Layer):
    """Normalisation by the batch's own mean and variance, scale and shift: once through a channel's values for the statistics,
    once more to normalise them."""

    of: BatchNorm
    op: ClassVar[str] = "batch-norm"

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return self.of.parameters(inputs)


@dataclass(frozen=True)
class TrainedDropout(Layer):
    """Values kept or set to zero at random. A counter-based generator makes the mask, on the way back again: none is stored."""

    op: ClassVar[str] = "dropout"


@dataclass(frozen=True)
class TrainedMaxPool(Pool):
    """The largest value of each window and its place in the window, one word each; the place is read on the way back."""


@dataclass(frozen=True)
class SoftmaxLoss(Layer):
    """Softmax along ``axis`` and cross entropy: the probabilities, from which the gradient is formed. The label is one word an
    image and not counted."""

    axis: int = -1
    op: ClassVar[str] = "softmax-loss"
