"""The compiled engine's loop: the phases of ARCHITECTURE.md's cycle contract, one layer, with idle cycles skipped."""

from __future__ import annotations

from typing import Any

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue, grant_scratchpad, is_buffered, post_write, retire_writes, watermarks
from simcore.engine.compiled.dma import (
    FILLING,
    LOADING,
    READING,
    STORING,
    deliver_and_send,
    fill_request,
    finish_bursts,
    new_burst,
    place,
    start_heads,
)
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import element_lines
from simcore.engine.compiled.replay import (
    begin_record,
    dma_stays_quiet,
    end_record,
    find_record,
    is_settled,
    make_key,
    replay,
)
from simcore.outcome import Cause
from simcore.program import Int64Array, Port, Reg, Seg

_PSUM, _OUTPUT, _DMA = int(Port.PSUM), int(Port.OUTPUT), int(Port.DMA)
_DUE, _DUE_STRIDE, _COUNT, _REGION, _AFTER_WRITE = (
    int(Seg.DUE),
    int(Seg.DUE_STRIDE),
    int(Seg.COUNT),
    int(Seg.REGION),
    int(Seg.AFTER_WRITE),
)
_PAD = int(Reg.SCRATCHPAD)
_FIRST_FILL, _DRAM_WAIT, _READ_LATENCY, _READ_CONFLICT = (
    int(Cause.FIRST_FILL),
    int(Cause.DRAM_WAIT),
    int(Cause.READ_LATENCY),
    int(Cause.READ_CONFLICT),
)
_WRITE_CONFLICT, _DMA_COLLISION, _WRITE_BACKPRESSURE, _DRAIN = (
    int(Cause.WRITE_CONFLICT),
    int(Cause.DMA_COLLISION),
    int(Cause.WRITE_BACKPRESSURE),
    int(Cause.DRAIN),
)


@inlined
def next_element(ports: Int64Array, segments: Int64Array, port: int) -> None:
    """Move a port's cursor to its next element and note when it is due."""
    segment, number = ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER] + 1
    if number == segments[segment, _COUNT]:
        segment, number = segment + 1, 0
    ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER] = segment, number
    ports[port, c.PORT_NEXT_DUE] = c.FAR
    if segment < ports[port, c.PORT_LAST_SEGMENT]:
        ports[port, c.PORT_NEXT_DUE] = segments[segment, _DUE] + number * segments[segment, _DUE_STRIDE]


@inlined
def offer_element(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    requests: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    port_counts: Int64Array,
    counts: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    resident: Int64Array,
    listed: Int64Array,
    lines: Int64Array,
    line_slots: Int64Array,
    port: int,
    now: int,
) -> None:
    """ISSUE of one read port: offer the next element if its tiles are resident (and, for psum, if it has been written)."""
    blocked = ports[port, c.PORT_BLOCKED_TILE]
    if blocked != c.NONE and resident[blocked] < 0:
        return
    segment, number = ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER]
    after = segments[segment, _AFTER_WRITE]
    if port == _PSUM and after >= 0 and ports[_OUTPUT, c.PORT_CONSUMED] < after + number + 1:
        return
    region = segments[segment, _REGION]
    pad = regions[region, _PAD]
    found, words = element_lines(
        segments,
        segment,
        geometry,
        regions,
        region,
        resident,
        number,
        pads[pad, c.PAD_LINE_BYTES],
        scalars[c.SCALAR_COALESCING],
        lines,
        line_slots,
    )
    if found == c.NONE:
        ports[port, c.PORT_BLOCKED_TILE] = words
        return
    ports[port, c.PORT_BLOCKED_TILE] = c.NONE
    window = scalars[c.SCALAR_WINDOW]
    position = ports[port, c.PORT_HEAD] + ports[port, c.PORT_IN_WINDOW]
    if position >= window:
        position -= window
    element = port * window + position
    ports[port, c.PORT_IN_WINDOW] += 1
    (
        bundles[element, c.BUNDLE_DUE],
        bundles[element, c.BUNDLE_UNGRANTED],
        bundles[element, c.BUNDLE_READY],
        bundles[element, c.BUNDLE_REQUESTS],
    ) = ports[port, c.PORT_NEXT_DUE], found, now, found
    for i in range(found):
        bank, bank_row = place(pads, pad, lines[i])
        request = bundles[element, c.BUNDLE_FIRST] + i
        fill_request(requests, request, port, bank, bank_row, 0, element, now)
        if port == _PSUM and pads[pad, c.PAD_BUFFERED] > 0 and is_buffered(pads, requests, pad, bank, bank_row):
            requests[request, c.REQUEST_GRANTED] = now
            bundles[element, c.BUNDLE_UNGRANTED] -= 1
            bundles[element, c.BUNDLE_READY] = now + 1
            counts[bank, c.COUNT_FORWARDED] += 1
        else:
            enqueue(banks, pads, requests, listed, request, 0)
    port_counts[port, c.PORT_COUNT_WORDS] += words
    port_counts[port, c.PORT_COUNT_LINES] += found
    scalars[c.SCALAR_EVENTS] += 1
    next_element(ports, segments, port)


