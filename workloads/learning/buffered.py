"""A network whose convolutions and linear layers read their operands from a scratchpad of words. Needs torch.

A layer's input, its weights and the gradient of its output are written once each, and every pass reads the stored words. The
forward pass and both gradients therefore see the same write errors, as they would in the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from workloads.faults.word_memory import WordMemory
from workloads.faults.words import WordFormat
from workloads.layers.held import TensorKind

#: Writes a tensor and returns what is then read.
Store = Callable[[Tensor], Tensor]


class _StoredOperand(torch.autograd.Function):
    """Forward: return what is read after the operand is written. Backward: return the gradient unchanged (straight-through)."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, store: Store) -> Tensor:
        return store(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


class _StoredError(torch.autograd.Function):
    """Forward: return the output unchanged. Backward: return what is read after the gradient of the output is written."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, store: Store) -> Tensor:
        ctx.store = store
        return output.view_as(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.store(gradients[0]), None


def _apply(function: Any, values: Tensor, store: Store) -> Tensor:
    """Call torch's ``Function.apply``, which has no type annotations."""
    found: Tensor = function.apply(values, store)
    return found


class Buffered(nn.Module):
    """A convolution or linear layer behind the scratchpad. Outside training its words are written without errors."""

    def __init__(self, layer: nn.Conv2d | nn.Linear, index: int, word: WordFormat, pad: WordMemory) -> None:
        super().__init__()
        self.layer, self.index, self.word, self.pad = layer, index, word, pad

    def forward(self, inputs: Tensor) -> Tensor:
        operand = _apply(_StoredOperand, inputs, self._store("activations"))
        weight = _apply(_StoredOperand, self.layer.weight, self._store("weights"))
        return _apply(_StoredError, self._product(operand, weight), self._store("errors"))

    def _product(self, operand: Tensor, weight: Tensor) -> Tensor:
        if isinstance(self.layer, nn.Linear):
            return functional.linear(operand, weight, self.layer.bias)
        conv = self.layer
        padding = conv.padding if isinstance(conv.padding, str) else tuple(conv.padding)
        return functional.conv2d(operand, weight, conv.bias, conv.stride, padding, conv.dilation, conv.groups)

    def _store(self, tensor: TensorKind) -> Store:
        written = self.training

        def store(values: Tensor) -> Tensor:
            words, scale = self.word.encode(values.detach().contiguous().numpy())
            if written:
                words = self.pad.write(tensor, self.index, words)
            return torch.from_numpy(self.word.decode(words, scale))

        return store


def put_behind(net: nn.Module, word: WordFormat, pad: WordMemory) -> None:
    """Put each convolution and linear layer of ``net`` behind ``pad``, to be read as words. Their parameters stay the same."""
    found = [
        (parent, name, child)
        for parent in net.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Conv2d | nn.Linear)
    ]
    for index, (parent, name, layer) in enumerate(found):
        setattr(parent, name, Buffered(layer, index, word, pad))
