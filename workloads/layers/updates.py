"""The weight update: an element-wise layer over a layer's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape

#: Optimisers, and the number of weight-sized tensors that each reads and writes: weight, momentum, second moment.
OPTIMIZERS = {"sgd": 1, "momentum": 2, "adam": 3}


@dataclass(frozen=True)
class Update(Layer):
    """New weights and moments, computed from the old ones and from the weights' gradient, which is the input."""

    optimizer: str
    op: ClassVar[str] = "update"
    pass_name: ClassVar[str] = "update"

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise self.error(f"optimizer to be one of {', '.join(OPTIMIZERS)}", repr(self.optimizer))

    @property
    def tensors(self) -> int:
        """Return the number of weight-sized tensors that are read and written, without the gradient."""
        return OPTIMIZERS[self.optimizer]

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return self.one(inputs)