@inlined
def _read_stall(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    requests: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    bank_pad: Int64Array,
    port: int,
    now: int,
) -> tuple[int, int]:
    """(cause, bank or NONE) of a stall for an element that was offered and has not arrived."""
    element = port * scalars[c.SCALAR_WINDOW] + ports[port, c.PORT_HEAD]
    if bundles[element, c.BUNDLE_UNGRANTED] == 0:
        return _READ_LATENCY, c.NONE
    request = bundles[element, c.BUNDLE_FIRST]
    while requests[request, c.REQUEST_GRANTED] != c.NONE:
        request += 1
    bank = requests[request, c.REQUEST_BANK]
    first = banks[bank, c.BANK_FIRST_SERVER]
    cause = _READ_CONFLICT
    for server in range(first, first + pads[bank_pad[bank], c.PAD_SERVERS]):
        if servers[server, c.SERVER_FREE_AT] > now:
            if servers[server, c.SERVER_PORT] == _DMA:
                return _DMA_COLLISION, bank
            if servers[server, c.SERVER_PORT] == _OUTPUT:
                cause = _WRITE_CONFLICT
    return cause, bank


@inlined
def _next_event(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    bursts: Int64Array,
    listed: Int64Array,
    burst_lists: Int64Array,
    now: int,
) -> int:
    """The earliest cycle after ``now`` at which something that was decided before comes true; FAR if nothing will."""
    soonest = c.FAR
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_INFLIGHT]:
            soonest = min(soonest, pads[pad, c.PAD_INFLIGHT_MIN])
        for i in range(pads[pad, c.PAD_LISTED]):
            first = banks[listed[pad, i], c.BANK_FIRST_SERVER]
            for server in range(first, first + pads[pad, c.PAD_SERVERS]):
                if servers[server, c.SERVER_FREE_AT] > now:
                    soonest = min(soonest, servers[server, c.SERVER_FREE_AT])
    for port in range(3):
        if ports[port, c.PORT_IN_WINDOW]:
            element = port * scalars[c.SCALAR_WINDOW] + ports[port, c.PORT_HEAD]
            if bundles[element, c.BUNDLE_UNGRANTED] == 0 and bundles[element, c.BUNDLE_READY] > now:
                soonest = min(soonest, bundles[element, c.BUNDLE_READY])
    if scalars[c.SCALAR_LOADING]:
        soonest = min(soonest, bursts[burst_lists[LOADING, 0], c.BURST_MEMORY_DONE])
    for kind, count in ((FILLING, scalars[c.SCALAR_FILLING]), (READING, scalars[c.SCALAR_READING])):
        for i in range(count):
            bundle = 3 * scalars[c.SCALAR_WINDOW] + burst_lists[kind, i]
            if bundles[bundle, c.BUNDLE_UNGRANTED] == 0:
                soonest = min(soonest, bundles[bundle, c.BUNDLE_READY])
    for i in range(scalars[c.SCALAR_STORING]):
        soonest = min(soonest, bursts[burst_lists[STORING, i], c.BURST_MEMORY_DONE])
    return max(soonest, now + 1)


