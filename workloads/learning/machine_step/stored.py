"""A tensor as the words that stand for it in main memory. Needs torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from workloads.faults.words import WordFormat, Words


@dataclass(frozen=True)
class Stored:
    """Words, in the tensor's shape, and the scale with which they were encoded."""

    words: Words
    scale: int

    def values(self, word: WordFormat) -> Tensor:
        """Return the values of the words."""
        return torch.from_numpy(word.decode(self.words, self.scale))

    def reshaped(self, shape: tuple[int, ...]) -> Stored:
        """Return the same words in another shape."""
        return Stored(self.words.reshape(shape), self.scale)


def stored(values: Tensor, word: WordFormat) -> Stored:
    """Return the words that stand for these values."""
    return Stored(*word.encode(values.detach().contiguous().numpy()))
