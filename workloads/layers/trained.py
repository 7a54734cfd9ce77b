"""Forward layers of a training step that do more than in inference or keep something for the backward pass."""

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
    """Normalisation by the batch's own mean and variance, then scale and shift.

    One pass over a channel's values computes the statistics, and a second one normalises the values.
    """

    of: BatchNorm
    op: ClassVar[str] = "batch-norm"

    def parameters(self, inputs: Sequence[Shape]) -> int:
        return self.of.parameters(inputs)


@dataclass(frozen=True)
class TrainedDropout(Layer):
    """Values that are kept or set to zero at random.

    A counter-based generator makes the mask, and makes it again in the backward pass, so that no mask is stored.
    """

    op: ClassVar[str] = "dropout"


@dataclass(frozen=True)
class TrainedMaxPool(Pool):
    """The largest value of each window and its place in the window, one word each. The backward pass reads the place."""


@dataclass(frozen=True)
class SoftmaxLoss(Layer):
    """Softmax along ``axis`` and cross entropy. The result is the probabilities, from which the gradient is computed."""

    axis: int = -1
    op: ClassVar[str] = "softmax-loss"
