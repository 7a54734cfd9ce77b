"""Attention as one layer, whose scores never leave the chip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class Attention(Layer):
    """Queries (..., M, K) by keys (..., K, N), a softmax over the rows of these scores, and its product with values (..., N, L).

    With ``causal_tokens`` T, every T rows of queries are neighbouring tokens of which the last sees all keys, and each before it
    one key less than its neighbour; scores of whole tiles that nobody sees are not computed. 0 computes all scores.
    """

    causal_tokens: int = 0
    op: ClassVar[str] = "attention"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return (..., M, L). Raise InputError unless queries, keys and values fit each other."""
        if len(inputs) != 3:
            raise self.error("queries, keys and values", f"{len(inputs)} inputs")
        queries, keys, values = inputs
        leading = {shape[:-2] for shape in inputs}
        if len(leading) != 1 or min(map(len, inputs)) < 2 or queries[-1] != keys[-2] or keys[-1] != values[-2]:
            got = f"{queries}, {keys} and {values}"
            raise self.error("queries (..., M, K), keys (..., K, N) and values (..., N, L)", got)
        return *queries[:-1], values[-1]

    def macs(self, inputs: Sequence[Shape]) -> int:
        """Return those of both products with all scores, seen or not."""
        queries, keys, values = inputs
        return prod(queries[:-1]) * keys[-1] * (queries[-1] + values[-1])
