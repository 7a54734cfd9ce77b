"""What the ports bring to the machine in a block: when elements are due, and where their lines lie.

A line is named by its place within the period after which banks repeat, and by the number of its tile among those of the block.
Two blocks with equal words, equal words of the DMA's operations and equal states run alike. The words name no step, no tile and
no slot by its number. They tell more than may be needed: a window of elements beyond those that are due.
"""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import called
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.replay.frames import phase
from simcore.engine.compiled.tables import Tables
from simcore.program.program import Geo, Kind, Port, Reg, Seg

_PSUM, _OUTPUT = int(Port.PSUM), int(Port.OUTPUT)
_DUE, _DUE_STRIDE, _COUNT, _AFTER_WRITE = int(Seg.DUE), int(Seg.DUE_STRIDE), int(Seg.COUNT), int(Seg.AFTER_WRITE)
_LANES, _TIMES, _KIND, _REVERSE, _REGION = (int(column) for column in (Seg.LANES, Seg.TIMES, Seg.KIND, Seg.REVERSE, Seg.REGION))
_TILE, _CHUNK, _STRIDE, _OFFSET = int(Seg.TILE), int(Seg.CHUNK), int(Seg.STRIDE), int(Seg.OFFSET)
_M0, _K0, _CHANNEL_BASE = int(Seg.M0), int(Seg.K0), int(Seg.CHANNEL_BASE)
_JOINED, _GROUPS, _LINEAR = int(Seg.JOINED), int(Seg.GROUPS), int(Kind.LINEAR)
_FIRST_TILE, _WORD_BYTES = int(Reg.FIRST_TILE), int(Reg.WORD_BYTES)
_H, _W, _C, _OUT_H, _OUT_W = int(Geo.H), int(Geo.W), int(Geo.C), int(Geo.OUT_H), int(Geo.OUT_W)
_KERNEL_W, _STRIDE_H, _STRIDE_W = int(Geo.KERNEL_W), int(Geo.STRIDE_H), int(Geo.STRIDE_W)
_PAD_H, _PAD_W, _DILATION_H, _DILATION_W = int(Geo.PAD_H), int(Geo.PAD_W), int(Geo.DILATION_H), int(Geo.DILATION_W)
_GROUP_CHANNELS, _ROWS, _CHANNELS = int(Geo.GROUP_CHANNELS), int(Geo.ROWS_PER_TILE), int(Geo.CHANNELS_PER_TILE)


@called
def walk_back(tables: Tables, port: int, count: int) -> tuple[int, int]:
    """Return the place, segment and number, of the element ``count`` elements before a port's next."""
    s, number = tables.ports[port, c.PORT_SEGMENT], tables.ports[port, c.PORT_NUMBER]
    while count > number:
        count -= number
        s -= 1
        number = tables.segments[s, _COUNT]
    return s, number - count


@called
def _touch(tables: Tables, replay: r.Replay, region: int, tile: int, byte: int, at: int) -> int:
    """Write where a byte of a region's tile lies, and the tile by its number among those of the block. Return the next place.

    Return NONE if the block touches too much. A tile that is not resident lies where the operation that brings it says.
    """
    memo, tiles, key = replay.memo, replay.tiles, replay.key
    tile += tables.regions[region, _FIRST_TILE]
    number = memo[r.TILES] - 1
    while number >= 0 and tiles[number, r.TILE] != tile:
        number -= 1
    if number < 0:
        number = memo[r.TILES]
        if number == r.MOST_TILES:
            return c.NONE
        tiles[number, r.TILE], tiles[number, r.SLOT] = tile, tables.resident[tile]
        memo[r.TILES] += 1
    if at > r.MOST_WORDS // 2:
        return c.NONE
    slot = tiles[number, r.SLOT]
    if memo[r.ORIGIN] == r.FIRST:
        memo[r.ORIGIN] = byte
    key[at] = number << 40 | (phase(tables, replay, region, slot, byte) if slot >= 0 else 1 << 39 | byte)
    key[at + 1] = byte - memo[r.ORIGIN] if memo[r.ORIGIN] != c.NONE else 0
    return at + 2


