"""The choice that is left for a layer on the array once its dataflow is given: the order of the loops around its folds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Loops:
    """Order of the loops around a layer's folds.

    ``block`` is the size of a block of the dimension that streams; where taps stream, they are never cut. ``outer`` names what
    changes slowest inside a group: "column" (column folds) or "block" (blocks; where taps stream, row folds). Row folds of taps
    are innermost, so that partial sums live for one column fold of one block. ``taps`` is their order: "storage", or "reuse" (see
    ``tap_order``).
    """

    block: int
    outer: str = "column"
    taps: str = "storage"
