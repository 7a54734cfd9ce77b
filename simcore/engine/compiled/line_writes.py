"""Writes per line in the compiled engine, counted after a layer by a walk over its Program, not grant by grant.

Every element of the output port enters the write buffer once, and every burst of a load is written once. The Program and the slot
of each tile therefore determine which lines are written, and how often. To know the slots, the layer kernel notes when each
operation of the DMA took its slot, in output elements. This count is exact for any plan and any timing.

Partial sums go to the same lines fold after fold, so the walk visits equal segments once (ResNet18 on edge-sram: one element in
ten).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled import slices
from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dma import place
from simcore.engine.compiled.jit import written_in
from simcore.engine.compiled.lines import element_lines, locate, move_on
from simcore.engine.compiled.slices import LOOK_EVERY, clock_us
from simcore.engine.compiled.tables import Tables, Vector, numba_type, table, vector
from simcore.machine.line_writes import LineWrites
from simcore.program.program import Int64Array, Op, OpKind, Port, Program, Reg, Seg

_OUTPUT, _DUE, _COUNT, _AFTER_WRITE = int(Port.OUTPUT), int(Seg.DUE), int(Seg.COUNT), int(Seg.AFTER_WRITE)
_KIND, _REGION, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.REGION), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_LOAD = int(OpKind.LOAD)
_PAD, _BASE_LINE, _SLOT_LINES, _FIRST_SLOT = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.FIRST_SLOT)

# position: the output elements passed, the next of the moves, the segment, the element in it, and the repeats of the segment.
_MADE, _FOLLOWING, _SEGMENT, _NUMBER, _REPEATS = range(5)
_POSITIONS = 5


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


@written_in
def _count(tables: Tables, counting: Counting, pad: int, line: int, times: int) -> None:
    """Count ``times`` writes of a line."""
    pads = tables.pads
    bank, row = place(tables, pad, line)
    counting.writes[counting.first_rows[pad] + (bank - pads[pad, c.PAD_FIRST_BANK]) * pads[pad, c.PAD_ROWS] + row] += times


@written_in
def _count_loads(tables: Tables, counting: Counting) -> None:
    """Count the DMA's writes.

    Each burst of a load writes every line it touches, so several bursts write a line wider than a burst.
    """
    regions, ops, burst_bytes = tables.regions, tables.ops, tables.scalars[c.SCALAR_BURST_BYTES]
    for op in range(ops.shape[0]):
        if ops[op, _KIND] == _LOAD:
            region = ops[op, _REGION]
            pad = regions[region, _PAD]
            line_bytes = tables.pads[pad, c.PAD_LINE_BYTES]
            base = regions[region, _BASE_LINE] + (ops[op, _SLOT] - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES]
            for begin in range(0, ops[op, _BYTES], burst_bytes):
                end = min(begin + burst_bytes, ops[op, _BYTES])
                for line in range(begin // line_bytes, (end - 1) // line_bytes + 1):
                    _count(tables, counting, pad, base + line, 1)


@written_in
def _alike(tables: Tables, s: int, other: int) -> bool:
    """Return whether two segments of the output port write the same words, whenever they are due."""
    segments = tables.segments
    for column in range(segments.shape[1]):
        if column not in (_DUE, _AFTER_WRITE) and segments[s, column] != segments[other, column]:
            return False
    return True


@written_in
def _repeats(tables: Tables, s: int, next_move: int, made: int) -> int:
    """Return how many segments from ``s`` on write the same lines and end by the time ``next_move`` output elements are made."""
    segments = tables.segments
    repeats, count = 1, segments[s, _COUNT]
    while s + repeats < segments.shape[0] and made + (repeats + 1) * count <= next_move and _alike(tables, s, s + repeats):
        repeats += 1
    return repeats


@written_in
def _begin_segment(tables: Tables, counting: Counting, next_move: int) -> None:
    """Put the cursor at the beginning of the next segment, and note how often that segment repeats."""
    ports, position = tables.ports, counting.position
    ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_NUMBER] = position[_SEGMENT], 0
    locate(tables, _OUTPUT)
    position[_REPEATS] = _repeats(tables, position[_SEGMENT], next_move, position[_MADE])


def count_layer(tables: Tables, counting: Counting, slice_us: int) -> int:
    """Continue to add a layer's writes. Return 1 when all are added, or 0 after ``slice_us`` microseconds.

    The Tables' segments are those of the output port alone. ``ports`` is room for its cursor, and no tile is resident yet.
    """
    ports, segments, ops, resident = tables.ports, tables.segments, tables.ops, tables.resident
    moves, moved_at, position = counting.moves, counting.moved_at, counting.position
    began, looks_in = clock_us(), LOOK_EVERY
    if position[_SEGMENT] == 0 and position[_NUMBER] == 0:
        _count_loads(tables, counting)
    while position[_SEGMENT] < segments.shape[0]:
        if looks_in == 0:
            looks_in = LOOK_EVERY
            if clock_us() - began >= slice_us:
                return 0
        looks_in -= 1
        following = position[_FOLLOWING]
        while following < moves.shape[0] and moved_at[following] <= position[_MADE] + position[_NUMBER]:
            resident[ops[moves[following], _TILE]] = ops[moves[following], _SLOT]
            following += 1
        position[_FOLLOWING] = following
        if position[_NUMBER] == 0:
            _begin_segment(tables, counting, moved_at[following] if following < moves.shape[0] else c.FAR)
        found, _ = element_lines(tables, _OUTPUT)
        for i in range(found):
            _count(tables, counting, ports[_OUTPUT, c.PORT_PAD], tables.lines[i], position[_REPEATS])
        ports[_OUTPUT, c.PORT_NUMBER] += 1
        move_on(tables, _OUTPUT)
        position[_NUMBER] += 1
        if position[_NUMBER] == segments[position[_SEGMENT], _COUNT]:
            position[_MADE] += position[_REPEATS] * position[_NUMBER]
            position[_SEGMENT] += position[_REPEATS]
            position[_NUMBER] = 0
    return 1


_count_layer = compile_kernel(int64(numba_type(Tables), numba_type(Counting), int64), count_layer)


def _moves(program: Program, op_states: Int64Array) -> Int64Array:
    """Return the operations that gave a tile of the output port a slot, in the order in which they started."""
    written = np.zeros(len(program.regions), dtype=bool)
    written[program.segments[Port.OUTPUT][:, Seg.REGION]] = True
    found = np.flatnonzero(written[program.ops[:, Op.REGION]] & (program.ops[:, Op.KIND] != OpKind.STORE))
    return found[np.argsort(op_states[found, c.OP_STARTED])]


def add_line_writes(layer: Tables, program: Program, counted: LineWrites) -> None:
    """Add the writes of a layer that has run."""
    moves = _moves(program, layer.op_states)
    tables = layer._replace(
        segments=program.segments[Port.OUTPUT],
        ports=table(c.ARRAY_PORTS, c.PORT_COLUMNS),
        resident=vector(program.tiles, c.NONE),
    )
    moved_at = layer.op_states[moves, c.OP_OUTPUTS]
    counting = Counting(counted.flat, counted.first_rows, moves, moved_at, position=vector(_POSITIONS))
    while not _count_layer(tables, counting, slices.SLICE_US):
        pass
