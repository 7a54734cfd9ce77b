"""The compiled engine's loop: the phases of ARCHITECTURE.md's cycle contract, one layer, with idle cycles skipped."""

from __future__ import annotations

from typing import Any

from numba import njit

from simcore.engine.compiled.banks import enqueue, grant_scratchpad, is_buffered, post_write, retire_writes, time_bin, watermarks
from simcore.engine.compiled.columns import (
    B_FIRST_SERVER,
    C_CONFLICT,
    C_FORWARDED,
    D_MEMORY_DONE,
    E_DUE,
    E_FIRST,
    E_READY,
    E_REQUESTS,
    E_UNGRANTED,
    FAR,
    K_BIN_SHIFT,
    K_COALESCING,
    K_COMPUTE,
    K_EVENTS,
    K_FILLING,
    K_IDLE_SKIPPING,
    K_LOADING,
    K_NOW,
    K_OPS_LEFT,
    K_OUTPUT_LINES,
    K_POSTED,
    K_READING,
    K_START,
    K_STEP,
    K_STEPS,
    K_STORING,
    K_WINDOW,
    N_BLOCKED_TILE,
    N_CONSUMED,
    N_HEAD,
    N_IN_WINDOW,
    N_LAST_SEGMENT,
    N_NEXT_DUE,
    N_NUMBER,
    N_SEGMENT,
    NONE,
    P_BUFFER_HEAD,
    P_BUFFERED,
    P_DEPTH,
    P_HIGH,
    P_INFLIGHT,
    P_INFLIGHT_MIN,
    P_LINE_BYTES,
    P_LISTED,
    P_SERVERS,
    R_ARRIVE,
    R_BANK,
    R_GRANTED,
    V_FREE_AT,
    V_PORT,
    W_ELEMENTS,
    W_LINES,
    W_WORDS,
)
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
from simcore.engine.compiled.lines import element_lines
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


@njit(_nrt=False)
def next_element(N: Int64Array, segments: Int64Array, port: int) -> None:
    """Move a port's cursor to its next element and note when it is due."""
    segment, number = N[port, N_SEGMENT], N[port, N_NUMBER] + 1
    if number == segments[segment, _COUNT]:
        segment, number = segment + 1, 0
    N[port, N_SEGMENT], N[port, N_NUMBER] = segment, number
    N[port, N_NEXT_DUE] = FAR
    if segment < N[port, N_LAST_SEGMENT]:
        N[port, N_NEXT_DUE] = segments[segment, _DUE] + number * segments[segment, _DUE_STRIDE]


@njit(_nrt=False)
def offer_element(
    K: Int64Array,
    N: Int64Array,
    E: Int64Array,
    R: Int64Array,
    B: Int64Array,
    P: Int64Array,
    W: Int64Array,
    C: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    resident: Int64Array,
    listed: Int64Array,
    lines: Int64Array,
    slots: Int64Array,
    port: int,
    now: int,
) -> None:
    """ISSUE of one read port: offer the next element if its tiles are resident (and, for psum, if it has been written)."""
    blocked = N[port, N_BLOCKED_TILE]
    if blocked != NONE and resident[blocked] < 0:
        return
    segment, number = N[port, N_SEGMENT], N[port, N_NUMBER]
    after = segments[segment, _AFTER_WRITE]
    if port == _PSUM and after >= 0 and N[_OUTPUT, N_CONSUMED] < after + number + 1:
        return
    region = segments[segment, _REGION]
    pad = regions[region, _PAD]
    found, words = element_lines(
        segments, segment, geometry, regions, region, resident, number, P[pad, P_LINE_BYTES], K[K_COALESCING], lines, slots
    )
    if found == NONE:
        N[port, N_BLOCKED_TILE] = words
        return
    N[port, N_BLOCKED_TILE] = NONE
    window = K[K_WINDOW]
    position = N[port, N_HEAD] + N[port, N_IN_WINDOW]
    if position >= window:
        position -= window
    element = port * window + position
    N[port, N_IN_WINDOW] += 1
    E[element, E_DUE], E[element, E_UNGRANTED], E[element, E_READY], E[element, E_REQUESTS] = N[port, N_NEXT_DUE], found, now, found
    for i in range(found):
        bank, bank_row = place(P, pad, lines[i])
        request = E[element, E_FIRST] + i
        fill_request(R, request, port, bank, bank_row, 0, element, now)
        if port == _PSUM and P[pad, P_BUFFERED] > 0 and is_buffered(P, R, pad, bank, bank_row):
            R[request, R_GRANTED] = now
            E[element, E_UNGRANTED] -= 1
            E[element, E_READY] = now + 1
            C[bank, C_FORWARDED] += 1
        else:
            enqueue(B, P, R, listed, request, 0)
    W[port, W_WORDS] += words
    W[port, W_LINES] += found
    K[K_EVENTS] += 1
    next_element(N, segments, port)


