"""Programs of 64 blocks of equal length on a machine with one scratchpad, made block by block, for cases of replay.

A plan hardly ever brings two blocks that differ in one fact alone, but an engine runs every Program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from replay_hand_cases import ReplayCase

from simcore.engine.plan_check import check_plan
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import Machine, build_machine
from simcore.program import program as p
from simcore.program.program import Geo, Int64Array, Op, OpKind, Port, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.spec.system import System

#: Blocks are bins of the timeline.
BLOCKS = p.TIME_BINS
_LINE_BYTES = 4
_ONES = (Seg.DUE_STRIDE, Seg.COUNT, Seg.LANES, Seg.STRIDE, Seg.SETS, Seg.JOINED, Seg.GROUPS)
#: Columns of a segment or of an operation.
Row = dict[Any, int]


@dataclass(frozen=True)
class Room:
    """A region of ``slots`` slots of so many lines. Its tiles are there from the begin, or it has ``tiles`` that come and go."""

    lines: int
    slots: int = 1
    tiles: int = 0


@dataclass(frozen=True)
class Made:
    """What a case is made of: blocks of ``length`` steps, of these kinds in turn, and a machine.

    ``streams(block, kind)`` are the segments of each port in a block, which begins with step 0. ``operations(block, kind)`` are
    those of the DMA, in one queue. ``held`` are the cycles for which a read and a write hold a bank. Main memory moves
    ``memory[0]`` bytes in a cycle, after ``memory[1]`` cycles.
    """

    length: int
    rooms: Sequence[Room]
    streams: Callable[[int, int], dict[Port, list[Row]]]
    operations: Callable[[int, int], list[Row]] = lambda block, kind: []
    kinds: Sequence[int] = (0, 0, 1, 1)
    banks: int = 1
    held: tuple[int, int] = (1, 1)
    window: int = 1
    memory: tuple[int, int] = (64, 9)
    write_buffer: dict[str, Any] = field(default_factory=lambda: {"depth": 8})
    geometry: dict[Geo, int] = field(default_factory=dict)

    def case(self) -> ReplayCase:
        """Return the case."""
        shortcuts = Shortcuts(equal_layers=False, block_replay=True)
        return ReplayCase(self.machine(), self.program(), shortcuts, self.length, self.length, 1)

    def machine(self) -> Machine:
        """Return the machine."""
        timing = {"read_cycles": self.held[0], "write_cycles": self.held[1]}
        pad = {
            "capacity_bytes": 4096 * self.banks,
            "banks": self.banks,
            "line_bytes": _LINE_BYTES,
            "timing": {"model": "stt-mram", "parameters": timing},
            "write_buffer": self.write_buffer,
        }
        return build_machine(
            System.model_validate(
                {
                    "name": "by hand",
                    "core_clock_hz": "1 GHz",
                    "array": {"rows": 1, "columns": 1, "dataflow": "os", "partial_sums": "ofmap", "port_window": self.window},
                    "scratchpads": {"unified": pad},
                    "dma": {"burst_bytes": 2 * _LINE_BYTES, "outstanding_bursts": 4},
                    "memory": {"clock_hz": "1 GHz", "bytes_per_cycle": self.memory[0], "latency_cycles": self.memory[1]},
                }
            )
        )

    def program(self) -> Program:
        """Return the Program, which its check accepts."""
        regions = self._regions()
        kept, moved = self._kept(regions), self._moved(regions)
        program = Program(
            name="by hand",
            dataflow="vector",
            steps=BLOCKS * self.length,
            segments=Segments.of_rows([self._segments(port) for port in tuple(Port)[: Port.DMA]]),
            geometry=_row(p.GEO_COLUMNS, {Geo.PLANAR: 0, **self.geometry}, range(p.GEO_COLUMNS)),
            regions=regions,
            ops=np.array([*kept, *moved]).reshape(-1, p.OP_COLUMNS),
            queue_start=np.array([0, len(kept), *[len(kept) + len(moved)] * (len(p.QUEUES) - 1)], dtype=np.int64),
            tiles=int(regions[:, Reg.TILES].sum()),
            slots=int(regions[:, Reg.SLOTS].sum()),
        )
        check_plan(program, self.machine())
        return program

    def _regions(self) -> Int64Array:
        regions = np.zeros((len(self.rooms), p.REG_COLUMNS), dtype=np.int64)
        line = tile = slot = 0
        for row, room in zip(regions, self.rooms, strict=True):
            tiles = room.tiles or room.slots
            row[:] = 0, line, room.lines, room.slots, 1, tile, tiles, slot
            line, tile, slot = line + room.lines * room.slots, tile + tiles, slot + room.slots
        return regions

    def _blocks(self) -> Iterable[tuple[int, int]]:
        return ((block, self.kinds[block % len(self.kinds)]) for block in range(BLOCKS))

    def _segments(self, port: Port) -> Int64Array:
        rows = [
            _row(
                p.SEG_COLUMNS,
                {Seg.AFTER_WRITE: -1, Seg.CHUNK: 64, **row, Seg.DUE: row[Seg.DUE] + block * self.length},
                _ONES,
            )
            for block, kind in self._blocks()
            for row in self.streams(block, kind).get(port, [])
        ]
        found = np.array(rows, dtype=np.int64).reshape(-1, p.SEG_COLUMNS)
        found[:, Seg.TIMES] = found[:, Seg.COUNT]
        return found

    def _kept(self, regions: Int64Array) -> list[Int64Array]:
        """Return the operations that give slots to the tiles that stay."""
        return [
            _operation(regions, {Op.KIND: OpKind.ACQUIRE, Op.REGION: region, Op.TILE: tile, Op.SLOT: tile})
            for region, room in enumerate(self.rooms)
            if not room.tiles
            for tile in range(room.slots)
        ]

    def _moved(self, regions: Int64Array) -> list[Int64Array]:
        """Return the operations of all blocks. One that waits for another says its number among them; -1 waits for none."""
        kept = sum(room.slots for room in self.rooms if not room.tiles)
        rows = [row for block, kind in self._blocks() for row in self.operations(block, kind)]
        return [_operation(regions, row | ({Op.DEP_OP: kept + row[Op.DEP_OP]} if Op.DEP_OP in row else {})) for row in rows]


def _operation(regions: Int64Array, row: Row) -> Int64Array:
    """Return an operation whose tile and slot count from the first ones of its region."""
    region = regions[row[Op.REGION]]
    places = {Op.TILE: region[Reg.FIRST_TILE] + row[Op.TILE], Op.SLOT: region[Reg.FIRST_SLOT] + row[Op.SLOT]}
    return _row(p.OP_COLUMNS, {Op.DEP_PORT: -1, Op.DEP_OP: -1, Op.BYTES: _LINE_BYTES, **row, **places})


def _row(columns: int, values: Row, ones: Iterable[int] = ()) -> Int64Array:
    row = np.zeros(columns, dtype=np.int64)
    row[list(ones)] = 1
    row[list(values)] = list(values.values())
    return row


def at(due: int, region: int = 0, **columns: int) -> Row:
    """Return a segment that is due in a step of its block, with other columns by name."""
    return {Seg.DUE: due, Seg.REGION: region} | {Seg[name.upper()]: value for name, value in columns.items()}


def load(tile: int, slot: int, **columns: int) -> Row:
    """Return a load of the second region, with other columns by name."""
    return {Op.REGION: 1, Op.TILE: tile, Op.SLOT: slot} | {Op[name.upper()]: value for name, value in columns.items()}