@inlined
def _count_skipped(
    scalars: Int64Array, pads: Int64Array, counts: Int64Array, listed: Int64Array, conflict: Int64Array, skipped: int
) -> None:
    """Charge the banks with waiting requests for cycles in which nothing changed."""
    for pad in range(pads.shape[0]):
        for i in range(pads[pad, c.PAD_LISTED]):
            counts[listed[pad, i], c.COUNT_CONFLICT] += skipped
            conflict[listed[pad, i], scalars[c.SCALAR_BIN]] += skipped


@inlined
def _enter_bin(scalars: Int64Array, bin_steps: Int64Array, bin_start_cycles: Int64Array, now: int, step: int) -> None:
    """Go on to the next timeline bin if the array's step, from cycle ``now`` on, belongs to it."""
    if scalars[c.SCALAR_BIN] + 1 < bin_steps.shape[0] and step >= bin_steps[scalars[c.SCALAR_BIN] + 1]:
        scalars[c.SCALAR_BIN] += 1
        bin_start_cycles[scalars[c.SCALAR_BIN]] = now


@inlined
def _at_fold(
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
            segments,
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


def run_layer(
    serves: Any,
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    requests: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    groups: Int64Array,
    queues: Int64Array,
    bursts: Int64Array,
    op_states: Int64Array,
    slots: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    ops: Int64Array,
    resident: Int64Array,
    params: Int64Array,
    shared: Int64Array,
    states: Int64Array,
    listed: Int64Array,
    inflight: Int64Array,
    burst_lists: Int64Array,
    free_writes: Int64Array,
    posted: Int64Array,
    lines: Int64Array,
    line_slots: Int64Array,
    output_places: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    bank_pad: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    bin_steps: Int64Array,
    bin_start_cycles: Int64Array,
    fold_steps: Int64Array,
    key: Int64Array,
    hashes: Int64Array,
    keys: Int64Array,
    records: Int64Array,
    read_bytes: Int64Array,
    write_bytes: Int64Array,
    until: int,
) -> int:
    """Run a layer until it is done (returns 1), until cycle ``until`` (0), or until nothing can happen any more (-1)."""
    n_pads = pads.shape[0]
    window = scalars[c.SCALAR_WINDOW]
    now = scalars[c.SCALAR_NOW]
    step, steps = scalars[c.SCALAR_STEP], scalars[c.SCALAR_STEPS]
    found = words = 0
    while now < until:
        if (
            scalars[c.SCALAR_REPLAYING]
            and scalars[c.SCALAR_FOLD] < fold_steps.shape[0]
            and step >= fold_steps[scalars[c.SCALAR_FOLD]]
        ):
            was = step
            now, step = _at_fold(
                scalars,
                ports,
                bundles,
                banks,
                pads,
                servers,
                queues,
                op_states,
                counts,
                port_counts,
                segments,
                geometry,
                regions,
                ops,
                resident,
                stall_cycles,
                bank_stall_cycles,
                conflict,
                busy,
                fold_steps,
                key,
                hashes,
                keys,
                records,
                now,
                step,
            )
            if step != was:
                _enter_bin(scalars, bin_steps, bin_start_cycles, now, step)
                continue
        scalars[c.SCALAR_EVENTS] = 0
        # RETIRE
        for pad in range(n_pads):
            if pads[pad, c.PAD_INFLIGHT] and pads[pad, c.PAD_INFLIGHT_MIN] <= now:
                retire_writes(pads, requests, slots, scalars, inflight, free_writes, pad, now)
        # SETTLE
        if scalars[c.SCALAR_OPS_LEFT] > 0:
            if scalars[c.SCALAR_FILLING] or scalars[c.SCALAR_STORING]:
                finish_bursts(scalars, bursts, bundles, op_states, ops, resident, burst_lists, now)
            start_heads(scalars, queues, ports, op_states, slots, ops, resident)
        # ISSUE
        for port in range(3):
            if ports[port, c.PORT_NEXT_DUE] != c.FAR and ports[port, c.PORT_IN_WINDOW] < window:
                offer_element(
                    scalars,
                    ports,
                    bundles,
                    requests,
                    banks,
                    pads,
                    port_counts,
                    counts,
                    segments,
                    geometry,
                    regions,
                    resident,
                    listed,
                    lines,
                    line_slots,
                    port,
                    now,
                )
        for i in range(scalars[c.SCALAR_POSTED]):
            requests[posted[i], c.REQUEST_ARRIVE] = now
            enqueue(banks, pads, requests, listed, posted[i], 1)
            scalars[c.SCALAR_EVENTS] += 1
        scalars[c.SCALAR_POSTED] = 0
        if scalars[c.SCALAR_OPS_LEFT] > 0:
            if scalars[c.SCALAR_LOADING] or scalars[c.SCALAR_READING]:
                deliver_and_send(scalars, bursts, bundles, requests, banks, pads, ops, regions, listed, burst_lists, now)
            new_burst(
                scalars,
                bursts,
                bundles,
                requests,
                banks,
                pads,
                queues,
                ops,
                regions,
                listed,
                burst_lists,
                read_bytes,
                write_bytes,
                now,
            )
        # GRANT
        for pad in range(n_pads):
            if pads[pad, c.PAD_HIGH]:
                watermarks(pads, pad)
            if pads[pad, c.PAD_LISTED]:
                grant_scratchpad(
                    serves,
                    pads,
                    banks,
                    servers,
                    groups,
                    requests,
                    bundles,
                    counts,
                    scalars,
                    params,
                    shared,
                    states,
                    listed,
                    inflight,
                    conflict,
                    busy,
                    pad,
                    now,
                )
        # ADVANCE
        cause, where, bank = c.NONE, c.NONE, c.NONE
        nothing_due = True
        if step < steps:
            for port in range(3):
                if ports[port, c.PORT_IN_WINDOW]:
                    element = port * window + ports[port, c.PORT_HEAD]
                    if bundles[element, c.BUNDLE_DUE] == step:
                        nothing_due = False
                        if bundles[element, c.BUNDLE_UNGRANTED] or bundles[element, c.BUNDLE_READY] > now:
                            cause, bank = _read_stall(
                                scalars, ports, bundles, requests, banks, pads, servers, bank_pad, port, now
                            )
                            where = port
                            break
                elif ports[port, c.PORT_NEXT_DUE] == step:
                    nothing_due = False
                    cause, where = _READ_LATENCY, port
                    segment = ports[port, c.PORT_SEGMENT]
                    region = segments[segment, _REGION]
                    pad = regions[region, _PAD]
                    found, words = element_lines(
                        segments,
                        segment,
                        geometry,
                        regions,
                        region,
                        resident,
                        ports[port, c.PORT_NUMBER],
                        pads[pad, c.PAD_LINE_BYTES],
                        scalars[c.SCALAR_COALESCING],
                        lines,
                        line_slots,
                    )
                    if found == c.NONE:
                        cause = _DRAM_WAIT
                    break
            writes = ports[_OUTPUT, c.PORT_NEXT_DUE] == step
            if writes:
                nothing_due = False
            if writes and cause == c.NONE:
                segment = ports[_OUTPUT, c.PORT_SEGMENT]
                region = segments[segment, _REGION]
                pad = regions[region, _PAD]
                if scalars[c.SCALAR_OUTPUT_LINES] == c.NONE:
                    found, words = element_lines(
                        segments,
                        segment,
                        geometry,
                        regions,
                        region,
                        resident,
                        ports[_OUTPUT, c.PORT_NUMBER],
                        pads[pad, c.PAD_LINE_BYTES],
                        scalars[c.SCALAR_COALESCING],
                        lines,
                        line_slots,
                    )
                    if found == c.NONE:
                        cause, where = _DRAM_WAIT, _OUTPUT
                    else:
                        scalars[c.SCALAR_OUTPUT_LINES] = found
                        output_places[0, 0] = words
                        for i in range(found):
                            output_places[1, i], output_places[2, i] = place(pads, pad, lines[i])
                            output_places[3, i] = line_slots[i]
                if cause == c.NONE:
                    found = scalars[c.SCALAR_OUTPUT_LINES]
                    if pads[pad, c.PAD_BUFFERED] > 0 and pads[pad, c.PAD_BUFFERED] + found > pads[pad, c.PAD_DEPTH]:
                        cause, where, bank = _WRITE_BACKPRESSURE, _OUTPUT, requests[pads[pad, c.PAD_BUFFER_HEAD], c.REQUEST_BANK]
            if cause == c.NONE:
                for port in range(3):
                    if ports[port, c.PORT_IN_WINDOW] and bundles[port * window + ports[port, c.PORT_HEAD], c.BUNDLE_DUE] == step:
                        ports[port, c.PORT_IN_WINDOW] -= 1
                        ports[port, c.PORT_HEAD] += 1
                        if ports[port, c.PORT_HEAD] == window:
                            ports[port, c.PORT_HEAD] = 0
                        ports[port, c.PORT_CONSUMED] += 1
                        port_counts[port, c.PORT_COUNT_ELEMENTS] += 1
                if writes:
                    for i in range(found):
                        posted[i] = post_write(
                            pads,
                            requests,
                            slots,
                            scalars,
                            free_writes,
                            pad,
                            output_places[1, i],
                            output_places[2, i],
                            output_places[3, i],
                        )
                    scalars[c.SCALAR_POSTED] = found
                    scalars[c.SCALAR_OUTPUT_LINES] = c.NONE
                    ports[_OUTPUT, c.PORT_CONSUMED] += 1
                    port_counts[_OUTPUT, c.PORT_COUNT_ELEMENTS] += 1
                    port_counts[_OUTPUT, c.PORT_COUNT_WORDS] += output_places[0, 0]
                    port_counts[_OUTPUT, c.PORT_COUNT_LINES] += found
                    next_element(ports, segments, _OUTPUT)
                scalars[c.SCALAR_COMPUTE] += 1
                step += 1
            else:
                if step == 0:
                    cause, bank = _FIRST_FILL, c.NONE
        else:
            if scalars[c.SCALAR_OPS_LEFT] == 0:
                buffered = 0
                for pad in range(n_pads):
                    buffered += pads[pad, c.PAD_BUFFERED]
                if buffered == 0:
                    scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
                    return 1
                where = _OUTPUT
            else:
                where = _DMA
            cause = _DRAIN
        # This cycle, and those after it in which nothing can change.
        cycles = 1
        if scalars[c.SCALAR_EVENTS] == 0 and scalars[c.SCALAR_IDLE_SKIPPING] and (cause != c.NONE or nothing_due):
            soonest = _next_event(scalars, ports, bundles, banks, pads, servers, bursts, listed, burst_lists, now)
            if cause != c.NONE and soonest == c.FAR:
                scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
                return -1
            cycles = soonest - now
            if cause == c.NONE:
                next_due = steps
                if scalars[c.SCALAR_BIN] + 1 < len(bin_steps):
                    next_due = bin_steps[scalars[c.SCALAR_BIN] + 1]
                for port in range(4):
                    due = ports[port, c.PORT_NEXT_DUE]
                    if port < 3 and ports[port, c.PORT_IN_WINDOW]:
                        due = bundles[port * window + ports[port, c.PORT_HEAD], c.BUNDLE_DUE]
                    next_due = min(next_due, due)
                cycles = min(cycles, 1 + next_due - step)
                step += cycles - 1
                scalars[c.SCALAR_COMPUTE] += cycles - 1
            if cycles > 1:
                _count_skipped(scalars, pads, counts, listed, conflict, cycles - 1)
        if cause != c.NONE:
            stall_cycles[cause, where] += cycles
            if bank != c.NONE:
                bank_stall_cycles[bank, cause] += cycles
        now += cycles
        _enter_bin(scalars, bin_steps, bin_start_cycles, now, step)
    scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
    return 0
