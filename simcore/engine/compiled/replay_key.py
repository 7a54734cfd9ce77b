"""The key of a fold to come: when the machine is settled, the facts from which all that happens up to the next fold follows."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.machine.machine import BLOCK, ROUND_ROBIN, XOR
from simcore.program.program import QUEUES, Geo, Int64Array, Kind, Port, Reg, Seg

#: Segments of each port that a key describes, from the cursor on; a recorded period may not reach beyond them.
AHEAD = 2

_PSUM, _OUTPUT, _QUEUES = int(Port.PSUM), int(Port.OUTPUT), len(QUEUES)
_LINEAR, _PIXELS = int(Kind.LINEAR), int(Kind.PIXELS)
_DUE, _COUNT, _LANES, _TIMES, _KIND = int(Seg.DUE), int(Seg.COUNT), int(Seg.LANES), int(Seg.TIMES), int(Seg.KIND)
_REGION, _AFTER_WRITE, _TILE, _CHUNK = int(Seg.REGION), int(Seg.AFTER_WRITE), int(Seg.TILE), int(Seg.CHUNK)
_M0, _K0, _CHANNEL_BASE = int(Seg.M0), int(Seg.K0), int(Seg.CHANNEL_BASE)
_SETS, _K_STEP, _OFFSET, _STRIDE = int(Seg.SETS), int(Seg.K_STEP), int(Seg.OFFSET), int(Seg.STRIDE)
_DUE_STRIDE, _SKEWED, _REVERSE = int(Seg.DUE_STRIDE), int(Seg.SKEWED), int(Seg.REVERSE)
_PAD, _BASE_LINE, _SLOT_LINES = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES)
_WORD_BYTES = int(Reg.WORD_BYTES)
_FIRST_TILE, _FIRST_SLOT = int(Reg.FIRST_TILE), int(Reg.FIRST_SLOT)
_H, _C, _OUT_H, _OUT_W, _KERNEL_W = int(Geo.H), int(Geo.C), int(Geo.OUT_H), int(Geo.OUT_W), int(Geo.KERNEL_W)
_STRIDE_H, _PAD_H, _DILATION_H = int(Geo.STRIDE_H), int(Geo.PAD_H), int(Geo.DILATION_H)
_W, _PAD_W, _STRIDE_W, _DILATION_W = int(Geo.W), int(Geo.PAD_W), int(Geo.STRIDE_W), int(Geo.DILATION_W)
_PLANAR = int(Geo.PLANAR)
_GROUP_CHANNELS, _ROWS, _CHANNELS = int(Geo.GROUP_CHANNELS), int(Geo.ROWS_PER_TILE), int(Geo.CHANNELS_PER_TILE)

#: Facts of one segment in a key: 15 columns, two hashes of where its tiles lie, and which partial sums it touches.
SEGMENT_FACTS = 18


def key_length(window: int) -> int:
    """Values in a key."""
    return 4 * (2 + window + AHEAD * SEGMENT_FACTS) + 1


@inlined
def _mix(value: int, item: int) -> int:
    """Add an item to a hash of 37 bits; no product passes 2^62, so that plain Python and compiled code agree."""
    value = (value ^ (item & 0xFFFFFFFF)) * 0x01000193 & 0x1FFFFFFFFF
    return value ^ (value >> 17)


@inlined
def is_settled(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    queues: Int64Array,
    now: int,
) -> bool:
    """True if nothing is under way but the array itself."""
    if scalars[c.SCALAR_OUTSTANDING] or scalars[c.SCALAR_POSTED] or scalars[c.SCALAR_OUTPUT_LINES] != c.NONE:
        return False
    for queue in range(_QUEUES):
        if queues[queue, c.QUEUE_STARTED] != c.NONE:
            return False
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_LISTED] or pads[pad, c.PAD_BUFFERED]:
            return False
    for server in range(servers.shape[0]):
        if servers[server, c.SERVER_FREE_AT] > now:
            return False
    window = scalars[c.SCALAR_WINDOW]
    for port in range(3):
        for i in range(ports[port, c.PORT_IN_WINDOW]):
            element = port * window + (ports[port, c.PORT_HEAD] + i) % window
            if bundles[element, c.BUNDLE_UNGRANTED] or bundles[element, c.BUNDLE_READY] > now:
                return False
    return True


@inlined
def _place_in_tile(regions: Int64Array, pads: Int64Array, resident: Int64Array, region: int, tile: int, within: int) -> int:
    """Line ``within`` of a tile, as far as it decides which banks it and its neighbours lie in; NONE if not resident.

    Where banks may change places, counted from the bank of the first line that the key meets in the scratchpad.
    """
    slot = resident[regions[region, _FIRST_TILE] + tile]
    if slot < 0:
        return c.NONE
    line = regions[region, _BASE_LINE] + (slot - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES] + within
    pad = regions[region, _PAD]
    if pads[pad, c.PAD_INTERLEAVING] == BLOCK:
        return line
    banks = pads[pad, c.PAD_BANKS]
    if pads[pad, c.PAD_ROTATES]:
        if pads[pad, c.PAD_ORIGIN] == c.NONE:
            pads[pad, c.PAD_ORIGIN] = line % banks
        return (line - pads[pad, c.PAD_ORIGIN]) % banks
    return line % (banks * banks if pads[pad, c.PAD_INTERLEAVING] == XOR else banks)


@inlined
def reads_one_tap(segments: Int64Array, s: int, geometry: Int64Array) -> bool:
    """True for a stream over pixels that reads neighbouring channels of one tile at one place of the filter.

    Its words then lie at one address per ifmap row, plus the same distance from pixel to pixel, whatever the tap.
    """
    if segments[s, _KIND] != _PIXELS or geometry[_PLANAR] or segments[s, _SETS] != 1 or segments[s, _SKEWED]:
        return False
    channel = segments[s, _K0] % geometry[_GROUP_CHANNELS]
    first = segments[s, _CHANNEL_BASE] + channel
    return (
        channel + segments[s, _LANES] <= geometry[_GROUP_CHANNELS]
        and first // geometry[_CHANNELS] == (first + segments[s, _LANES] - 1) // geometry[_CHANNELS]
    )


@inlined
def _first_column(segments: Int64Array, s: int, geometry: Int64Array) -> int:
    """The ifmap column of an output row's first pixel, at the one tap that a segment reads."""
    column = segments[s, _K0] // geometry[_GROUP_CHANNELS] % geometry[_KERNEL_W]
    return column * geometry[_DILATION_W] - geometry[_PAD_W]


