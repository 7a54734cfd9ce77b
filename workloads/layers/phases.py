"""Strided input gradients by phases: the input positions that the same filter taps reach form a convolution of their own.

Position ``i`` of a convolution's input gets gradient from output position ``o`` through tap ``k`` where
``i = o x stride - padding + k x dilation``. For the positions of one residue modulo the stride the taps that are met are always
the same, and the output positions move by one from a position to the next: a convolution of stride 1 with some of the taps, in
reverse order. Every tap belongs to exactly one residue, so that no inserted zero is multiplied.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd


@dataclass(frozen=True)
class StridePhase:
    """Along one axis, the convolution that gives the input positions ``residue``, ``residue + stride``, ...

    ``positions`` counts them. ``taps`` are the taps of the forward filter in the order in which this convolution goes over the
    output gradient, ``dilation`` apart; ``padding`` is the leading padding and negative where the convolution begins inside.
    """

    positions: int
    taps: tuple[int, ...]
    padding: int
    dilation: int


def phase(*, extent: int, kernel: int, stride: int, padding: int, dilation: int, residue: int) -> StridePhase:
    """The phase of one residue (0 to ``stride - 1``) along an axis of ``extent`` input positions.

    A phase without taps is one that no output position reads: its gradient is zero.
    """
    taps = [tap for tap in range(kernel) if (residue + padding - tap * dilation) % stride == 0]
    positions = max(0, -(-(extent - residue) // stride))
    if not taps:
        return StridePhase(positions, (), 0, 1)
    leading = -((residue + padding - taps[-1] * dilation) // stride)
    return StridePhase(positions, tuple(reversed(taps)), leading, dilation // gcd(dilation, stride))