@called
def stream_words(tables: Tables, replay: r.Replay, length: int) -> int:
    """Write the streams of the next ``length`` steps into ``key``. Return the number of words, or NONE for no key."""
    memo, ports, segments = replay.memo, tables.ports, tables.segments
    # At its end a block may have steps in which nothing is due.
    memo[r.TILES], replay.key[0], at = 0, length, 1
    for port in range(c.ARRAY_PORTS):
        at = _due_words(tables, replay, port, length, at)
        if at == c.NONE:
            return at
    # Bytes of partial sums and of outputs that may be forwarded to them count from the next partial sum.
    region = origin = c.NONE
    s, time = ports[_PSUM, c.PORT_SEGMENT], ports[_PSUM, c.PORT_NUMBER]
    if s < ports[_PSUM, c.PORT_LAST_SEGMENT]:
        region = segments[s, _REGION]
        origin = (segments[s, _OFFSET] + time % segments[s, _CHUNK] * segments[s, _STRIDE]) * tables.regions[region, _WORD_BYTES]
    for port in range(c.ARRAY_PORTS):
        at = _port_words(tables, replay, port, region if port >= _PSUM else c.NONE, origin, at)
        if at == c.NONE:
            return at
    return at


@called
def _due_words(tables: Tables, replay: r.Replay, port: int, length: int, at: int) -> int:
    """Write when elements that are not consumed yet are due in the block, and note how many are."""
    segments, streams, key, due = tables.segments, replay.streams, replay.key, 0
    streams[port, r.CONSUMED] = tables.ports[port, c.PORT_CONSUMED]
    s, number = walk_back(tables, port, tables.ports[port, c.PORT_IN_WINDOW])
    while s < tables.ports[port, c.PORT_LAST_SEGMENT]:
        stride = segments[s, _DUE_STRIDE]
        first, left = segments[s, _DUE] + number * stride - tables.scalars[c.SCALAR_STEP], segments[s, _COUNT] - number
        if first >= length:
            break
        count = left if stride == 0 else min(left, (length - first + stride - 1) // stride)
        key[at] = first | count << 20 | (stride if count > 1 else 0) << 40
        at += 1
        due += count
        if count < left:
            break
        s, number = s + 1, 0
        if at > r.MOST_WORDS // 2:
            return c.NONE
    streams[port, r.DUE] = due
    key[at] = -1
    return at + 1


@called
def _port_words(tables: Tables, replay: r.Replay, port: int, region: int, origin: int, at: int) -> int:
    """Write the addresses of the elements that a port may offer in the block; of outputs, also those that may be buffered.

    In a ``region`` bytes count from ``origin``.
    """
    ports, segments, key, memo = tables.ports, tables.segments, replay.key, replay.memo
    if port == _OUTPUT:
        s, number = walk_back(tables, port, memo[r.BACK])
        left = replay.streams[port, r.DUE] + 1 + memo[r.BACK]
    else:
        s, number = ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER]
        left = replay.streams[port, r.DUE] + 1 + tables.scalars[c.SCALAR_WINDOW] - ports[port, c.PORT_IN_WINDOW]
    while left > 0 and s < ports[port, c.PORT_LAST_SEGMENT]:
        count = min(left, segments[s, _COUNT] - number)
        first = number * segments[s, _JOINED]
        times = min(count * segments[s, _JOINED], segments[s, _TIMES] - first)
        memo[r.ORIGIN] = origin if segments[s, _REGION] == region else c.NONE
        order = segments[s, _REVERSE] | segments[s, _JOINED] << 1
        key[at] = segments[s, _LANES] | segments[s, _REGION] << 24 | segments[s, _KIND] << 40 | order << 44
        # The results that must be taken before these partial sums may be read, unless they are.
        waits = segments[s, _AFTER_WRITE] + number + 1 - ports[_OUTPUT, c.PORT_CONSUMED]
        key[at + 1] = 0
        if port == _PSUM and segments[s, _AFTER_WRITE] >= 0 and waits + count > 1:
            key[at + 1] = min(waits, replay.streams[_OUTPUT, r.DUE] + 1) + (1 << 30)
        if segments[s, _KIND] == _LINEAR:
            at = _linear(tables, replay, s, first, times, at + 2)
        else:
            at = _pixels(tables, replay, s, first, times, at + 2)
        if at == c.NONE:
            return at
        # The words above name so many vectors as the elements have.
        key[at] = -2
        at += 1
        left -= count
        s, number = s + 1, 0
    key[at] = -1
    return at + 1


