"""Words of a scratchpad: conversion of float32 values to fixed-point or bf16 bit patterns, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import frexp
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError

Values = npt.NDArray[np.float32]
#: Bit patterns; bit 0 is the least significant.
Words = npt.NDArray[np.uint32]

#: float32 represents every integer of this many bits, so decoding is exact.
MAX_FIXED_BITS = 24

#: 2^scale must remain a normal float32. A tensor below 2^-105 loses digits, as a float32 would.
_MAX_FRACTION_BITS, _MIN_FRACTION_BITS = 120, -110

_FIXED_NAME = re.compile(r"fixed([0-9]+)(?:\.([0-9]+))?")


class WordFormat(Protocol):
    """How values become words. ``scale`` is what decoding needs besides the words; it is stored separately, without errors.

    ``low_bits`` counts the lower bits that say little about a value: the fraction of a floating-point word, or half a fixed one.
    """

    @property
    def name(self) -> str: ...

    @property
    def word_bits(self) -> int: ...

    @property
    def low_bits(self) -> int: ...

    def encode(self, values: Values) -> tuple[Words, int]: ...

    def decode(self, words: Words, scale: int) -> Values: ...


@dataclass(frozen=True)
class FixedPoint:
    """Two's complement words of ``bits`` bits (2 to 24), with value = integer x 2^-fraction_bits.

    Encoding rounds to nearest even and saturates. ``fraction_bits`` None scales per tensor: each write of a tensor takes the most
    fraction bits with which its largest magnitude still fits, a power of two (block floating point). Not-a-number becomes 0, and
    infinities saturate. Raise InputError for sizes out of range.
    """

    bits: int = 16
    fraction_bits: int | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= MAX_FIXED_BITS:
            raise InputError(f"expected fixed-point words of 2 to {MAX_FIXED_BITS} bits, got {self.bits}")
        if self.fraction_bits is not None and not 0 <= self.fraction_bits < self.bits:
            raise InputError(f"expected 0 to {self.bits - 1} fraction bits in a word of {self.bits}, got {self.fraction_bits}")

    @property
    def name(self) -> str:
        return f"fixed{self.bits}" + ("" if self.fraction_bits is None else f".{self.fraction_bits}")

    @property
    def word_bits(self) -> int:
        return self.bits

    @property
    def low_bits(self) -> int:
        return self.bits // 2

    def encode(self, values: Values) -> tuple[Words, int]:
        """Return the words of the values, in the same shape, and their fraction bits."""
        peak = float(np.abs(values).max(initial=0.0))
        if not np.isfinite(peak):
            values = np.nan_to_num(values, nan=0.0)
            peak = float(np.abs(values).max(initial=0.0))
        fraction = self._fraction_bits(peak)
        top = 2.0 ** (self.bits - 1)
        with np.errstate(over="ignore"):
            scaled = np.rint(values * np.float32(2.0**fraction))
        integers = np.clip(scaled, -top, top - 1).astype(np.int32)
        return integers.view(np.uint32) & np.uint32(2**self.bits - 1), fraction

    def decode(self, words: Words, scale: int) -> Values:
        """Return the exact values of words with ``scale`` fraction bits."""
        unused = 32 - self.bits
        integers = (words << np.uint32(unused)).view(np.int32) >> unused
        return integers.astype(np.float32) * np.float32(2.0**-scale)

    def _fraction_bits(self, peak: float) -> int:
        if self.fraction_bits is not None:
            return self.fraction_bits
        if peak == 0:
            return self.bits - 1
        return min(max(self.bits - 1 - frexp(peak)[1], _MIN_FRACTION_BITS), _MAX_FRACTION_BITS)


@dataclass(frozen=True)
class Bf16:
    """bfloat16: the upper half of float32 (sign 15, exponent 14-7, fraction 6-0), rounded to nearest even."""

    name: str = "bf16"
    word_bits: int = 16
    low_bits: int = 7

    def encode(self, values: Values) -> tuple[Words, int]:
        """Return the words of the values, in the same shape, and an unused scale. Any not-a-number becomes the quiet one."""
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
        return np.where(np.isnan(values), np.uint32(0x7FC0), rounded), 0

    def decode(self, words: Words, scale: int) -> Values:
        """Return the exact values of words. A failed write may have left an infinity or not-a-number."""
        return (words << np.uint32(16)).view(np.float32)


def word_format(name: str) -> WordFormat:
    """Return the format ``bf16``, ``fixedN`` (N bits, scaled per tensor) or ``fixedN.F`` (F fraction bits).

    Raise InputError for any other name.
    """
    if name == "bf16":
        return Bf16()
    match = _FIXED_NAME.fullmatch(name)
    if match is None:
        raise InputError(f"expected a word format such as bf16, fixed16 or fixed16.12, got '{name}'")
    return FixedPoint(int(match[1]), None if match[2] is None else int(match[2]))
