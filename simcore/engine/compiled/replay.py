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
from simcore.engine.compiled.lines import locate
from simcore.engine.compiled.replay_key import AHEAD, is_settled, make_key
from simcore.program.program import QUEUES, Int64Array, Op, Seg

#: Recorded periods kept; the oldest is given up for a new one.
RECORDS = 128

_QUEUES = len(QUEUES)
_DUE, _DUE_STRIDE = int(Seg.DUE), int(Seg.DUE_STRIDE)
_DEP_PORT, _DEP_COUNT, _DEP_OP = int(Op.DEP_PORT), int(Op.DEP_COUNT), int(Op.DEP_OP)


def record_length(pads: int, banks: int, window: int) -> int:
    """Values in a recorded period."""
    return 3 + 4 * 4 + 3 * window + pads + banks * (2 * c.COUNT_COLUMNS + 3) + 4 * c.PORT_COUNT_COLUMNS + 8 * 5


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
def sum_up(
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
) -> None:
    """totals += sign * counter, for every counter, in one order."""
    for table in (port_counts, stall_cycles, counts, bank_stall_cycles):
        for row in range(table.shape[0]):
            for column in range(table.shape[1]):
                totals[at] += sign * table[row, column]
                at += 1
    for table in (conflict, busy):
        for row in range(table.shape[0]):
            totals[at] += sign * table[row, bin_number]
            at += 1


@inlined
def _rotated(banks: Int64Array, pads: Int64Array, record: Int64Array, origins_at: int, bank: int) -> int:
    """The bank in which what the record saw at ``bank`` happens now: tiles begin that many banks further on."""
    pad = banks[bank, c.BANK_PAD]
    if not pads[pad, c.PAD_ROTATES]:
        return bank
    first = pads[pad, c.PAD_FIRST_BANK]
    return first + (bank - first + pads[pad, c.PAD_ORIGIN] - record[origins_at + pad]) % pads[pad, c.PAD_BANKS]


@inlined
def add_counters(
    record: Int64Array,
    at: int,
    banks: Int64Array,
    pads: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    bin_number: int,
    origins_at: int,
) -> None:
    """counter += record, for every counter, in the order of :func:`sum_up`."""
    for table in (port_counts, stall_cycles):
        for row in range(table.shape[0]):
            for column in range(table.shape[1]):
                table[row, column] += record[at]
                at += 1
    for table in (counts, bank_stall_cycles):
        for row in range(table.shape[0]):
            bank = _rotated(banks, pads, record, origins_at, row)
            for column in range(table.shape[1]):
                table[bank, column] += record[at]
                at += 1
    for table in (conflict, busy):
        for row in range(table.shape[0]):
            table[_rotated(banks, pads, record, origins_at, row), bin_number] += record[at]
            at += 1