@called
def _linear(tables: Tables, replay: r.Replay, s: int, first: int, times: int, at: int) -> int:
    """Write vectors of a segment, tile by tile."""
    segments, key = tables.segments, replay.key
    region, chunk, stride, reverse = segments[s, _REGION], segments[s, _CHUNK], segments[s, _STRIDE], segments[s, _REVERSE]
    time = segments[s, _TIMES] - 1 - first if reverse else first
    key[at] = stride
    at += 1
    while times > 0 and at != c.NONE:
        tile, within = time // chunk, time % chunk
        run = min(times, within + 1 if reverse else chunk - within)
        byte = (segments[s, _OFFSET] + within * stride) * tables.regions[region, _WORD_BYTES]
        key[at] = run
        at = _touch(tables, replay, region, segments[s, _TILE] + tile, byte, at + 1)
        times -= run
        time += -run if reverse else run
    return at


@called
def _pixels(tables: Tables, replay: r.Replay, s: int, pixel: int, times: int, at: int) -> int:
    """Write pixels of a segment: one after another, runs of channels of one tap that lie in one tile per row."""
    segments, geometry, key = tables.segments, tables.geometry, replay.key
    lanes, group_channels, channels = segments[s, _LANES] // segments[s, _GROUPS], geometry[_GROUP_CHANNELS], geometry[_CHANNELS]
    channel = segments[s, _CHANNEL_BASE] + segments[s, _K0] % group_channels
    run = min(segments[s, _LANES], min(group_channels - segments[s, _K0] % group_channels, channels - channel % channels))
    if run < segments[s, _LANES] or segments[s, _JOINED] > 1:
        # Several runs of an element may share lines.
        replay.memo[r.ORIGIN] = r.FIRST
    for group in range(segments[s, _GROUPS]):
        tap, channel, left = segments[s, _K0] // group_channels, segments[s, _K0] % group_channels, lanes
        while left > 0 and at != c.NONE:
            full = segments[s, _CHANNEL_BASE] + group * group_channels + channel
            run = min(left, min(group_channels - channel, channels - full % channels))
            key[at] = run
            at = _tap(tables, replay, s, pixel, times, tap, full, at + 1)
            left -= run
            channel += run
            if channel == group_channels:
                channel, tap = 0, tap + 1
    return at


@called
def _tap(tables: Tables, replay: r.Replay, s: int, pixel: int, times: int, tap: int, channel: int, at: int) -> int:
    """Write a tap of pixels, row by row: what is padding, and where the rest begins."""
    segments, geometry, key = tables.segments, tables.geometry, replay.key
    width, channels, rows, stride = geometry[_W], geometry[_CHANNELS], geometry[_ROWS], geometry[_STRIDE_W]
    region, pixel = segments[s, _REGION], pixel + segments[s, _M0]
    chunks, row_tiles, word_bytes = (
        (geometry[_C] + channels - 1) // channels,
        (geometry[_H] + rows - 1) // rows,
        tables.regions[region, _WORD_BYTES],
    )
    first_row = tap // geometry[_KERNEL_W] * geometry[_DILATION_H] - geometry[_PAD_H]
    first_column = tap % geometry[_KERNEL_W] * geometry[_DILATION_W] - geometry[_PAD_W]
    out_row, out_column = pixel // geometry[_OUT_W], pixel % geometry[_OUT_W]
    image, out_row = out_row // geometry[_OUT_H], out_row % geometry[_OUT_H]
    chunk, channel = channel // channels, channel % channels
    while times > 0 and at != c.NONE:
        if at > r.MOST_WORDS // 2:
            return c.NONE
        run = min(times, geometry[_OUT_W] - out_column)
        row, column, left = first_row + out_row * geometry[_STRIDE_H], first_column + out_column * stride, 0
        if column < 0:
            left = min(run, (stride - 1 - column) // stride)
            column += left * stride
        inside = run - left
        if column + (inside - 1) * stride >= width:
            inside = (width - column + stride - 1) // stride
        if row < 0 or row >= geometry[_H] or inside <= 0:
            key[at] = run | 1 << 60
            at += 1
        else:
            key[at] = run | left << 20 | inside << 40
            row_tile = row // rows
            word = ((row - row_tile * rows) * width + column) * channels + channel
            at = _touch(tables, replay, region, (image * row_tiles + row_tile) * chunks + chunk, word * word_bytes, at + 1)
        times -= run
        out_row, out_column = out_row + 1, 0
        if out_row == geometry[_OUT_H]:
            image, out_row = image + 1, 0
    return at
