"""Replayed folds: what happened from one fold to the next, done again without simulating it, where it must happen again.

At the array step where little is under way (``Program.fold_steps``) the machine is often *settled*: no request waits, the write
buffers are empty, every element in the ports' windows has arrived, the DMA has nothing started. What happens up to the next such
step then follows from a few facts: where the ports' cursors stand, the shape of the segments ahead of them, and which banks their
tiles lie in. These facts are the key. A period that began and ended settled, without a DMA event, is recorded under its key;
where the key comes again and the DMA can start nothing meanwhile, the recorded counts are added and time moves on.

Only for bank timings that promise the same answer at any time, for any row, and that keep no state.
"""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.machine import BLOCK, ROUND_ROBIN, XOR
from simcore.program import QUEUES, Geo, Int64Array, Kind, Op, Port, Reg, Seg

#: Segments of each port that a key describes, from the cursor on; a recorded period may not reach beyond them.
AHEAD = 3
#: Recorded periods kept; the oldest is given up for a new one.
RECORDS = 128

_PSUM, _OUTPUT, _QUEUES = int(Port.PSUM), int(Port.OUTPUT), len(QUEUES)
_LINEAR, _PIXELS = int(Kind.LINEAR), int(Kind.PIXELS)
_DUE, _COUNT, _LANES, _TIMES, _KIND = int(Seg.DUE), int(Seg.COUNT), int(Seg.LANES), int(Seg.TIMES), int(Seg.KIND)
_REGION, _AFTER_WRITE, _TILE, _CHUNK = int(Seg.REGION), int(Seg.AFTER_WRITE), int(Seg.TILE), int(Seg.CHUNK)
_M0, _K0, _CHANNEL_BASE = int(Seg.M0), int(Seg.K0), int(Seg.CHANNEL_BASE)
_SETS, _K_STEP, _OFFSET, _STRIDE = int(Seg.SETS), int(Seg.K_STEP), int(Seg.OFFSET), int(Seg.STRIDE)
_DUE_STRIDE, _SKEWED, _REVERSE = int(Seg.DUE_STRIDE), int(Seg.SKEWED), int(Seg.REVERSE)
_PAD, _BASE_LINE, _SLOT_LINES = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES)
_FIRST_TILE, _FIRST_SLOT = int(Reg.FIRST_TILE), int(Reg.FIRST_SLOT)
_H, _C, _OUT_H, _OUT_W, _KERNEL_W = int(Geo.H), int(Geo.C), int(Geo.OUT_H), int(Geo.OUT_W), int(Geo.KERNEL_W)
_STRIDE_H, _PAD_H, _DILATION_H = int(Geo.STRIDE_H), int(Geo.PAD_H), int(Geo.DILATION_H)
_GROUP_CHANNELS, _ROWS, _CHANNELS = int(Geo.GROUP_CHANNELS), int(Geo.ROWS_PER_TILE), int(Geo.CHANNELS_PER_TILE)
_DEP_PORT, _DEP_COUNT, _DEP_OP = int(Op.DEP_PORT), int(Op.DEP_COUNT), int(Op.DEP_OP)

#: Facts of one segment in a key: 15 columns, two hashes of where its tiles lie, and which partial sums it touches.
SEGMENT_FACTS = 18


def key_length(window: int) -> int:
    """Values in a key."""
    return 4 * (2 + window + AHEAD * SEGMENT_FACTS) + 1


def record_length(banks: int, window: int) -> int:
    """Values in a recorded period."""
    return 3 + 4 * 4 + 3 * window + banks * (2 * c.COUNT_COLUMNS + 3) + 4 * c.PORT_COUNT_COLUMNS + 8 * 5


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
def _place_of_tile(regions: Int64Array, pads: Int64Array, resident: Int64Array, region: int, tile: int) -> int:
    """The first line of a tile, as far as it decides which banks its lines lie in; NONE if not resident."""
    slot = resident[regions[region, _FIRST_TILE] + tile]
    if slot < 0:
        return c.NONE
    line = regions[region, _BASE_LINE] + (slot - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES]
    pad = regions[region, _PAD]
    if pads[pad, c.PAD_INTERLEAVING] == BLOCK:
        return line
    banks = pads[pad, c.PAD_BANKS]
    return line % (banks * banks if pads[pad, c.PAD_INTERLEAVING] == XOR else banks)


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
            place = _place_of_tile(regions, pads, resident, region, tile)
            first, second = _mix(first, place), _mix(second, place * 3 + 1)
        return first, second
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
                place = _place_of_tile(regions, pads, resident, region, tile)
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


@inlined
def find_record(hashes: Int64Array, keys: Int64Array, key: Int64Array, found: int) -> int:
    """The recorded period with this key, or NONE."""
    for i in range(hashes.shape[0]):
        if hashes[i] == found:
            equal = True
            for k in range(key.shape[0]):
                if keys[i, k] != key[k]:
                    equal = False
                    break
            if equal:
                return i
    return c.NONE


