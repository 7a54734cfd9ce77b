"""The lines of an element: the formulas of ``simcore.streams``, compiled, and a faster walk over runs of neighbouring words."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simcore import streams
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.program import Geo, Int64Array, Kind, Reg, Seg

_COUNT, _LANES, _TIMES, _KIND, _SKEWED, _REVERSE = (
    int(column) for column in (Seg.COUNT, Seg.LANES, Seg.TIMES, Seg.KIND, Seg.SKEWED, Seg.REVERSE)
)
_TILE, _CHUNK, _STRIDE, _OFFSET = (int(column) for column in (Seg.TILE, Seg.CHUNK, Seg.STRIDE, Seg.OFFSET))
_M0, _K0, _SETS, _K_STEP, _CHANNEL_BASE = (int(column) for column in (Seg.M0, Seg.K0, Seg.SETS, Seg.K_STEP, Seg.CHANNEL_BASE))
_BASE_LINE, _SLOT_LINES, _WORD_BYTES = int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.WORD_BYTES)
_FIRST_TILE, _FIRST_SLOT = int(Reg.FIRST_TILE), int(Reg.FIRST_SLOT)
_LINEAR, _PIXELS = int(Kind.LINEAR), int(Kind.PIXELS)
_H, _W, _C, _OUT_H, _OUT_W = int(Geo.H), int(Geo.W), int(Geo.C), int(Geo.OUT_H), int(Geo.OUT_W)
_KERNEL_W, _STRIDE_H, _STRIDE_W = int(Geo.KERNEL_W), int(Geo.STRIDE_H), int(Geo.STRIDE_W)
_PAD_H, _PAD_W, _DILATION_H, _DILATION_W = int(Geo.PAD_H), int(Geo.PAD_W), int(Geo.DILATION_H), int(Geo.DILATION_W)
_GROUP_CHANNELS, _ROWS, _CHANNELS = int(Geo.GROUP_CHANNELS), int(Geo.ROWS_PER_TILE), int(Geo.CHANNELS_PER_TILE)
_PLANAR = int(Geo.PLANAR)

# The reference engine's own definition, compiled: `ifmap_word` is made known to the compiler, not wrapped.
register_jitable(streams.ifmap_word)
element_word: Any = inlined(streams.element_word)


@inlined
def add_lines(first: int, last: int, slot: int, lines: Int64Array, line_slots: Int64Array, found: int) -> int:
    """Append lines first..last that are not among the ``found`` ones; returns the new count."""
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
def lines_by_word(
    segments: Int64Array,
    s: int,
    geometry: Int64Array,
    regions: Int64Array,
    r: int,
    resident: Int64Array,
    number: int,
    line_bytes: int,
    lines: Int64Array,
    line_slots: Int64Array,
) -> tuple[int, int]:
    """(lines, words) of an element, lane by lane; (NONE, tile) if a tile it touches is not resident."""
    found = words = 0
    for lane in range(segments[s, _LANES]):
        tile, word = element_word(segments[s], geometry, number, lane)
        if tile < 0:
            continue
        slot = resident[regions[r, _FIRST_TILE] + tile]
        if slot < 0:
            return c.NONE, regions[r, _FIRST_TILE] + tile
        words += 1
        line = (
            regions[r, _BASE_LINE]
            + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
            + word * regions[r, _WORD_BYTES] // line_bytes
        )
        found = add_lines(line, line, slot, lines, line_slots, found)
    return found, words


@inlined
def _linear_lines(
    segments: Int64Array,
    s: int,
    regions: Int64Array,
    r: int,
    resident: Int64Array,
    time: int,
    line_bytes: int,
    lines: Int64Array,
    line_slots: Int64Array,
) -> tuple[int, int]:
    chunk = segments[s, _CHUNK]
    tile = segments[s, _TILE]
    within = time
    if time >= chunk:
        tile += time // chunk
        within = time % chunk
    slot = resident[regions[r, _FIRST_TILE] + tile]
    if slot < 0:
        return c.NONE, regions[r, _FIRST_TILE] + tile
    word = segments[s, _OFFSET] + within * segments[s, _STRIDE]
    word_bytes = regions[r, _WORD_BYTES]
    base = regions[r, _BASE_LINE] + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
    lanes = segments[s, _LANES]
    first = base + word * word_bytes // line_bytes
    last = base + (word + lanes - 1) * word_bytes // line_bytes
    for line in range(first, last + 1):
        lines[line - first] = line
        line_slots[line - first] = slot
    return last - first + 1, lanes


@inlined
def _pixel_lines(
    segments: Int64Array,
    s: int,
    geometry: Int64Array,
    regions: Int64Array,
    r: int,
    resident: Int64Array,
    time: int,
    line_bytes: int,
    lines: Int64Array,
    line_slots: Int64Array,
) -> tuple[int, int]:
    sets = segments[s, _SETS]
    pixel, tap = segments[s, _M0] + time, segments[s, _K0]
    if sets > 1:
        pixel = segments[s, _M0] + time // sets
        tap += (time % sets) * segments[s, _K_STEP]
    out_w = geometry[_OUT_W]
    out_row = pixel // out_w
    out_column = pixel - out_row * out_w
    batch = out_row // geometry[_OUT_H]
    out_row -= batch * geometry[_OUT_H]
    group_channels, width, channels = geometry[_GROUP_CHANNELS], geometry[_W], geometry[_CHANNELS]
    rows = geometry[_ROWS]
    row_tiles = (geometry[_H] + rows - 1) // rows
    channel_tiles = (geometry[_C] + channels - 1) // channels
    row_taps = geometry[_KERNEL_W] * group_channels
    kernel_row = tap // row_taps
    kernel_column = (tap - kernel_row * row_taps) // group_channels
    channel = tap - kernel_row * row_taps - kernel_column * group_channels
    word_bytes = regions[r, _WORD_BYTES]
    left = segments[s, _LANES]
    found = words = 0
    while left > 0:
        run = min(left, group_channels - channel)
        row = out_row * geometry[_STRIDE_H] - geometry[_PAD_H] + kernel_row * geometry[_DILATION_H]
        column = out_column * geometry[_STRIDE_W] - geometry[_PAD_W] + kernel_column * geometry[_DILATION_W]
        if row < 0 or row >= geometry[_H] or column < 0 or column >= width:
            left -= run
            channel += run
        else:
            full = segments[s, _CHANNEL_BASE] + channel
            chunk = full // channels
            within = full - chunk * channels
            run = min(run, channels - within)
            row_tile = row // rows
            tile = regions[r, _FIRST_TILE] + (batch * row_tiles + row_tile) * channel_tiles + chunk
            slot = resident[tile]
            if slot < 0:
                return c.NONE, tile
            word = ((row - row_tile * rows) * width + column) * channels + within
            base = regions[r, _BASE_LINE] + (slot - regions[r, _FIRST_SLOT]) * regions[r, _SLOT_LINES]
            first = base + word * word_bytes // line_bytes
            last = base + (word + run - 1) * word_bytes // line_bytes
            found = add_lines(first, last, slot, lines, line_slots, found)
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
def _tap_lines(
    segments: Int64Array,
    s: int,
    geometry: Int64Array,
    regions: Int64Array,
    r: int,
    resident: Int64Array,
    time: int,
    line_bytes: int,
    lines: Int64Array,
    line_slots: Int64Array,
) -> tuple[int, int]:
    tap = segments[s, _K0] + time
    group_channels, width, channels = geometry[_GROUP_CHANNELS], geometry[_W], geometry[_CHANNELS]
    rows = geometry[_ROWS]
    row_tiles = (geometry[_H] + rows - 1) // rows
    channel_tiles = (geometry[_C] + channels - 1) // channels
    row_taps = geometry[_KERNEL_W] * group_channels
    kernel_row = tap // row_taps
    kernel_column = (tap - kernel_row * row_taps) // group_channels
    full = segments[s, _CHANNEL_BASE] + tap - kernel_row * row_taps - kernel_column * group_channels
    chunk = full // channels
    within = full - chunk * channels
    out_w, stride_w, word_bytes = geometry[_OUT_W], geometry[_STRIDE_W], regions[r, _WORD_BYTES]
    pixel = segments[s, _M0]
    out_row = pixel // out_w
    out_column = pixel - out_row * out_w
    batch = out_row // geometry[_OUT_H]
    out_row -= batch * geometry[_OUT_H]
    left = segments[s, _LANES]
    found = words = 0
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
                    line = base + (base_word + column) * word_bytes // line_bytes
                    if found == 0 or lines[found - 1] != line:
                        found = add_lines(line, line, slot, lines, line_slots, found)
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
def element_lines(
    segments: Int64Array,
    s: int,
    geometry: Int64Array,
    regions: Int64Array,
    r: int,
    resident: Int64Array,
    number: int,
    line_bytes: int,
    coalescing: int,
    lines: Int64Array,
    line_slots: Int64Array,
) -> tuple[int, int]:
    """(lines, words) of an element, into ``lines`` and ``line_slots`` in the order in which lanes first touch them.

    (NONE, tile) if a tile it touches is not resident. With ``coalescing`` words that lie side by side are taken together.
    """
    if not coalescing or segments[s, _SKEWED]:
        return lines_by_word(segments, s, geometry, regions, r, resident, number, line_bytes, lines, line_slots)
    time = number
    if segments[s, _REVERSE]:
        time = segments[s, _TIMES] - 1 - number
    if segments[s, _KIND] == _LINEAR:
        return _linear_lines(segments, s, regions, r, resident, time, line_bytes, lines, line_slots)
    if segments[s, _KIND] == _PIXELS:
        if geometry[_PLANAR]:
            return lines_by_word(segments, s, geometry, regions, r, resident, number, line_bytes, lines, line_slots)
        return _pixel_lines(segments, s, geometry, regions, r, resident, time, line_bytes, lines, line_slots)
    if not geometry[_PLANAR]:
        return lines_by_word(segments, s, geometry, regions, r, resident, number, line_bytes, lines, line_slots)
    return _tap_lines(segments, s, geometry, regions, r, resident, time, line_bytes, lines, line_slots)