@inlined
def columns_cut(segments: Int64Array, s: int, geometry: Int64Array) -> int:
    """The first column of a segment that reads one tap, if padding cuts a part of its pixels off; FAR if it meets none."""
    first = _first_column(segments, s, geometry)
    last = first + (geometry[_OUT_W] - 1) * geometry[_STRIDE_W]
    return first if first < 0 or last >= geometry[_W] else c.FAR


@inlined
def _pixel_hashes(
    segments: Int64Array, s: int, geometry: Int64Array, regions: Int64Array, pads: Int64Array, resident: Int64Array
) -> tuple[int, int]:
    """Two hashes of the banks, and the places in a line, at which a segment that reads one tap begins each output row."""
    first, second = 3, 4
    region = segments[s, _REGION]
    tap, channel = segments[s, _K0] // geometry[_GROUP_CHANNELS], segments[s, _K0] % geometry[_GROUP_CHANNELS]
    filter_row, channels, rows = tap // geometry[_KERNEL_W], geometry[_CHANNELS], geometry[_ROWS]
    row_tiles = (geometry[_H] + rows - 1) // rows
    channel_tiles = (geometry[_C] + channels - 1) // channels
    chunk = (segments[s, _CHANNEL_BASE] + channel) // channels
    within = segments[s, _CHANNEL_BASE] + channel - chunk * channels
    line_bytes = pads[regions[region, _PAD], c.PAD_LINE_BYTES]
    column = _first_column(segments, s, geometry)
    for out_row in range(
        segments[s, _M0] // geometry[_OUT_W], (segments[s, _M0] + segments[s, _TIMES] - 1) // geometry[_OUT_W] + 1
    ):
        batch = out_row // geometry[_OUT_H]
        row = (out_row - batch * geometry[_OUT_H]) * geometry[_STRIDE_H] - geometry[_PAD_H] + filter_row * geometry[_DILATION_H]
        if row < 0 or row >= geometry[_H]:
            first, second = _mix(first, 7), _mix(second, 9)
            continue
        row_tile = row // rows
        tile = (batch * row_tiles + row_tile) * channel_tiles + chunk
        word = ((row - row_tile * rows) * geometry[_W] + column) * channels + within
        byte = word * regions[region, _WORD_BYTES]
        place = _place_in_tile(regions, pads, resident, region, tile, byte // line_bytes)
        first = _mix(_mix(first, place), byte % line_bytes)
        second = _mix(_mix(second, place * 3 + 1), byte % line_bytes)
    return first, second


@inlined
def _tile_hashes(
    segments: Int64Array,
    s: int,
    geometry: Int64Array,
    regions: Int64Array,
    pads: Int64Array,
    resident: Int64Array,
) -> tuple[int, int]:
    """Two hashes of the banks that a segment's tiles lie in, tile by tile (row by row of the ifmap)."""
    first, second = 1, 2
    region = segments[s, _REGION]
    if segments[s, _KIND] == _LINEAR:
        for tile in range(segments[s, _TILE], segments[s, _TILE] + (segments[s, _TIMES] - 1) // segments[s, _CHUNK] + 1):
            place = _place_in_tile(regions, pads, resident, region, tile, 0)
            first, second = _mix(first, place), _mix(second, place * 3 + 1)
        return first, second
    if reads_one_tap(segments, s, geometry):
        return _pixel_hashes(segments, s, geometry, regions, pads, resident)
    pixels, taps = segments[s, _TIMES], segments[s, _LANES]
    if segments[s, _KIND] != _PIXELS:
        pixels, taps = taps, pixels
    row_taps = geometry[_KERNEL_W] * geometry[_GROUP_CHANNELS]
    rows, channels = geometry[_ROWS], geometry[_CHANNELS]
    row_tiles = (geometry[_H] + rows - 1) // rows
    channel_tiles = (geometry[_C] + channels - 1) // channels
    base = segments[s, _CHANNEL_BASE]
    for out_row in range(segments[s, _M0] // geometry[_OUT_W], (segments[s, _M0] + pixels - 1) // geometry[_OUT_W] + 1):
        batch = out_row // geometry[_OUT_H]
        for kernel_row in range(segments[s, _K0] // row_taps, (segments[s, _K0] + taps - 1) // row_taps + 1):
            row = (
                (out_row - batch * geometry[_OUT_H]) * geometry[_STRIDE_H] - geometry[_PAD_H] + kernel_row * geometry[_DILATION_H]
            )
            if row < 0 or row >= geometry[_H]:
                first, second = _mix(first, 7), _mix(second, 9)
                continue
            row_tile = row // rows
            for chunk in range(base // channels, (base + geometry[_GROUP_CHANNELS] - 1) // channels + 1):
                tile = (batch * row_tiles + row_tile) * channel_tiles + chunk
                place = _place_in_tile(regions, pads, resident, region, tile, 0)
                first = _mix(_mix(first, place), row - row_tile * rows)
                second = _mix(_mix(second, place * 3 + 1), row - row_tile * rows)
    return first, second


@inlined
def make_key(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    resident: Int64Array,
    key: Int64Array,
    step: int,
) -> int:
    """Write the key of a settled machine into ``key``; returns a hash of it."""
    window, at, psum_region, psum_tile = scalars[c.SCALAR_WINDOW], 0, c.NONE, 0
    if ports[_PSUM, c.PORT_SEGMENT] < ports[_PSUM, c.PORT_LAST_SEGMENT]:
        psum_region, psum_tile = segments[ports[_PSUM, c.PORT_SEGMENT], _REGION], segments[ports[_PSUM, c.PORT_SEGMENT], _TILE]
    for pad in range(pads.shape[0]):
        pads[pad, c.PAD_ORIGIN] = c.NONE
    for port in range(4):
        key[at], key[at + 1] = ports[port, c.PORT_NUMBER], ports[port, c.PORT_IN_WINDOW]
        at += 2
        for i in range(window):
            key[at] = c.NONE
            if i < ports[port, c.PORT_IN_WINDOW]:
                key[at] = bundles[port * window + (ports[port, c.PORT_HEAD] + i) % window, c.BUNDLE_DUE] - step
            at += 1
        for s in range(ports[port, c.PORT_SEGMENT], ports[port, c.PORT_SEGMENT] + AHEAD):
            if s >= ports[port, c.PORT_LAST_SEGMENT]:
                for i in range(SEGMENT_FACTS):
                    key[at + i] = c.NONE
                at += SEGMENT_FACTS
                continue
            region = segments[s, _REGION]
            after = segments[s, _AFTER_WRITE]
            linear = segments[s, _KIND] == _LINEAR
            key[at], key[at + 1], key[at + 2] = segments[s, _DUE] - step, segments[s, _DUE_STRIDE], segments[s, _COUNT]
            key[at + 3], key[at + 4], key[at + 5] = segments[s, _LANES], segments[s, _TIMES], segments[s, _KIND]
            key[at + 6], key[at + 7], key[at + 8] = segments[s, _SKEWED], segments[s, _REVERSE], region
            key[at + 9] = after - ports[_OUTPUT, c.PORT_CONSUMED] if after >= 0 else -(1 << 40)
            key[at + 10] = segments[s, _CHUNK] if linear else segments[s, _K0]
            key[at + 11] = segments[s, _STRIDE] if linear else segments[s, _CHANNEL_BASE]
            if reads_one_tap(segments, s, geometry):
                key[at + 10], key[at + 11] = c.NONE, columns_cut(segments, s, geometry)
            key[at + 12] = segments[s, _OFFSET] if linear else segments[s, _M0] % geometry[_OUT_W]
            key[at + 13], key[at + 14] = segments[s, _SETS], segments[s, _K_STEP]
            key[at + 15], key[at + 16] = _tile_hashes(segments, s, geometry, regions, pads, resident)
            # Psum reads are answered by the write buffer where lines are equal: that is, in the same tile.
            key[at + 17] = segments[s, _TILE] - psum_tile if region == psum_region else c.NONE
            at += SEGMENT_FACTS
    turns = 3
    for bank in range(banks.shape[0]):
        if pads[banks[bank, c.BANK_PAD], c.PAD_ARBITER] == ROUND_ROBIN:
            turns = _mix(turns, banks[bank, c.BANK_LAST_PORT])
    for pad in range(pads.shape[0]):
        turns = _mix(turns, pads[pad, c.PAD_DRAINING])
    key[at] = turns
    found = 5
    for i in range(at + 1):
        found = _mix(found, key[i])
    return found
