"""Words of the accumulator: partial sums as float32, or as 32-bit integers with one scale for a product."""

from __future__ import annotations

from math import frexp
from typing import Protocol

import numpy as np

from workloads.faults.words import Values, WordFormat, Words

SUM_BITS = 32
#: A scaled sum keeps one bit above the largest sum without errors.
_HEADROOM_BITS = 1


class SumFormat(Protocol):
    """How partial sums become words. ``scale`` belongs to a product and is stored separately, without errors."""

    def scale(self, peak: float) -> int: ...

    def encode(self, values: Values, scale: int) -> Words: ...

    def decode(self, words: Words, scale: int) -> Values: ...


class FloatSums:
    """Sums in float32, as beside bf16 operands."""

    def scale(self, peak: float) -> int:
        """Return 0, because a float needs no scale."""
        return 0

    def encode(self, values: Values, scale: int) -> Words:
        """Return the bit patterns of the values."""
        return np.ascontiguousarray(values, np.float32).view(np.uint32)

    def decode(self, words: Words, scale: int) -> Values:
        """Return the values of bit patterns. A failed write may have left an infinity or not-a-number."""
        return words.view(np.float32)


class FixedSums:
    """Sums in two's complement of 32 bits, as beside fixed-point operands. They saturate."""

    def scale(self, peak: float) -> int:
        """Return the fraction bits with which a sum of this magnitude fits."""
        return SUM_BITS - 1 - _HEADROOM_BITS - (frexp(peak)[1] if np.isfinite(peak) and peak > 0 else 0)

    def encode(self, values: Values, scale: int) -> Words:
        """Return the words of the values, rounded to nearest even. Not-a-number becomes 0."""
        top = 2.0 ** (SUM_BITS - 1)
        scaled = np.rint(values.astype(np.float64) * 2.0**scale)
        scaled[np.isnan(scaled)] = 0.0
        return np.clip(scaled, -top, top - 1).astype(np.int32).view(np.uint32)

    def decode(self, words: Words, scale: int) -> Values:
        """Return the values of words, rounded to float32."""
        return (words.view(np.int32) * 2.0**-scale).astype(np.float32)


def sum_format(word: WordFormat) -> SumFormat:
    """Return the form of the sums of products of such words."""
    return FloatSums() if word.name == "bf16" else FixedSums()
