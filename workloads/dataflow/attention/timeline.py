"""The phases of attention one after another: its segments, and when each tile is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simcore.program.program import Int64Array, Port, Seg
from workloads.dataflow.attention.phases import KEYS, QUERIES, RESULTS, SCORES, SUMS, WEIGHTS, Phase
from workloads.dataflow.planner import TilePlacement
from workloads.dataflow.uses import Uses

#: The port whose elements use the tiles of a region that are loaded or stored.
PORTS = {QUERIES: Port.IFMAP, KEYS: Port.FILTER, RESULTS: Port.OUTPUT}


@dataclass
class Versions:
    """A tile that stays on chip, as written again and again: each version is read once all elements before it are written.

    ``released`` is the last element of the output port before each version, -1 for the first. ``due`` is the first step that
    needs the version.
    """

    released: list[int] = field(default_factory=lambda: [-1])
    due: list[int] = field(default_factory=list)

    def placement(self) -> tuple[Uses, TilePlacement]:
        """Return the versions as uses of tiles that all take one slot."""
        each = np.arange(len(self.released), dtype=np.int64)
        released = np.array(self.released, dtype=np.int64)
        none = np.zeros_like(each)
        return Uses(each, released + 1, released + 1), TilePlacement(each, none, released, each - 1, none)


class Timeline:
    """Phases that follow each other. ``steps`` counts the steps so far, ``elements`` the elements of each port."""

    def __init__(self) -> None:
        self.steps = 0
        self.elements = np.zeros(4, dtype=np.int64)
        self.versions = {region: Versions() for region in (WEIGHTS, SCORES, SUMS)}
        self.folds = self.busy = self.vector_words = 0
        self._segments: list[list[Int64Array]] = [[], [], [], []]
        self._uses: dict[int, dict[int, tuple[int, int]]] = {region: {} for region in PORTS}

    def run(self, phase: Phase, reads: Sequence[int] = (), tiles: dict[int, int] | None = None) -> None:
        """Append a phase. It reads what earlier phases wrote to the regions ``reads``, and uses the given ``tiles`` of others."""
        for region in reads:
            self.versions[region].released.append(int(self.elements[Port.OUTPUT]) - 1)
        tile_of = np.zeros(6, dtype=np.int64)
        for region, versions in self.versions.items():
            tile_of[region] = len(versions.released) - 1
            touched = any((rows[:, Seg.REGION] == region).any() for rows in phase.segments)
            if touched and len(versions.due) < len(versions.released):
                versions.due.append(self.steps + phase.first_step(region))
        for region, tile in (tiles or {}).items():
            tile_of[region] = tile
            self._note_use(region, tile, phase)
        for port, rows in enumerate(phase.segments):
            if len(rows):
                self._segments[port].append(self._moved(rows, tile_of))
        self.elements = self.elements + phase.elements
        self.steps += phase.steps
        self.folds, self.busy = self.folds + phase.folds, self.busy + phase.busy
        self.vector_words += phase.vector_words

    def _moved(self, rows: Int64Array, tile_of: Int64Array) -> Int64Array:
        moved = rows.copy()
        moved[:, Seg.DUE] += self.steps
        moved[:, Seg.TILE] = tile_of[moved[:, Seg.REGION]]
        moved[moved[:, Seg.AFTER_WRITE] >= 0, Seg.AFTER_WRITE] += self.elements[Port.OUTPUT]
        return moved

    def _note_use(self, region: int, tile: int, phase: Phase) -> None:
        first = int(self.elements[PORTS[region]])
        before = self._uses[region].get(tile, (first, first))
        self._uses[region][tile] = (before[0], first + int(phase.elements[PORTS[region]]) - 1)

    def segments(self) -> list[Int64Array]:
        """Return the segments of each port."""
        return [np.concatenate(rows) for rows in self._segments]

    def uses(self, region: int) -> Uses:
        """Return the use of each tile of a region that is loaded or stored, from its first element to its last."""
        found = np.array([(tile, *span) for tile, span in self._uses[region].items()], dtype=np.int64)
        return Uses(*found.T.copy())
