"""The address formulas of a Program's streams, which say in plain integers where the words of an element are.

Both engines use this one definition: the reference engine calls these functions, the compiled engine compiles them. They take
int64 arrays (one segment row, the geometry, one region row) and return plain integers.
"""

from __future__ import annotations

from simcore.program.program import Geo, Int64Array, Kind, Seg

# Enum members as plain ints: numba freezes globals, and these never change.
_KIND, _SKEWED, _REVERSE, _TIMES = int(Seg.KIND), int(Seg.SKEWED), int(Seg.REVERSE), int(Seg.TIMES)
_TILE, _CHUNK, _STRIDE, _OFFSET = int(Seg.TILE), int(Seg.CHUNK), int(Seg.STRIDE), int(Seg.OFFSET)
_M0, _K0, _SETS, _K_STEP = int(Seg.M0), int(Seg.K0), int(Seg.SETS), int(Seg.K_STEP)
_CHANNEL_BASE, _LANES, _JOINED, _GROUPS = int(Seg.CHANNEL_BASE), int(Seg.LANES), int(Seg.JOINED), int(Seg.GROUPS)
_LINEAR, _PIXELS = int(Kind.LINEAR), int(Kind.PIXELS)
_H, _W, _C, _OUT_H, _OUT_W = int(Geo.H), int(Geo.W), int(Geo.C), int(Geo.OUT_H), int(Geo.OUT_W)
_KERNEL_W, _STRIDE_H, _STRIDE_W = int(Geo.KERNEL_W), int(Geo.STRIDE_H), int(Geo.STRIDE_W)
_PAD_H, _PAD_W, _DILATION_H, _DILATION_W = int(Geo.PAD_H), int(Geo.PAD_W), int(Geo.DILATION_H), int(Geo.DILATION_W)
_GROUP_CHANNELS, _ROWS, _CHANNELS = int(Geo.GROUP_CHANNELS), int(Geo.ROWS_PER_TILE), int(Geo.CHANNELS_PER_TILE)
_PLANAR = int(Geo.PLANAR)


def ifmap_word(geometry: Int64Array, channel_base: int, m: int, k: int) -> tuple[int, int]:
    """Return (tile within the ifmap, word within the tile) that output pixel m multiplies with tap k; (-1, -1) in the padding."""
    out_w = geometry[_OUT_W]
    pixels = geometry[_OUT_H] * out_w
    batch = m // pixels
    out_row = (m % pixels) // out_w
    out_column = m % out_w
    group_channels = geometry[_GROUP_CHANNELS]
    row_taps = geometry[_KERNEL_W] * group_channels
    row = out_row * geometry[_STRIDE_H] - geometry[_PAD_H] + (k // row_taps) * geometry[_DILATION_H]
    column = out_column * geometry[_STRIDE_W] - geometry[_PAD_W] + ((k % row_taps) // group_channels) * geometry[_DILATION_W]
    if row < 0 or row >= geometry[_H] or column < 0 or column >= geometry[_W]:
        return -1, -1
    channel = channel_base + k % group_channels
    rows, channels = geometry[_ROWS], geometry[_CHANNELS]
    row_tiles = (geometry[_H] + rows - 1) // rows
    channel_tiles = (geometry[_C] + channels - 1) // channels
    tile = (batch * row_tiles + row // rows) * channel_tiles + channel // channels
    if geometry[_PLANAR]:
        return tile, ((channel % channels) * rows + row % rows) * geometry[_W] + column
    return tile, ((row % rows) * geometry[_W] + column) * channels + channel % channels


def element_word(segment: Int64Array, geometry: Int64Array, element: int, lane: int) -> tuple[int, int]:
    """Return (tile within the region, word within the tile) of one lane of an element; (-1, -1) if the lane carries nothing.

    Lanes count through all vectors that the element joins.
    """
    time = element
    if segment[_JOINED] > 1:
        time = element * segment[_JOINED] + lane // segment[_LANES]
        lane = lane % segment[_LANES]
        if time >= segment[_TIMES]:
            return -1, -1
    if segment[_SKEWED]:
        time = element - lane
        if time < 0 or time >= segment[_TIMES]:
            return -1, -1
    if segment[_REVERSE]:
        time = segment[_TIMES] - 1 - time
    if segment[_KIND] == _LINEAR:
        chunk = segment[_CHUNK]
        return segment[_TILE] + time // chunk, segment[_OFFSET] + (time % chunk) * segment[_STRIDE] + lane
    channel_base = segment[_CHANNEL_BASE]
    if segment[_GROUPS] > 1:
        each = segment[_LANES] // segment[_GROUPS]
        channel_base = channel_base + lane // each * geometry[_GROUP_CHANNELS]
        lane = lane % each
    if segment[_KIND] == _PIXELS:
        sets = segment[_SETS]
        pixel = segment[_M0] + time // sets
        tap = segment[_K0] + (time % sets) * segment[_K_STEP] + lane
    else:
        pixel = segment[_M0] + lane
        tap = segment[_K0] + time
    return ifmap_word(geometry, channel_base, pixel, tap)
