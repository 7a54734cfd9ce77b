"""Bit planes: one row of a subarray as packed words of 64 columns, and integers that lie in columns, a bit per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simcore.pim.meaning import Integers

#: Rows by words of 64 columns each; column c is bit c % 64 of word c // 64.
Planes = NDArray[np.uint64]

ALL_ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def packed(values: Integers, bits: int) -> Planes:
    """Return a plane per bit of these integers (two's complement), the lowest bit first."""
    columns = np.zeros(-(-len(values) // 64) * 64, dtype=values.dtype)
    columns[: len(values)] = values
    planes = [np.packbits((columns >> bit & 1).astype(np.uint8), bitorder="little").view("<u8") for bit in range(bits)]
    return np.array(planes, dtype=np.uint64).reshape(bits, -1)


def unpacked(planes: Planes, columns: int, signed: bool = False) -> Integers:
    """Return the integers in the first ``columns`` columns of a plane per bit; ``signed`` reads two's complement."""
    values = np.zeros(columns, dtype=np.int64)
    for bit, plane in enumerate(planes):
        ones = np.unpackbits(plane.astype("<u8").view(np.uint8), bitorder="little")[:columns].astype(np.int64)
        values += (-ones if signed and bit == len(planes) - 1 else ones) << bit
    return values


def majority(planes: Sequence[Planes]) -> Planes:
    """Return the majority of one, three or five planes."""
    if len(planes) == 1:
        return planes[0].copy()
    a, b, c = planes[:3]
    carry: Planes = (a & b) | (c & (a | b))
    if len(planes) == 3:
        return carry
    d, e = planes[3:]
    # a + b + c = 2 carry + total; at least three of five are one if carry and (total, d or e), or if total, d and e.
    total: Planes = a ^ b ^ c
    found: Planes = (carry & (total | d | e)) | (total & d & e)
    return found


def shifted(plane: Planes, columns: int) -> Planes:
    """Return a plane with every column's value moved by ``columns`` towards higher columns. Zeros come in at the edge."""
    moved = np.roll(np.unpackbits(plane.astype("<u8").view(np.uint8), bitorder="little"), columns)
    if columns >= 0:
        moved[:columns] = 0
    else:
        moved[columns:] = 0
    return np.packbits(moved, bitorder="little").view("<u8").astype(np.uint64)
