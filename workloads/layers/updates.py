"""The weight update: an element-wise layer over a layer's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape

#: Optimisers, and the tensors of a weight's size that each reads and writes: the weight, its momentum, its second moment.
OPTIMIZERS = {"sgd": 1, "momentum": 2, "adam": 3}


@dataclass(frozen=True)
class Update(Layer):
    """New weights, and new moments, from the old ones and the weights' gradient, which it reads."""

    optimizer: str
    op: ClassVar[str] = "update"
    pass_name: ClassVar[str] = "update"

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise self.error(f"optimizer to be one of {', '.join(OPTIMIZERS)}", repr(self.optimizer))

    @property
    def tensors(self) -> int:
        """Tensors of the weights' size that are read and written, the gradient not among them."""
        return OPTIMIZERS[self.optimizer]

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        return self.one(inputs)
