"""Arbiter and banks of the compiled engine: queues, the choice of the next request, grants, preemption, the write buffer."""

from __future__ import annotations

from typing import Any

from numba import njit

from simcore.engine.compiled.columns import (
    B_BUFFERED_HEAD,
    B_BUFFERED_TAIL,
    B_DIRECT_HEAD,
    B_DIRECT_TAIL,
    B_FIRST_SERVER,
    B_FUNCTION,
    B_GROUP,
    B_LAST_PORT,
    B_LISTED,
    B_PAD,
    B_WAITING,
    C_BUSY,
    C_CONFLICT,
    C_DMA_READS,
    C_DMA_WRITES,
    C_PREEMPTED,
    C_READS,
    C_WRITES,
    E_READY,
    E_UNGRANTED,
    FAR,
    G_PARAMS_AT,
    G_PARAMS_SIZE,
    G_SHARED_AT,
    G_SHARED_SIZE,
    K_BIN_LIMIT,
    K_BIN_SHIFT,
    K_EVENTS,
    K_FREE_WRITES,
    K_START,
    NONE,
    P_ARBITER,
    P_BUFFER_HEAD,
    P_BUFFER_TAIL,
    P_BUFFERED,
    P_DRAINING,
    P_HIGH,
    P_INFLIGHT,
    P_INFLIGHT_MIN,
    P_LISTED,
    P_LOW,
    P_PREEMPTION,
    P_READ_PRIORITY,
    P_SERVERS,
    R_ARRIVE,
    R_BANK,
    R_COUNTED,
    R_DONE,
    R_FREE,
    R_GRANTED,
    R_LEFT_DONE,
    R_LEFT_FREE,
    R_NEWER,
    R_NEXT,
    R_OLDER,
    R_OP,
    R_OWNER,
    R_PORT,
    R_ROW,
    R_SLOT,
    S_WRITES,
    V_DONE,
    V_FREE_AT,
    V_GRANTED,
    V_PORT,
    V_REQUEST,
    V_STATE_AT,
    V_STATE_SIZE,
)
from simcore.machine import FCFS, PORT_PRIORITY, RESUME
from simcore.outcome import TIME_BINS
from simcore.program import Int64Array, Port
from simcore.timing_compiled import int64_view

_OUTPUT, _DMA, _PORTS = int(Port.OUTPUT), int(Port.DMA), len(Port)


