"""The lines of an element: the formulas of ``program.streams``, compiled, and a faster walk over runs of neighbouring words."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.cursor import vectors_joined
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables
from simcore.program import streams
from simcore.program.program import Geo, Kind, Reg, Seg

_LANES, _TIMES, _KIND, _SKEWED, _REVERSE = (int(column) for column in (Seg.LANES, Seg.TIMES, Seg.KIND, Seg.SKEWED, Seg.REVERSE))
_CHUNK, _STRIDE, _OFFSET = int(Seg.CHUNK), int(Seg.STRIDE), int(Seg.OFFSET)
_M0, _K0, _CHANNEL_BASE = int(Seg.M0), int(Seg.K0), int(Seg.CHANNEL_BASE)
_JOINED, _GROUPS = int(Seg.JOINED), int(Seg.GROUPS)
_BASE_LINE, _SLOT_LINES, _WORD_BYTES = int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.WORD_BYTES)
_FIRST_TILE, _FIRST_SLOT = int(Reg.FIRST_TILE), int(Reg.FIRST_SLOT)
_LINEAR, _PIXELS = int(Kind.LINEAR), int(Kind.PIXELS)
_H, _W, _C, _OUT_H, _OUT_W = int(Geo.H), int(Geo.W), int(Geo.C), int(Geo.OUT_H), int(Geo.OUT_W)
_KERNEL_W, _STRIDE_H, _STRIDE_W = int(Geo.KERNEL_W), int(Geo.STRIDE_H), int(Geo.STRIDE_W)
_PAD_H, _PAD_W, _DILATION_H, _DILATION_W = int(Geo.PAD_H), int(Geo.PAD_W), int(Geo.DILATION_H), int(Geo.DILATION_W)
_GROUP_CHANNELS, _ROWS, _CHANNELS = int(Geo.GROUP_CHANNELS), int(Geo.ROWS_PER_TILE), int(Geo.CHANNELS_PER_TILE)
_PLANAR = int(Geo.PLANAR)

# The compiler compiles the reference engine's own definition of `ifmap_word`. This registers the function without wrapping it.
register_jitable(streams.ifmap_word)
element_word: Any = inlined(streams.element_word)


@inlined
def add_lines(tables: Tables, first: int, last: int, slot: int, found: int) -> int:
    """Append the lines first..last that are not among the ``found`` ones. Return the new count."""
    lines, line_slots = tables.lines, tables.line_slots
    for line in range(first, last + 1):
        known = False
        for i in range(found - 1, -1, -1):
            if lines[i] == line:
                known = True
                break
        if not known:
            lines[found] = line
            line_slots[found] = slot
            found += 1
    return found


@inlined
def line_of(tables: Tables, pad: int, byte: int) -> int:
    """Return the line that holds a byte of a slot."""
    pads = tables.pads
    shift = pads[pad, c.PAD_LINE_SHIFT]
    return byte >> shift if shift >= 0 else byte // pads[pad, c.PAD_LINE_BYTES]


@inlined
def lines_by_word(tables: Tables, s: int, r: int, number: int, pad: int) -> tuple[int, int]:
    """Return (lines, words) of an element, lane by lane, or (NONE, tile) if it touches a tile that is not resident."""
    segments, geometry, regions, resident = tables.segments, tables.geometry, tables.regions, tables.resident
    found = words = 0
    for lane in range(segments[s, _LANES] * segments[s, _JOINED]):
        tile, word = element_word(segments[s], geometry, number, lane)
        if tile < 0:
            continue
        slot = resident[regions[r, _FIRST_TILE] + tile]
        if slot < 0:
            return c.NONE, regions[r, _FIRST_TILE] + tile
        words += 1
        base = regions[r, _BASE_LINE] + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
        line = base + line_of(tables, pad, word * regions[r, _WORD_BYTES])
        found = add_lines(tables, line, line, slot, found)
    return found, words


@inlined
def linear_lines(tables: Tables, s: int, r: int, port: int, pad: int) -> tuple[int, int]:
    """Find the lines of the element at a port's cursor, in a segment ``s`` of kind LINEAR of region ``r``, as `element_lines`."""
    ports, segments, regions, resident = tables.ports, tables.segments, tables.regions, tables.resident
    lines, line_slots = tables.lines, tables.line_slots
    tile, within = ports[port, c.PORT_TILE], ports[port, c.PORT_WITHIN]
    word_bytes, left, found, words = regions[r, _WORD_BYTES], vectors_joined(tables, s, port), 0, 0
    while left > 0:
        slot = resident[regions[r, _FIRST_TILE] + tile]
        if slot < 0:
            return c.NONE, regions[r, _FIRST_TILE] + tile
        # Vectors of one tile lie side by side, unless the segment takes only a part of each.
        run = min(left, segments[s, _CHUNK] - within) if segments[s, _STRIDE] == segments[s, _LANES] else 1
        word, lanes = segments[s, _OFFSET] + within * segments[s, _STRIDE], run * segments[s, _LANES]
        base = regions[r, _BASE_LINE] + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
        first = base + line_of(tables, pad, word * word_bytes)
        last = base + line_of(tables, pad, (word + lanes - 1) * word_bytes)
        if found > 0:
            found = add_lines(tables, first, last, slot, found)
        else:
            for line in range(first, last + 1):
                lines[line - first] = line
                line_slots[line - first] = slot
            found = last - first + 1
        words += lanes
        left -= run
        within += run
        if within == segments[s, _CHUNK]:
            within = 0
            tile += 1
    return found, words