@njit(_nrt=False)
def _read_stall(
    K: Int64Array,
    N: Int64Array,
    E: Int64Array,
    R: Int64Array,
    B: Int64Array,
    P: Int64Array,
    V: Int64Array,
    bank_pad: Int64Array,
    port: int,
    now: int,
) -> tuple[int, int]:
    """(cause, bank or NONE) of a stall for an element that was offered and has not arrived."""
    element = port * K[K_WINDOW] + N[port, N_HEAD]
    if E[element, E_UNGRANTED] == 0:
        return _READ_LATENCY, NONE
    request = E[element, E_FIRST]
    while R[request, R_GRANTED] != NONE:
        request += 1
    bank = R[request, R_BANK]
    first = B[bank, B_FIRST_SERVER]
    cause = _READ_CONFLICT
    for server in range(first, first + P[bank_pad[bank], P_SERVERS]):
        if V[server, V_FREE_AT] > now:
            if V[server, V_PORT] == _DMA:
                return _DMA_COLLISION, bank
            if V[server, V_PORT] == _OUTPUT:
                cause = _WRITE_CONFLICT
    return cause, bank


@njit(_nrt=False)
def _next_event(
    K: Int64Array,
    N: Int64Array,
    E: Int64Array,
    B: Int64Array,
    P: Int64Array,
    V: Int64Array,
    D: Int64Array,
    listed: Int64Array,
    bursts: Int64Array,
    now: int,
) -> int:
    """The earliest cycle after ``now`` at which something that was decided before comes true; FAR if nothing will."""
    soonest = FAR
    for pad in range(P.shape[0]):
        if P[pad, P_INFLIGHT]:
            soonest = min(soonest, P[pad, P_INFLIGHT_MIN])
        for i in range(P[pad, P_LISTED]):
            first = B[listed[pad, i], B_FIRST_SERVER]
            for server in range(first, first + P[pad, P_SERVERS]):
                if V[server, V_FREE_AT] > now:
                    soonest = min(soonest, V[server, V_FREE_AT])
    for port in range(3):
        if N[port, N_IN_WINDOW]:
            element = port * K[K_WINDOW] + N[port, N_HEAD]
            if E[element, E_UNGRANTED] == 0 and E[element, E_READY] > now:
                soonest = min(soonest, E[element, E_READY])
    if K[K_LOADING]:
        soonest = min(soonest, D[bursts[LOADING, 0], D_MEMORY_DONE])
    for kind, count in ((FILLING, K[K_FILLING]), (READING, K[K_READING])):
        for i in range(count):
            bundle = 3 * K[K_WINDOW] + bursts[kind, i]
            if E[bundle, E_UNGRANTED] == 0:
                soonest = min(soonest, E[bundle, E_READY])
    for i in range(K[K_STORING]):
        soonest = min(soonest, D[bursts[STORING, i], D_MEMORY_DONE])
    return max(soonest, now + 1)


@njit(_nrt=False)
def _count_skipped(
    K: Int64Array,
    B: Int64Array,
    P: Int64Array,
    C: Int64Array,
    listed: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    first: int,
    skipped: int,
) -> None:
    """Charge the waiting banks for cycles first..first+skipped-1, in which nothing changed."""
    for pad in range(P.shape[0]):
        for i in range(P[pad, P_LISTED]):
            C[listed[pad, i], C_CONFLICT] += skipped
    for pad in range(P.shape[0]):
        if P[pad, P_LISTED]:
            cycle = first
            while cycle < first + skipped:
                now_bin = time_bin(K, conflict, busy, cycle)
                # To the end of this bin, or of the skipped cycles.
                until = min(first + skipped, cycle + _left_in_bin(K, cycle))
                for i in range(P[pad, P_LISTED]):
                    conflict[listed[pad, i], now_bin] += until - cycle
                cycle = until


