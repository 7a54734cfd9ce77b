"""The tables of the count of writes per line."""

from __future__ import annotations

from typing import NamedTuple

from simcore.engine.compiled.tables import Vector

# position: the output elements passed, the next of the moves, the segment, the element in it, and the repeats of the segment.
MADE, FOLLOWING, SEGMENT, NUMBER, REPEATS = range(5)
POSITIONS = 5


class Counting(NamedTuple):
    """The counts, and the places of tiles during the walk.

    ``writes`` has one count per line, scratchpad by scratchpad; ``first_rows`` says where each scratchpad begins. ``moves`` are
    the operations that gave a tile of the output port a slot, in the order in which they started. ``moved_at`` is the number of
    output elements that had been made when each started. ``position`` is the state of the walk.
    """

    writes: Vector
    first_rows: Vector
    moves: Vector
    moved_at: Vector
    position: Vector