@inlined
def _lanes_of_group(tables: Tables, s: int) -> int:
    lanes, groups = tables.segments[s, _LANES], tables.segments[s, _GROUPS]
    return lanes // groups if groups > 1 else lanes


@inlined
def _pixel_lines(tables: Tables, s: int, r: int, port: int) -> tuple[int, int]:
    ports, segments, geometry = tables.ports, tables.segments, tables.geometry
    out_row, out_column = ports[port, c.PORT_OUT_ROW], ports[port, c.PORT_OUT_COLUMN]
    groups, found, words = segments[s, _GROUPS], 0, 0
    for vector in range(vectors_joined(tables, s, port)):
        if vector > 0:
            out_column += 1
            if out_column == geometry[_OUT_W]:
                out_column = 0
                out_row += 1
        for group in range(groups):
            found, more = _lines_of_pixel(tables, s, r, port, out_row, out_column, group, found)
            if found == c.NONE:
                return found, more
            words += more
    return found, words


@inlined
def _lines_of_pixel(
    tables: Tables, s: int, r: int, port: int, out_row: int, out_column: int, group: int, found: int
) -> tuple[int, int]:
    ports, segments, geometry, regions = tables.ports, tables.segments, tables.geometry, tables.regions
    resident, pad = tables.resident, ports[port, c.PORT_PAD]
    group_channels, width, channels = geometry[_GROUP_CHANNELS], geometry[_W], geometry[_CHANNELS]
    rows, channel_tiles = geometry[_ROWS], 1
    if channels < geometry[_C]:
        channel_tiles = (geometry[_C] + channels - 1) // channels
    first_tile = regions[r, _FIRST_TILE]
    if out_row >= geometry[_OUT_H]:
        batch = out_row // geometry[_OUT_H]
        out_row -= batch * geometry[_OUT_H]
        first_tile += batch * ((geometry[_H] + rows - 1) // rows) * channel_tiles
    kernel_row, kernel_column = ports[port, c.PORT_KERNEL_ROW], ports[port, c.PORT_KERNEL_COLUMN]
    channel = ports[port, c.PORT_CHANNEL]
    word_bytes = regions[r, _WORD_BYTES]
    left, words = _lanes_of_group(tables, s), 0
    first_channel = segments[s, _CHANNEL_BASE] + group * group_channels
    while left > 0:
        run = min(left, group_channels - channel)
        row = out_row * geometry[_STRIDE_H] - geometry[_PAD_H] + kernel_row * geometry[_DILATION_H]
        column = out_column * geometry[_STRIDE_W] - geometry[_PAD_W] + kernel_column * geometry[_DILATION_W]
        if row < 0 or row >= geometry[_H] or column < 0 or column >= width:
            left -= run
            channel += run
        else:
            within, chunk = first_channel + channel, 0
            if channel_tiles > 1:
                chunk = within // channels
                within -= chunk * channels
            run = min(run, channels - within)
            row_tile = row // rows if rows > 1 else row
            tile = first_tile + row_tile * channel_tiles + chunk
            slot = resident[tile]
            if slot < 0:
                return c.NONE, tile
            word = ((row - row_tile * rows) * width + column) * channels + within
            base = regions[r, _BASE_LINE] + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
            first = base + line_of(tables, pad, word * word_bytes)
            last = base + line_of(tables, pad, (word + run - 1) * word_bytes)
            found = add_lines(tables, first, last, slot, found)
            words += run
            left -= run
            channel += run
        if channel == group_channels:
            channel = 0
            kernel_column += 1
            if kernel_column == geometry[_KERNEL_W]:
                kernel_column = 0
                kernel_row += 1
    return found, words


@inlined
def _tap_lines(tables: Tables, s: int, r: int, time: int, pad: int) -> tuple[int, int]:
    groups, found, words = tables.segments[s, _GROUPS], 0, 0
    for group in range(groups):
        found, more = _lines_of_tap(tables, s, r, time, pad, group, found)
        if found == c.NONE:
            return found, more
        words += more
    return found, words


@inlined
def _lines_of_tap(tables: Tables, s: int, r: int, time: int, pad: int, group: int, found: int) -> tuple[int, int]:
    segments, geometry, regions, resident = tables.segments, tables.geometry, tables.regions, tables.resident
    lines = tables.lines
    tap = segments[s, _K0] + time
    group_channels, width, channels = geometry[_GROUP_CHANNELS], geometry[_W], geometry[_CHANNELS]
    rows = geometry[_ROWS]
    row_tiles = (geometry[_H] + rows - 1) // rows
    channel_tiles = (geometry[_C] + channels - 1) // channels
    row_taps = geometry[_KERNEL_W] * group_channels
    kernel_row = tap // row_taps
    kernel_column = (tap - kernel_row * row_taps) // group_channels
    full = segments[s, _CHANNEL_BASE] + group * group_channels + tap - kernel_row * row_taps - kernel_column * group_channels
    chunk = full // channels
    within = full - chunk * channels
    out_w, stride_w, word_bytes = geometry[_OUT_W], geometry[_STRIDE_W], regions[r, _WORD_BYTES]
    pixel = segments[s, _M0]
    out_row = pixel // out_w
    out_column = pixel - out_row * out_w
    batch = out_row // geometry[_OUT_H]
    out_row -= batch * geometry[_OUT_H]
    left, words = _lanes_of_group(tables, s), 0
    while left > 0:
        run = min(left, out_w - out_column)
        row = out_row * geometry[_STRIDE_H] - geometry[_PAD_H] + kernel_row * geometry[_DILATION_H]
        if 0 <= row < geometry[_H]:
            column = out_column * stride_w - geometry[_PAD_W] + kernel_column * geometry[_DILATION_W]
            row_tile = row // rows
            tile = regions[r, _FIRST_TILE] + (batch * row_tiles + row_tile) * channel_tiles + chunk
            base_word = (within * rows + row - row_tile * rows) * width
            for _ in range(run):
                if 0 <= column < width:
                    slot = resident[tile]
                    if slot < 0:
                        return c.NONE, tile
                    base = regions[r, _BASE_LINE] + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
                    line = base + line_of(tables, pad, (base_word + column) * word_bytes)
                    if found == 0 or lines[found - 1] != line:
                        found = add_lines(tables, line, line, slot, found)
                    words += 1
                column += stride_w
        left -= run
        out_column = 0
        out_row += 1
        if out_row == geometry[_OUT_H]:
            out_row = 0
            batch += 1
    return found, words


@inlined
def element_lines(tables: Tables, port: int) -> tuple[int, int]:
    """Put the lines of the element at a port's cursor into ``lines`` and ``line_slots``, in the order of first touch by a lane.

    Return (lines, words), or (NONE, tile) if the element touches a tile that is not resident. With SCALAR_COALESCING,
    neighbouring words are handled together.
    """
    ports, segments, geometry = tables.ports, tables.segments, tables.geometry
    s, number = ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER]
    r, pad = ports[port, c.PORT_REGION], ports[port, c.PORT_PAD]
    if tables.scalars[c.SCALAR_COALESCING] and not segments[s, _SKEWED]:
        if segments[s, _KIND] == _LINEAR:
            return linear_lines(tables, s, r, port, pad)
        if segments[s, _KIND] == _PIXELS and not geometry[_PLANAR]:
            return _pixel_lines(tables, s, r, port)
        if segments[s, _KIND] != _PIXELS and geometry[_PLANAR]:
            time = segments[s, _TIMES] - 1 - number if segments[s, _REVERSE] else number
            return _tap_lines(tables, s, r, time, pad)
    return lines_by_word(tables, s, r, number, pad)
