"""Writes per line in the compiled engine: counted after a layer, by a walk over its Program, not grant by grant.

Every element of the output port enters the write buffer once, and every burst of a load is written once: so which lines are
written, and how often, follows from the Program and from the slot that each tile was in. For that the layer kernel notes when
each operation of the DMA took its slot, in output elements. This is exact for any plan and any timing.

Partial sums go to the same lines fold after fold: segments that are alike are walked once (ResNet18 on edge-sram: one element
in ten).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dma import place
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import element_lines, locate, move_on
from simcore.engine.compiled.state import LayerState, MachineState, max_lines, table
from simcore.machine.line_writes import LineWrites
from simcore.program.program import Int64Array, Op, OpKind, Port, Program, Reg, Seg

_OUTPUT, _DUE, _COUNT, _AFTER_WRITE = int(Port.OUTPUT), int(Seg.DUE), int(Seg.COUNT), int(Seg.AFTER_WRITE)
_KIND, _REGION, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.REGION), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_LOAD = int(OpKind.LOAD)
_PAD, _BASE_LINE, _SLOT_LINES, _FIRST_SLOT = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.FIRST_SLOT)


@inlined
def _count(writes: Int64Array, first_rows: Int64Array, pads: Int64Array, pad: int, line: int, times: int) -> None:
    """A line written so many times."""
    bank, row = place(pads, pad, line)
    writes[first_rows[pad] + (bank - pads[pad, c.PAD_FIRST_BANK]) * pads[pad, c.PAD_ROWS] + row] += times


@inlined
def _count_loads(
    ops: Int64Array, regions: Int64Array, pads: Int64Array, burst_bytes: int, first_rows: Int64Array, writes: Int64Array
) -> None:
    """The DMA's writes: each burst of a load writes every line it touches, so a line wider than a burst is written by several."""
    for op in range(ops.shape[0]):
        if ops[op, _KIND] == _LOAD:
            region = ops[op, _REGION]
            pad = regions[region, _PAD]
            line_bytes = pads[pad, c.PAD_LINE_BYTES]
            base = regions[region, _BASE_LINE] + (ops[op, _SLOT] - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES]
            for begin in range(0, ops[op, _BYTES], burst_bytes):
                end = min(begin + burst_bytes, ops[op, _BYTES])
                for line in range(begin // line_bytes, (end - 1) // line_bytes + 1):
                    _count(writes, first_rows, pads, pad, base + line, 1)


@inlined
def _alike(segments: Int64Array, s: int, other: int) -> bool:
    """True if two segments of the output port write the same words, whenever they are due."""
    for column in range(segments.shape[1]):
        if column not in (_DUE, _AFTER_WRITE) and segments[s, column] != segments[other, column]:
            return False
    return True


@inlined
def _repeats(segments: Int64Array, s: int, next_move: int, made: int) -> int:
    """How many segments from ``s`` on write the same lines: alike, and over when ``next_move`` output elements are made."""
    repeats, count = 1, segments[s, _COUNT]
    while s + repeats < segments.shape[0] and made + (repeats + 1) * count <= next_move and _alike(segments, s, s + repeats):
        repeats += 1
    return repeats


def count_layer(
    ports: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    ops: Int64Array,
    moves: Int64Array,
    moved_at: Int64Array,
    pads: Int64Array,
    burst_bytes: int,
    coalescing: int,
    resident: Int64Array,
    lines: Int64Array,
    line_slots: Int64Array,
    first_rows: Int64Array,
    writes: Int64Array,
) -> int:
    """Add a layer's writes to ``writes``; returns the elements of the output port.

    ``ports`` is room for the cursor of the output port, whose ``segments`` these are. ``moves``: the operations that gave one of
    its tiles a slot, in the order in which they started; ``moved_at``: how many output elements had been made when each did.
    """
    _count_loads(ops, regions, pads, burst_bytes, first_rows, writes)
    made = following = s = 0
    while s < segments.shape[0]:
        ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_NUMBER] = s, 0
        locate(ports, segments, geometry, regions, _OUTPUT)
        repeats = 1
        for number in range(segments[s, _COUNT]):
            while following < moves.shape[0] and moved_at[following] <= made + number:
                resident[ops[moves[following], _TILE]] = ops[moves[following], _SLOT]
                following += 1
            if number == 0:
                repeats = _repeats(segments, s, moved_at[following] if following < moves.shape[0] else c.FAR, made)
            found, _ = element_lines(ports, pads, segments, geometry, regions, resident, coalescing, lines, line_slots, _OUTPUT)
            for i in range(found):
                _count(writes, first_rows, pads, ports[_OUTPUT, c.PORT_PAD], lines[i], repeats)
            ports[_OUTPUT, c.PORT_NUMBER] += 1
            move_on(ports, segments, geometry, regions, _OUTPUT)
        made += repeats * segments[s, _COUNT]
        s += repeats
    return made


_TABLE, _VECTOR = int64[:, ::1], int64[::1]
_count_layer: Any = compile_kernel(
    int64(_TABLE, _TABLE, _VECTOR, _TABLE, _TABLE, _VECTOR, _VECTOR, _TABLE, int64, int64, *[_VECTOR] * 5), count_layer
)


def _moves(program: Program, op_states: Int64Array) -> Int64Array:
    """The operations that gave a tile of the output port a slot, in the order in which they started."""
    written = np.zeros(len(program.regions), dtype=bool)
    written[program.segments[Port.OUTPUT][:, Seg.REGION]] = True
    found = np.flatnonzero(written[program.ops[:, Op.REGION]] & (program.ops[:, Op.KIND] != OpKind.STORE))
    return found[np.argsort(op_states[found, c.OP_STARTED])]


def add_line_writes(state: MachineState, layer: LayerState, program: Program, counted: LineWrites) -> None:
    """Add the writes of a layer that has run."""
    widest, moves = max_lines(program), _moves(program, layer.op_states)
    _count_layer(
        table(len(Port) - 1, c.PORT_COLUMNS),
        program.segments[Port.OUTPUT],
        program.geometry,
        program.regions,
        program.ops,
        moves,
        layer.op_states[moves, c.OP_OUTPUTS],
        state.pads,
        state.machine.burst_bytes,
        int(layer.scalars[c.SCALAR_COALESCING]),
        np.full(max(program.tiles, 1), c.NONE, dtype=np.int64),
        np.zeros(widest, dtype=np.int64),
        np.zeros(widest, dtype=np.int64),
        counted.first_rows,
        counted.flat,
    )
