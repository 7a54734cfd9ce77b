"""The walk over a layer's Program that counts the writes of each line."""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.counting import FOLLOWING, MADE, NUMBER, REPEATS, SEGMENT, Counting
from simcore.engine.compiled.cpu_clock import clock_us
from simcore.engine.compiled.cursor import locate, move_on
from simcore.engine.compiled.dma import place
from simcore.engine.compiled.jit import entry, inlined
from simcore.engine.compiled.lines import element_lines
from simcore.engine.compiled.slices import LOOK_EVERY
from simcore.engine.compiled.tables import Tables, numba_type
from simcore.program.program import Op, OpKind, Port, Reg, Seg

_OUTPUT, _DUE, _COUNT, _AFTER_WRITE = int(Port.OUTPUT), int(Seg.DUE), int(Seg.COUNT), int(Seg.AFTER_WRITE)
_KIND, _REGION, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.REGION), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_LOAD = int(OpKind.LOAD)
_PAD, _BASE_LINE, _SLOT_LINES, _FIRST_SLOT = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.FIRST_SLOT)


@inlined
def _count(tables: Tables, counting: Counting, pad: int, line: int, times: int) -> None:
    """Count ``times`` writes of a line."""
    pads = tables.pads
    bank, row = place(tables, pad, line)
    counting.writes[counting.first_rows[pad] + (bank - pads[pad, c.PAD_FIRST_BANK]) * pads[pad, c.PAD_ROWS] + row] += times


@inlined
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


@inlined
def _alike(tables: Tables, s: int, other: int) -> bool:
    """Return whether two segments of the output port write the same words, whenever they are due."""
    segments = tables.segments
    for column in range(segments.shape[1]):
        if column not in (_DUE, _AFTER_WRITE) and segments[s, column] != segments[other, column]:
            return False
    return True


@inlined
def _repeats(tables: Tables, s: int, next_move: int, made: int) -> int:
    """Return how many segments from ``s`` on write the same lines and end by the time ``next_move`` output elements are made."""
    segments = tables.segments
    repeats, count = 1, segments[s, _COUNT]
    while s + repeats < segments.shape[0] and made + (repeats + 1) * count <= next_move and _alike(tables, s, s + repeats):
        repeats += 1
    return repeats


@inlined
def _begin_segment(tables: Tables, counting: Counting, next_move: int) -> None:
    """Put the cursor at the beginning of the next segment, and note how often that segment repeats."""
    ports, position = tables.ports, counting.position
    ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_NUMBER] = position[SEGMENT], 0
    locate(tables, _OUTPUT)
    position[REPEATS] = _repeats(tables, position[SEGMENT], next_move, position[MADE])


@entry(int64(numba_type(Tables), numba_type(Counting), int64))
def count_layer(tables: Tables, counting: Counting, slice_us: int) -> int:
    """Continue to add a layer's writes. Return 1 when all are added, or 0 after ``slice_us`` microseconds.

    The Tables' segments are those of the output port alone. ``ports`` is room for its cursor, and no tile is resident yet.
    """
    ports, segments, ops, resident = tables.ports, tables.segments, tables.ops, tables.resident
    moves, moved_at, position = counting.moves, counting.moved_at, counting.position
    began, looks_in = clock_us(), LOOK_EVERY
    if position[SEGMENT] == 0 and position[NUMBER] == 0:
        _count_loads(tables, counting)
    while position[SEGMENT] < segments.shape[0]:
        if looks_in == 0:
            looks_in = LOOK_EVERY
            if clock_us() - began >= slice_us:
                return 0
        looks_in -= 1
        following = position[FOLLOWING]
        while following < moves.shape[0] and moved_at[following] <= position[MADE] + position[NUMBER]:
            resident[ops[moves[following], _TILE]] = ops[moves[following], _SLOT]
            following += 1
        position[FOLLOWING] = following
        if position[NUMBER] == 0:
            _begin_segment(tables, counting, moved_at[following] if following < moves.shape[0] else c.FAR)
        found, _ = element_lines(tables, _OUTPUT)
        for i in range(found):
            _count(tables, counting, ports[_OUTPUT, c.PORT_PAD], tables.lines[i], position[REPEATS])
        ports[_OUTPUT, c.PORT_NUMBER] += 1
        move_on(tables, _OUTPUT)
        position[NUMBER] += 1
        if position[NUMBER] == segments[position[SEGMENT], _COUNT]:
            position[MADE] += position[REPEATS] * position[NUMBER]
            position[SEGMENT] += position[REPEATS]
            position[NUMBER] = 0
    return 1
