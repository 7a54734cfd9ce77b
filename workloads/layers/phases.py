"""Strided input gradients by phases: the input positions that the same filter taps reach form one convolution.

Position ``i`` of a convolution's input receives gradient from output position ``o`` through tap ``k`` if ``i = o x stride -
padding + k x dilation``. All positions of one residue modulo the stride meet the same taps, and from each position to the next
the output positions move by one. They are therefore a convolution of stride 1 with some of the taps, in reverse order. Every tap
belongs to exactly one residue, so no inserted zero is multiplied.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd


@dataclass(frozen=True)
class StridePhase:
    """Along one axis, the convolution that gives the input positions ``residue``, ``residue + stride``, ...

    ``positions`` counts them. ``taps`` are the taps of the forward filter in the order in which this convolution visits the
    output gradient, ``dilation`` apart. ``padding`` is the leading padding; it is negative if the convolution begins inside the
    gradient.
    """

    positions: int
    taps: tuple[int, ...]
    padding: int
    dilation: int


def phase(*, extent: int, kernel: int, stride: int, padding: int, dilation: int, residue: int) -> StridePhase:
    """Return the phase of one residue (0 to ``stride - 1``) along an axis of ``extent`` input positions.

    No output position reads a phase without taps, so its gradient is zero.
    """
    taps = [tap for tap in range(kernel) if (residue + padding - tap * dilation) % stride == 0]
    positions = max(0, -(-(extent - residue) // stride))
    if not taps:
        return StridePhase(positions, (), 0, 1)
    leading = -((residue + padding - taps[-1] * dilation) // stride)
    return StridePhase(positions, tuple(reversed(taps)), leading, dilation // gcd(dilation, stride))