@njit(_nrt=False)
def _left_in_bin(K: Int64Array, cycle: int) -> int:
    """Cycles from ``cycle`` to the end of its timeline bin."""
    width = 1 << K[K_BIN_SHIFT]
    return width - ((cycle - K[K_START]) & (width - 1))


def run_layer(
    serves: Any,
    K: Int64Array,
    N: Int64Array,
    E: Int64Array,
    R: Int64Array,
    B: Int64Array,
    P: Int64Array,
    V: Int64Array,
    G: Int64Array,
    Q: Int64Array,
    D: Int64Array,
    O: Int64Array,  # noqa: E741
    S: Int64Array,
    C: Int64Array,
    W: Int64Array,
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
    bursts: Int64Array,
    free_writes: Int64Array,
    posted: Int64Array,
    lines: Int64Array,
    slots: Int64Array,
    output_places: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    bank_pad: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    read_bytes: Int64Array,
    write_bytes: Int64Array,
    until: int,
) -> int:
    """Run a layer until it is done (returns 1), until cycle ``until`` (0), or until nothing can happen any more (-1)."""
    pads = P.shape[0]
    window = K[K_WINDOW]
    now = K[K_NOW]
    step, steps = K[K_STEP], K[K_STEPS]
    found = words = 0
    while now < until:
        K[K_EVENTS] = 0
        # RETIRE
        for pad in range(pads):
            if P[pad, P_INFLIGHT] and P[pad, P_INFLIGHT_MIN] <= now:
                retire_writes(P, R, S, K, inflight, free_writes, pad, now)
        # SETTLE
        if K[K_OPS_LEFT] > 0:
            if K[K_FILLING] or K[K_STORING]:
                finish_bursts(K, D, E, O, ops, resident, bursts, now)
            start_heads(K, Q, N, O, S, ops, resident)
        # ISSUE
        for port in range(3):
            if N[port, N_NEXT_DUE] != FAR and N[port, N_IN_WINDOW] < window:
                offer_element(
                    K, N, E, R, B, P, W, C, segments, geometry, regions, resident, listed, lines, slots, port, now
                )
        for i in range(K[K_POSTED]):
            R[posted[i], R_ARRIVE] = now
            enqueue(B, P, R, listed, posted[i], 1)
            K[K_EVENTS] += 1
        K[K_POSTED] = 0
        if K[K_OPS_LEFT] > 0:
            if K[K_LOADING] or K[K_READING]:
                deliver_and_send(K, D, E, R, B, P, ops, regions, listed, bursts, now)
            new_burst(K, D, E, R, B, P, Q, ops, regions, listed, bursts, read_bytes, write_bytes, now)
        # GRANT
        for pad in range(pads):
            if P[pad, P_HIGH]:
                watermarks(P, pad)
            if P[pad, P_LISTED]:
                grant_scratchpad(
                    serves, P, B, V, G, R, E, C, K, params, shared, states, listed, inflight, conflict, busy, pad, now
                )
        # ADVANCE
        cause, where, bank = NONE, NONE, NONE
        nothing_due = True
        if step < steps:
            for port in range(3):
                if N[port, N_IN_WINDOW]:
                    element = port * window + N[port, N_HEAD]
                    if E[element, E_DUE] == step:
                        nothing_due = False
                        if E[element, E_UNGRANTED] or E[element, E_READY] > now:
                            cause, bank = _read_stall(K, N, E, R, B, P, V, bank_pad, port, now)
                            where = port
                            break
                elif N[port, N_NEXT_DUE] == step:
                    nothing_due = False
                    cause, where = _READ_LATENCY, port
                    segment = N[port, N_SEGMENT]
                    region = segments[segment, _REGION]
                    pad = regions[region, _PAD]
                    found, words = element_lines(
                        segments,
                        segment,
                        geometry,
                        regions,
                        region,
                        resident,
                        N[port, N_NUMBER],
                        P[pad, P_LINE_BYTES],
                        K[K_COALESCING],
                        lines,
                        slots,
                    )
                    if found == NONE:
                        cause = _DRAM_WAIT
                    break
            writes = N[_OUTPUT, N_NEXT_DUE] == step
            if writes:
                nothing_due = False
            if writes and cause == NONE:
                segment = N[_OUTPUT, N_SEGMENT]
                region = segments[segment, _REGION]
                pad = regions[region, _PAD]
                if K[K_OUTPUT_LINES] == NONE:
                    found, words = element_lines(
                        segments,
                        segment,
                        geometry,
                        regions,
                        region,
                        resident,
                        N[_OUTPUT, N_NUMBER],
                        P[pad, P_LINE_BYTES],
                        K[K_COALESCING],
                        lines,
                        slots,
                    )
                    if found == NONE:
                        cause, where = _DRAM_WAIT, _OUTPUT
                    else:
                        K[K_OUTPUT_LINES] = found
                        output_places[0, 0] = words
                        for i in range(found):
                            output_places[1, i], output_places[2, i] = place(P, pad, lines[i])
                            output_places[3, i] = slots[i]
                if cause == NONE:
                    found = K[K_OUTPUT_LINES]
                    if P[pad, P_BUFFERED] > 0 and P[pad, P_BUFFERED] + found > P[pad, P_DEPTH]:
                        cause, where, bank = _WRITE_BACKPRESSURE, _OUTPUT, R[P[pad, P_BUFFER_HEAD], R_BANK]
            if cause == NONE:
                for port in range(3):
                    if N[port, N_IN_WINDOW] and E[port * window + N[port, N_HEAD], E_DUE] == step:
                        N[port, N_IN_WINDOW] -= 1
                        N[port, N_HEAD] += 1
                        if N[port, N_HEAD] == window:
                            N[port, N_HEAD] = 0
                        N[port, N_CONSUMED] += 1
                        W[port, W_ELEMENTS] += 1
                if writes:
                    for i in range(found):
                        posted[i] = post_write(P, R, S, K, free_writes, pad, output_places[1, i], output_places[2, i], output_places[3, i])
                    K[K_POSTED] = found
                    K[K_OUTPUT_LINES] = NONE
                    N[_OUTPUT, N_CONSUMED] += 1
                    W[_OUTPUT, W_ELEMENTS] += 1
                    W[_OUTPUT, W_WORDS] += output_places[0, 0]
                    W[_OUTPUT, W_LINES] += found
                    next_element(N, segments, _OUTPUT)
                K[K_COMPUTE] += 1
                step += 1
            else:
                if step == 0:
                    cause, bank = _FIRST_FILL, NONE
        else:
            if K[K_OPS_LEFT] == 0:
                buffered = 0
                for pad in range(pads):
                    buffered += P[pad, P_BUFFERED]
                if buffered == 0:
                    K[K_NOW], K[K_STEP] = now, step
                    time_bin(K, conflict, busy, max(now - 1, K[K_START]))
                    return 1
                where = _OUTPUT
            else:
                where = _DMA
            cause = _DRAIN
        # This cycle, and those after it in which nothing can change.
        cycles = 1
        if K[K_EVENTS] == 0 and K[K_IDLE_SKIPPING] and (cause != NONE or nothing_due):
            soonest = _next_event(K, N, E, B, P, V, D, listed, bursts, now)
            if cause != NONE and soonest == FAR:
                K[K_NOW], K[K_STEP] = now, step
                return -1
            cycles = soonest - now
            if cause == NONE:
                next_due = steps
                for port in range(4):
                    due = N[port, N_NEXT_DUE]
                    if port < 3 and N[port, N_IN_WINDOW]:
                        due = E[port * window + N[port, N_HEAD], E_DUE]
                    next_due = min(next_due, due)
                cycles = min(cycles, 1 + next_due - step)
                step += cycles - 1
                K[K_COMPUTE] += cycles - 1
            if cycles > 1:
                _count_skipped(K, B, P, C, listed, conflict, busy, now + 1, cycles - 1)
        if cause != NONE:
            stall_cycles[cause, where] += cycles
            if bank != NONE:
                bank_stall_cycles[bank, cause] += cycles
        now += cycles
    K[K_NOW], K[K_STEP] = now, step
    return 0