@inlined
def begin_record(
    totals: Int64Array,
    scalars: Int64Array,
    ports: Int64Array,
    pads: Int64Array,
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
    at = 19 + 3 * scalars[c.SCALAR_WINDOW]
    for pad in range(pads.shape[0]):
        totals[at + pad] = pads[pad, c.PAD_ORIGIN]
    at += pads.shape[0] + counts.shape[0]
    sum_up(totals, at, counts, port_counts, stall_cycles, bank_stall_cycles, conflict, busy, scalars[c.SCALAR_BIN], -1)


@inlined
def end_record(
    totals: Int64Array,
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
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
    at = 19 + 3 * window + pads.shape[0]
    for bank in range(banks.shape[0]):
        totals[at + bank] = banks[bank, c.BANK_LAST_PORT]
    at += banks.shape[0]
    sum_up(totals, at, counts, port_counts, stall_cycles, bank_stall_cycles, conflict, busy, bin_number, 1)
    return True


@inlined
def replay(
    record: Int64Array,
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
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
    scalars[c.SCALAR_MAY_START] = 1
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
            locate(ports, segments, geometry, regions, port)
    for port in range(3):
        for i in range(ports[port, c.PORT_IN_WINDOW]):
            element = port * window + i
            bundles[element, c.BUNDLE_DUE] = step + record[19 + port * window + i]
            bundles[element, c.BUNDLE_UNGRANTED], bundles[element, c.BUNDLE_READY] = 0, now
        ports[port, c.PORT_HEAD_DUE] = bundles[port * window, c.BUNDLE_DUE] if ports[port, c.PORT_IN_WINDOW] else c.FAR
    origins_at = 19 + 3 * window
    at = origins_at + pads.shape[0]
    for bank in range(banks.shape[0]):
        # It matters to round robin alone, under which banks do not change places.
        banks[bank, c.BANK_LAST_PORT] = record[at + bank]
    add_counters(
        record,
        at + banks.shape[0],
        banks,
        pads,
        counts,
        port_counts,
        stall_cycles,
        bank_stall_cycles,
        conflict,
        busy,
        scalars[c.SCALAR_BIN],
        origins_at,
    )
    return now, step


@inlined
def at_fold(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    queues: Int64Array,
    op_states: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    ops: Int64Array,
    resident: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    fold_steps: Int64Array,
    key: Int64Array,
    hashes: Int64Array,
    keys: Int64Array,
    records: Int64Array,
    now: int,
    step: int,
) -> tuple[int, int]:
    """At the top of the first cycle of a fold step: end a record, then replay one or begin another; returns (now, step)."""
    fold, recording = scalars[c.SCALAR_FOLD], scalars[c.SCALAR_RECORDING]
    scalars[c.SCALAR_FOLD] += 1
    scalars[c.SCALAR_RECORDING] = c.NONE
    # Before the first step every stall is `first_fill`: that is not like any later fold.
    if step != fold_steps[fold] or step == 0 or not is_settled(scalars, ports, bundles, pads, servers, queues, now):
        return now, step
    quiet = scalars[c.SCALAR_DMA_EVENTS] == scalars[c.SCALAR_RECORD_DMA_EVENTS]
    if (
        recording != c.NONE
        and quiet
        and end_record(
            records[recording],
            scalars,
            ports,
            bundles,
            banks,
            pads,
            counts,
            port_counts,
            stall_cycles,
            bank_stall_cycles,
            conflict,
            busy,
            scalars[c.SCALAR_RECORD_BIN],
            now,
            step,
        )
    ):
        hashes[recording] = scalars[c.SCALAR_RECORD_HASH]
        scalars[c.SCALAR_RECORDS] += 1
    found = make_key(scalars, ports, bundles, banks, pads, segments, geometry, regions, resident, key, step)
    record = find_record(hashes, keys, key, found)
    if record != c.NONE:
        if not dma_stays_quiet(ports, queues, op_states, ops, records, record):
            return now, step
        scalars[c.SCALAR_REPLAYED] += 1
        return replay(
            records[record],
            scalars,
            ports,
            bundles,
            banks,
            pads,
            segments,
            geometry,
            regions,
            counts,
            port_counts,
            stall_cycles,
            bank_stall_cycles,
            conflict,
            busy,
            now,
            step,
        )
    recording = scalars[c.SCALAR_RECORDS] % hashes.shape[0]
    hashes[recording] = c.NONE
    for i in range(key.shape[0]):
        keys[recording, i] = key[i]
    scalars[c.SCALAR_RECORDING], scalars[c.SCALAR_RECORD_HASH] = recording, found
    scalars[c.SCALAR_RECORD_BIN], scalars[c.SCALAR_RECORD_DMA_EVENTS] = scalars[c.SCALAR_BIN], scalars[c.SCALAR_DMA_EVENTS]
    begin_record(
        records[recording],
        scalars,
        ports,
        pads,
        counts,
        port_counts,
        stall_cycles,
        bank_stall_cycles,
        conflict,
        busy,
        now,
        step,
    )
    return now, step
