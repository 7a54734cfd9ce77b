"""Activations of several rows that fail: in some columns the sense amplifier finds the minority.

Variation between cells and amplifiers is a property of the chip. A set of rows therefore fails always in the same columns, which
a seed draws for each set, and only if its cells disagree, because then the bit line moves least.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simcore.errors import InputError
from simcore.pim.execute import Sense
from simcore.pim.language import Line
from simcore.pim.planes import Planes, majority


def failing(probability: float, seed: int) -> Sense:
    """Return sense amplifiers of which this share fails for each set of rows. Raise InputError for an impossible share."""
    if not 0 <= probability <= 1:
        raise InputError(f"expected a share of failing columns from 0 to 1, got {probability:g}")

    @lru_cache(maxsize=1024)
    def weak(rows: tuple[int, ...], words: int) -> Planes:
        return _weak(probability, [seed, *rows], words)

    def sense(lines: tuple[Line, ...], planes: list[Planes]) -> Planes:
        """Return the bits that ``lines`` sense, ``planes`` being what their cells hold, with weak columns flipped."""
        value = majority(planes)
        if len(planes) == 1:
            return value
        every, any_of = planes[0].copy(), planes[0].copy()
        for plane in planes[1:]:
            every &= plane
            any_of |= plane
        found: Planes = value ^ (weak(tuple(sorted(line.row for line in lines)), len(value)) & (every ^ any_of))
        return found

    return sense


def _weak(probability: float, seeds: list[int], words: int) -> Planes:
    """Return the plane of the columns that fail."""
    drawn = np.random.default_rng(seeds).random(64 * words) < probability
    weak: Planes = np.packbits(drawn, bitorder="little").view("<u8").astype(np.uint64)
    return weak
