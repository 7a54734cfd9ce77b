"""The tables of a walk over known steps of micro-programs (`walk_columns`)."""

from __future__ import annotations

from typing import NamedTuple

from simcore.engine.compiled.tables import Table, Vector


class WalkTables(NamedTuple):
    """Known steps, and what comes next in this run."""

    cursor: Vector
    steps: Table
    #: The first step from each state.
    first: Vector
    #: How often this run took each step.
    taken: Vector
    tracks: Table
    #: The numbers of windows: [length, place], all tracks side by side.
    windows: Table
