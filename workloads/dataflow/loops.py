"""The order of the loops around the folds of a layer, which is the choice that a dataflow leaves open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Loops:
    """Order of the loops around a layer's folds.

    ``block`` is the size of a block of the streamed dimension, which is never cut if taps stream. ``outer`` names the loop that
    changes slowest within a group: "column" (column folds) or "block" (blocks, or row folds if taps stream). Row folds of taps
    are innermost, so that partial sums live only during one column fold of one block. ``taps`` is the order of the row folds:
    "storage" or "reuse" (see ``tap_order``).
    """

    block: int
    outer: str = "column"
    taps: str = "storage"