@inlined
def dma_stays_quiet(
    ports: Int64Array, queues: Int64Array, op_states: Int64Array, ops: Int64Array, records: Int64Array, record: int
) -> bool:
    """True if no queue's head can start before the recorded period is over."""
    for queue in range(_QUEUES):
        head = queues[queue, c.QUEUE_HEAD]
        if head >= queues[queue, c.QUEUE_END]:
            continue
        after = ops[head, _DEP_OP]
        if after >= 0 and not op_states[after, c.OP_DONE]:
            continue
        port = ops[head, _DEP_PORT]
        if port < 0 or ops[head, _DEP_COUNT] <= ports[port, c.PORT_CONSUMED] + records[record, 3 + 4 * port + 3]:
            return False
    return True


@inlined
def counters(
    totals: Int64Array,
    at: int,
    counts: Int64Array,
    port_counts: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    bin_number: int,
    sign: int,
    back: bool,
) -> None:
    """Go through every counter in one order. ``back`` False: totals += sign * counter; True: counter += totals."""
    for table in (counts, port_counts, stall_cycles, bank_stall_cycles):
        for row in range(table.shape[0]):
            for column in range(table.shape[1]):
                if back:
                    table[row, column] += totals[at]
                else:
                    totals[at] += sign * table[row, column]
                at += 1
    for table in (conflict, busy):
        for row in range(table.shape[0]):
            if back:
                table[row, bin_number] += totals[at]
            else:
                totals[at] += sign * table[row, bin_number]
            at += 1


@inlined
def begin_record(
    totals: Int64Array,
    scalars: Int64Array,
    ports: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    now: int,
    step: int,
) -> None:
    """Note where everything stands, negatively, so that adding what it is at the end gives the difference."""
    for i in range(totals.shape[0]):
        totals[i] = 0
    totals[0], totals[1], totals[2] = -now, -step, -scalars[c.SCALAR_COMPUTE]
    for port in range(4):
        totals[3 + 4 * port], totals[3 + 4 * port + 3] = -ports[port, c.PORT_SEGMENT], -ports[port, c.PORT_CONSUMED]
    at = 3 + 16 + 3 * scalars[c.SCALAR_WINDOW] + counts.shape[0]
    counters(totals, at, counts, port_counts, stall_cycles, bank_stall_cycles, conflict, busy, scalars[c.SCALAR_BIN], -1, False)


@inlined
def end_record(
    totals: Int64Array,
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    bin_number: int,
    now: int,
    step: int,
) -> bool:
    """Complete a record in a settled machine; False if a port went further than its key describes."""
    window = scalars[c.SCALAR_WINDOW]
    totals[0] += now
    totals[1] += step
    totals[2] += scalars[c.SCALAR_COMPUTE]
    for port in range(4):
        totals[3 + 4 * port] += ports[port, c.PORT_SEGMENT]
        totals[3 + 4 * port + 1] = ports[port, c.PORT_NUMBER]
        totals[3 + 4 * port + 2] = ports[port, c.PORT_IN_WINDOW]
        totals[3 + 4 * port + 3] += ports[port, c.PORT_CONSUMED]
        if totals[3 + 4 * port] >= AHEAD:
            return False
    for port in range(3):
        for i in range(ports[port, c.PORT_IN_WINDOW]):
            element = port * window + (ports[port, c.PORT_HEAD] + i) % window
            totals[19 + port * window + i] = bundles[element, c.BUNDLE_DUE] - step
    at = 19 + 3 * window
    for bank in range(banks.shape[0]):
        totals[at + bank] = banks[bank, c.BANK_LAST_PORT]
    at += banks.shape[0]
    counters(totals, at, counts, port_counts, stall_cycles, bank_stall_cycles, conflict, busy, bin_number, 1, False)
    return True


@inlined
def replay(
    record: Int64Array,
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    segments: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    now: int,
    step: int,
) -> tuple[int, int]:
    """Do a recorded period again; returns the new (now, step)."""
    window = scalars[c.SCALAR_WINDOW]
    now, step = now + record[0], step + record[1]
    scalars[c.SCALAR_COMPUTE] += record[2]
    for port in range(4):
        ports[port, c.PORT_SEGMENT] += record[3 + 4 * port]
        ports[port, c.PORT_NUMBER] = record[3 + 4 * port + 1]
        ports[port, c.PORT_IN_WINDOW] = record[3 + 4 * port + 2]
        ports[port, c.PORT_CONSUMED] += record[3 + 4 * port + 3]
        ports[port, c.PORT_HEAD], ports[port, c.PORT_BLOCKED_TILE] = 0, c.NONE
        s = ports[port, c.PORT_SEGMENT]
        ports[port, c.PORT_NEXT_DUE] = c.FAR
        if s < ports[port, c.PORT_LAST_SEGMENT]:
            ports[port, c.PORT_NEXT_DUE] = segments[s, _DUE] + ports[port, c.PORT_NUMBER] * segments[s, _DUE_STRIDE]
    for port in range(3):
        for i in range(ports[port, c.PORT_IN_WINDOW]):
            element = port * window + i
            bundles[element, c.BUNDLE_DUE] = step + record[19 + port * window + i]
            bundles[element, c.BUNDLE_UNGRANTED], bundles[element, c.BUNDLE_READY] = 0, now
    at = 19 + 3 * window
    for bank in range(banks.shape[0]):
        banks[bank, c.BANK_LAST_PORT] = record[at + bank]
    at += banks.shape[0]
    counters(record, at, counts, port_counts, stall_cycles, bank_stall_cycles, conflict, busy, scalars[c.SCALAR_BIN], 1, True)
    return now, step