@njit(_nrt=False)
def time_bin(K: Int64Array, conflict: Int64Array, busy: Int64Array, cycle: int) -> int:
    """The timeline bin of a cycle; folds the bins in pairs when time has run past them."""
    while cycle >= K[K_BIN_LIMIT]:
        for table in (conflict, busy):
            for bank in range(table.shape[0]):
                for i in range(TIME_BINS // 2):
                    table[bank, i] = table[bank, 2 * i] + table[bank, 2 * i + 1]
                for i in range(TIME_BINS // 2, TIME_BINS):
                    table[bank, i] = 0
        K[K_BIN_SHIFT] += 1
        K[K_BIN_LIMIT] = K[K_START] + (TIME_BINS << K[K_BIN_SHIFT])
    return (cycle - K[K_START]) >> K[K_BIN_SHIFT]


@njit(_nrt=False)
def enqueue(B: Int64Array, P: Int64Array, R: Int64Array, listed: Int64Array, request: int, buffered: int) -> None:
    """Put a request at the end of its bank's direct or buffered queue, and the bank on its scratchpad's list of busy banks."""
    bank = R[request, R_BANK]
    head, tail = (B_BUFFERED_HEAD, B_BUFFERED_TAIL) if buffered else (B_DIRECT_HEAD, B_DIRECT_TAIL)
    R[request, R_NEXT] = NONE
    if B[bank, head] == NONE:
        B[bank, head] = request
    else:
        R[B[bank, tail], R_NEXT] = request
    B[bank, tail] = request
    B[bank, B_WAITING] += 1
    if not B[bank, B_LISTED]:
        _list_bank(B, P, listed, bank)


@njit(_nrt=False)
def _list_bank(B: Int64Array, P: Int64Array, listed: Int64Array, bank: int) -> None:
    """Insert a bank into the sorted list of banks with waiting requests."""
    pad = B[bank, B_PAD]
    i = P[pad, P_LISTED]
    while i > 0 and listed[pad, i - 1] > bank:
        listed[pad, i] = listed[pad, i - 1]
        i -= 1
    listed[pad, i] = bank
    P[pad, P_LISTED] += 1
    B[bank, B_LISTED] = 1


@njit(_nrt=False)
def _best_direct(B: Int64Array, R: Int64Array, bank: int, arbiter: int) -> int:
    """The direct request that goes first by the arbiter's policy; the queue is in order of (arrive, port, index)."""
    best = B[bank, B_DIRECT_HEAD]
    if arbiter == FCFS or best == NONE:
        return best
    least = FAR
    other = best
    while other != NONE:
        key = R[other, R_PORT]
        if arbiter != PORT_PRIORITY:
            key = (key - B[bank, B_LAST_PORT] - 1) % _PORTS
        if key < least:
            best, least = other, key
        other = R[other, R_NEXT]
    return best


@njit(_nrt=False)
def _candidate(B: Int64Array, P: Int64Array, R: Int64Array, bank: int, pad: int) -> int:
    """The request that the arbiter's rules put next at a bank, or NONE."""
    buffered = B[bank, B_BUFFERED_HEAD]
    if buffered == NONE:
        return _best_direct(B, R, bank, P[pad, P_ARBITER])
    if P[pad, P_DRAINING] or B[bank, B_DIRECT_HEAD] == NONE:
        return buffered
    direct = _best_direct(B, R, bank, P[pad, P_ARBITER])
    if P[pad, P_READ_PRIORITY]:
        return direct
    arbiter = P[pad, P_ARBITER]
    if arbiter == FCFS:
        first, second = R[direct, R_ARRIVE], R[buffered, R_ARRIVE]
        return direct if first < second or (first == second and R[direct, R_PORT] < _OUTPUT) else buffered
    first, second = R[direct, R_PORT], _OUTPUT
    if arbiter != PORT_PRIORITY:
        first = (first - B[bank, B_LAST_PORT] - 1) % _PORTS
        second = (second - B[bank, B_LAST_PORT] - 1) % _PORTS
    return direct if first < second else buffered


@njit(_nrt=False)
def _take(B: Int64Array, R: Int64Array, bank: int, request: int) -> None:
    """Remove a request from its queue."""
    head, tail = (B_BUFFERED_HEAD, B_BUFFERED_TAIL) if R[request, R_PORT] == _OUTPUT else (B_DIRECT_HEAD, B_DIRECT_TAIL)
    B[bank, B_WAITING] -= 1
    if B[bank, head] == request:
        B[bank, head] = R[request, R_NEXT]
        return
    before = B[bank, head]
    while R[before, R_NEXT] != request:
        before = R[before, R_NEXT]
    R[before, R_NEXT] = R[request, R_NEXT]
    if B[bank, tail] == request:
        B[bank, tail] = before


@njit(_nrt=False)
def _serve(
    serves: Any,
    B: Int64Array,
    V: Int64Array,
    G: Int64Array,
    R: Int64Array,
    params: Int64Array,
    shared: Int64Array,
    states: Int64Array,
    bank: int,
    server: int,
    request: int,
    now: int,
) -> None:
    """Let the timing model say how long a request holds a server and when it is done."""
    if R[request, R_LEFT_FREE] > 0:
        free_at, done_at = now + R[request, R_LEFT_FREE], now + R[request, R_LEFT_DONE]
        R[request, R_LEFT_FREE] = 0
    else:
        group = B[bank, B_GROUP]
        free_at, done_at = serves[B[bank, B_FUNCTION]](
            int64_view(params, G[group, G_PARAMS_AT], G[group, G_PARAMS_SIZE]),
            int64_view(states, V[server, V_STATE_AT], V[server, V_STATE_SIZE]),
            int64_view(shared, G[group, G_SHARED_AT], G[group, G_SHARED_SIZE]),
            now,
            R[request, R_OP],
            R[request, R_ROW],
        )
    R[request, R_FREE] = max(free_at, now + 1)
    R[request, R_DONE] = max(done_at, now)
    R[request, R_GRANTED] = now
    V[server, V_FREE_AT], V[server, V_REQUEST], V[server, V_PORT] = R[request, R_FREE], request, R[request, R_PORT]
    # Kept here as well: the request's row is used again once it is done, though the server may still be held.
    V[server, V_GRANTED], V[server, V_DONE] = now, R[request, R_DONE]
    B[bank, B_LAST_PORT] = R[request, R_PORT]


@njit(_nrt=False)
def _granted(
    P: Int64Array,
    R: Int64Array,
    E: Int64Array,
    C: Int64Array,
    K: Int64Array,
    inflight: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    pad: int,
    request: int,
    now: int,
) -> None:
    """Count a grant and tell the request's owner."""
    K[K_EVENTS] += 1
    bank, port = R[request, R_BANK], R[request, R_PORT]
    occupied = R[request, R_FREE] - now
    C[bank, C_BUSY] += occupied
    busy[bank, time_bin(K, conflict, busy, now)] += occupied
    if port == _OUTPUT:
        inflight[pad, P[pad, P_INFLIGHT]] = request
        P[pad, P_INFLIGHT] += 1
        P[pad, P_INFLIGHT_MIN] = min(P[pad, P_INFLIGHT_MIN], R[request, R_DONE])
        if not R[request, R_COUNTED]:
            R[request, R_COUNTED] = 1
            C[bank, C_WRITES] += 1
        return
    owner = R[request, R_OWNER]
    E[owner, E_UNGRANTED] -= 1
    E[owner, E_READY] = max(E[owner, E_READY], R[request, R_DONE])
    op = R[request, R_OP]
    C[bank, C_WRITES if op else C_READS] += 1
    if port == _DMA:
        C[bank, C_DMA_WRITES if op else C_DMA_READS] += 1


@njit(_nrt=False)
def _preemptible(P: Int64Array, B: Int64Array, V: Int64Array, pad: int, bank: int, now: int) -> int:
    """The lowest server held by a buffered write that began earlier and is not done, or NONE."""
    first = B[bank, B_FIRST_SERVER]
    for server in range(first, first + P[pad, P_SERVERS]):
        if V[server, V_FREE_AT] > now and V[server, V_PORT] == _OUTPUT and V[server, V_GRANTED] < now < V[server, V_DONE]:
            return server
    return NONE


@njit(_nrt=False)
def _send_back(
    P: Int64Array,
    B: Int64Array,
    V: Int64Array,
    R: Int64Array,
    C: Int64Array,
    K: Int64Array,
    inflight: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    pad: int,
    bank: int,
    server: int,
    now: int,
) -> None:
    """Preempt the buffered write that holds a server: it returns to the head of its queue."""
    request = V[server, V_REQUEST]
    left = R[request, R_FREE] - now
    C[bank, C_PREEMPTED] += 1
    C[bank, C_BUSY] -= left
    busy[bank, time_bin(K, conflict, busy, R[request, R_GRANTED])] -= left
    if P[pad, P_PREEMPTION] == RESUME:
        R[request, R_LEFT_FREE] = left
        R[request, R_LEFT_DONE] = R[request, R_DONE] - now
    R[request, R_GRANTED] = NONE
    R[request, R_NEXT] = B[bank, B_BUFFERED_HEAD]
    if B[bank, B_BUFFERED_HEAD] == NONE:
        B[bank, B_BUFFERED_TAIL] = request
    B[bank, B_BUFFERED_HEAD] = request
    B[bank, B_WAITING] += 1
    V[server, V_FREE_AT] = now
    count = P[pad, P_INFLIGHT]
    P[pad, P_INFLIGHT_MIN] = FAR
    kept = 0
    for i in range(count):
        other = inflight[pad, i]
        if other != request:
            inflight[pad, kept] = other
            P[pad, P_INFLIGHT_MIN] = min(P[pad, P_INFLIGHT_MIN], R[other, R_DONE])
            kept += 1
    P[pad, P_INFLIGHT] = kept


@njit(_nrt=False)
def watermarks(P: Int64Array, pad: int) -> None:
    """Begin to drain the write buffer at its high watermark, end at its low one. Every cycle: the flag remembers."""
    if P[pad, P_DRAINING] and P[pad, P_BUFFERED] <= P[pad, P_LOW]:
        P[pad, P_DRAINING] = 0
    if P[pad, P_BUFFERED] >= P[pad, P_HIGH]:
        P[pad, P_DRAINING] = 1


@njit(_nrt=False)
def grant_scratchpad(
    serves: Any,
    P: Int64Array,
    B: Int64Array,
    V: Int64Array,
    G: Int64Array,
    R: Int64Array,
    E: Int64Array,
    C: Int64Array,
    K: Int64Array,
    params: Int64Array,
    shared: Int64Array,
    states: Int64Array,
    listed: Int64Array,
    inflight: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    pad: int,
    now: int,
) -> None:
    """One GRANT phase of a scratchpad: the banks with waiting requests, in index order."""
    kept = 0
    for i in range(P[pad, P_LISTED]):
        bank = listed[pad, i]
        first = B[bank, B_FIRST_SERVER]
        for server in range(first, first + P[pad, P_SERVERS]):
            if V[server, V_FREE_AT] > now:
                continue
            request = _candidate(B, P, R, bank, pad)
            if request == NONE:
                break
            _take(B, R, bank, request)
            _serve(serves, B, V, G, R, params, shared, states, bank, server, request, now)
            _granted(P, R, E, C, K, inflight, conflict, busy, pad, request, now)
        if P[pad, P_PREEMPTION] and not P[pad, P_DRAINING]:
            while B[bank, B_DIRECT_HEAD] != NONE:
                server = _preemptible(P, B, V, pad, bank, now)
                if server == NONE:
                    break
                _send_back(P, B, V, R, C, K, inflight, conflict, busy, pad, bank, server, now)
                request = _best_direct(B, R, bank, P[pad, P_ARBITER])
                _take(B, R, bank, request)
                _serve(serves, B, V, G, R, params, shared, states, bank, server, request, now)
                _granted(P, R, E, C, K, inflight, conflict, busy, pad, request, now)
        if B[bank, B_WAITING] > 0:
            C[bank, C_CONFLICT] += 1
            conflict[bank, time_bin(K, conflict, busy, now)] += 1
            listed[pad, kept] = bank
            kept += 1
        else:
            B[bank, B_LISTED] = 0
    P[pad, P_LISTED] = kept


@njit(_nrt=False)
def retire_writes(
    P: Int64Array, R: Int64Array, S: Int64Array, K: Int64Array, inflight: Int64Array, free_writes: Int64Array, pad: int, now: int
) -> None:
    """One RETIRE phase of a scratchpad: buffered writes that are done leave the write buffer."""
    kept = 0
    least = FAR
    for i in range(P[pad, P_INFLIGHT]):
        request = inflight[pad, i]
        done = R[request, R_DONE]
        if done > now:
            inflight[pad, kept] = request
            kept += 1
            least = min(least, done)
            continue
        older, newer = R[request, R_OLDER], R[request, R_NEWER]
        if older == NONE:
            P[pad, P_BUFFER_HEAD] = newer
        else:
            R[older, R_NEWER] = newer
        if newer == NONE:
            P[pad, P_BUFFER_TAIL] = older
        else:
            R[newer, R_OLDER] = older
        P[pad, P_BUFFERED] -= 1
        if R[request, R_SLOT] >= 0:
            S[R[request, R_SLOT], S_WRITES] -= 1
        free_writes[K[K_FREE_WRITES]] = request
        K[K_FREE_WRITES] += 1
        K[K_EVENTS] += 1
    P[pad, P_INFLIGHT] = kept
    P[pad, P_INFLIGHT_MIN] = least


@njit(_nrt=False)
def post_write(
    P: Int64Array, R: Int64Array, S: Int64Array, K: Int64Array, free_writes: Int64Array, pad: int, bank: int, row: int, slot: int
) -> int:
    """Enter one line into the write buffer (ADVANCE); returns its request, which reaches its bank in the next cycle."""
    K[K_FREE_WRITES] -= 1
    request = free_writes[K[K_FREE_WRITES]]
    R[request, R_PORT], R[request, R_BANK], R[request, R_ROW], R[request, R_OP] = _OUTPUT, bank, row, 1
    R[request, R_SLOT], R[request, R_GRANTED], R[request, R_LEFT_FREE], R[request, R_COUNTED] = slot, NONE, 0, 0
    R[request, R_OLDER], R[request, R_NEWER] = P[pad, P_BUFFER_TAIL], NONE
    if P[pad, P_BUFFER_TAIL] == NONE:
        P[pad, P_BUFFER_HEAD] = request
    else:
        R[P[pad, P_BUFFER_TAIL], R_NEWER] = request
    P[pad, P_BUFFER_TAIL] = request
    P[pad, P_BUFFERED] += 1
    if slot >= 0:
        S[slot, S_WRITES] += 1
    return request


@njit(_nrt=False)
def is_buffered(P: Int64Array, R: Int64Array, pad: int, bank: int, row: int) -> bool:
    """True if the line is in the write buffer."""
    entry = P[pad, P_BUFFER_HEAD]
    while entry != NONE:
        if R[entry, R_BANK] == bank and R[entry, R_ROW] == row:
            return True
        entry = R[entry, R_NEWER]
    return False
