"""The DMA and main memory of the compiled engine: operations, bursts, one shared memory port."""

from __future__ import annotations

from numba import njit

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.engine.compiled.banks import enqueue
from simcore.engine.compiled.columns import (
    D_BYTES,
    D_MEMORY_DONE,
    D_NUMBER,
    D_OP,
    E_FIRST,
    E_READY,
    E_REQUESTS,
    E_UNGRANTED,
    K_BURST_BYTES,
    K_EVENTS,
    K_FILLING,
    K_LOADING,
    K_MEMORY_BYTES,
    K_MEMORY_FREE,
    K_MEMORY_LATENCY,
    K_OPS_LEFT,
    K_OUTSTANDING,
    K_OUTSTANDING_LIMIT,
    K_RATIO_P,
    K_RATIO_Q,
    K_READING,
    K_SPARE_BURSTS,
    K_STORING,
    K_TURN,
    K_WINDOW,
    N_CONSUMED,
    NONE,
    O_DONE,
    O_LEFT,
    P_BANKS,
    P_FIRST_BANK,
    P_INTERLEAVING,
    P_LINE_BYTES,
    P_ROWS,
    Q_END,
    Q_HEAD,
    Q_STARTED,
    R_ARRIVE,
    R_BANK,
    R_COUNTED,
    R_GRANTED,
    R_LEFT_FREE,
    R_OP,
    R_OWNER,
    R_PORT,
    R_ROW,
    R_SLOT,
    S_HOLDER,
    S_WRITES,
)
from simcore.machine import BLOCK, XOR
from simcore.program import QUEUES, Int64Array, Op, OpKind, Port, Reg

_DMA, _QUEUES = int(Port.DMA), len(QUEUES)
_KIND, _REGION, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.REGION), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_DEP_PORT, _DEP_COUNT, _DEP_OP = int(Op.DEP_PORT), int(Op.DEP_COUNT), int(Op.DEP_OP)
_LOAD, _ACQUIRE, _STORE = int(OpKind.LOAD), int(OpKind.ACQUIRE), int(OpKind.STORE)
_PAD, _BASE_LINE, _SLOT_LINES, _FIRST_SLOT = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.FIRST_SLOT)

#: Rows of `bursts`: where a burst is on its way.
LOADING, FILLING, READING, STORING, SPARE = range(5)

_core_cycle_of = njit(_nrt=False)(core_cycle_of)
_domain_cycle_at = njit(_nrt=False)(domain_cycle_at)


@njit(_nrt=False)
def place(P: Int64Array, pad: int, line: int) -> tuple[int, int]:
    """(bank numbered through all scratchpads, row) of a line."""
    if P[pad, P_INTERLEAVING] == BLOCK:
        return P[pad, P_FIRST_BANK] + line // P[pad, P_ROWS], line % P[pad, P_ROWS]
    banks = P[pad, P_BANKS]
    row = line // banks
    bank = line - row * banks
    if P[pad, P_INTERLEAVING] == XOR:
        bank ^= row % banks
    return P[pad, P_FIRST_BANK] + bank, row


@njit(_nrt=False)
def fill_request(R: Int64Array, request: int, port: int, bank: int, row: int, op: int, owner: int, now: int) -> None:
    """Make a request row of a read element or a burst."""
    R[request, R_PORT], R[request, R_BANK], R[request, R_ROW], R[request, R_OP] = port, bank, row, op
    R[request, R_ARRIVE], R[request, R_OWNER], R[request, R_GRANTED], R[request, R_SLOT] = now, owner, NONE, NONE
    R[request, R_LEFT_FREE], R[request, R_COUNTED] = 0, 0


@njit(_nrt=False)
def memory_takes(K: Int64Array, byte_count: int, now: int) -> int:
    """Main memory takes a burst; returns the core cycle at which it is done."""
    begin = max(K[K_MEMORY_FREE], _domain_cycle_at(now, K[K_RATIO_P], K[K_RATIO_Q]))
    K[K_MEMORY_FREE] = begin + (byte_count + K[K_MEMORY_BYTES] - 1) // K[K_MEMORY_BYTES]
    done = _core_cycle_of(K[K_MEMORY_FREE] + K[K_MEMORY_LATENCY], K[K_RATIO_P], K[K_RATIO_Q])
    return max(done, now + 1)


@njit(_nrt=False)
def _finish_burst(
    K: Int64Array, D: Int64Array, O: Int64Array, ops: Int64Array, resident: Int64Array, bursts: Int64Array, burst: int  # noqa: E741
) -> None:
    bursts[SPARE, K[K_SPARE_BURSTS]] = burst
    K[K_SPARE_BURSTS] += 1
    K[K_OUTSTANDING] -= 1
    K[K_EVENTS] += 1
    op = D[burst, D_OP]
    O[op, O_LEFT] -= 1
    if O[op, O_LEFT] == 0:
        O[op, O_DONE] = 1
        K[K_OPS_LEFT] -= 1
        if ops[op, _KIND] == _LOAD:
            resident[ops[op, _TILE]] = ops[op, _SLOT]


@njit(_nrt=False)
def finish_bursts(
    K: Int64Array,
    D: Int64Array,
    E: Int64Array,
    O: Int64Array,  # noqa: E741
    ops: Int64Array,
    resident: Int64Array,
    bursts: Int64Array,
    now: int,
) -> None:
    """SETTLE, first half: loads whose lines are written and stores that memory has taken are finished."""
    kept = 0
    for i in range(K[K_FILLING]):
        burst = bursts[FILLING, i]
        bundle = 3 * K[K_WINDOW] + burst
        if E[bundle, E_UNGRANTED] == 0 and E[bundle, E_READY] <= now:
            _finish_burst(K, D, O, ops, resident, bursts, burst)
        else:
            bursts[FILLING, kept] = burst
            kept += 1
    K[K_FILLING] = kept
    kept = 0
    for i in range(K[K_STORING]):
        burst = bursts[STORING, i]
        if D[burst, D_MEMORY_DONE] <= now:
            _finish_burst(K, D, O, ops, resident, bursts, burst)
        else:
            bursts[STORING, kept] = burst
            kept += 1
    K[K_STORING] = kept


@njit(_nrt=False)
def start_heads(
    K: Int64Array,
    Q: Int64Array,
    N: Int64Array,
    O: Int64Array,  # noqa: E741
    S: Int64Array,
    ops: Int64Array,
    resident: Int64Array,
) -> None:
    """SETTLE, second half: start the head of each queue whose dependencies hold."""
    for queue in range(_QUEUES):
        while Q[queue, Q_STARTED] == NONE and Q[queue, Q_HEAD] < Q[queue, Q_END]:
            head = Q[queue, Q_HEAD]
            port, after, slot = ops[head, _DEP_PORT], ops[head, _DEP_OP], ops[head, _SLOT]
            if port >= 0 and N[port, N_CONSUMED] < ops[head, _DEP_COUNT]:
                break
            if (after >= 0 and not O[after, O_DONE]) or S[slot, S_WRITES] > 0:
                break
            K[K_EVENTS] += 1
            kind, tile = ops[head, _KIND], ops[head, _TILE]
            if kind != _STORE:
                if S[slot, S_HOLDER] != NONE:
                    resident[S[slot, S_HOLDER]] = NONE
                S[slot, S_HOLDER] = tile
            if kind == _ACQUIRE:
                resident[tile] = slot
                O[head, O_DONE] = 1
                K[K_OPS_LEFT] -= 1
                Q[queue, Q_HEAD] += 1
            else:
                Q[queue, Q_STARTED] = 0


@njit(_nrt=False)
def _offer_lines(
    K: Int64Array,
    D: Int64Array,
    E: Int64Array,
    R: Int64Array,
    B: Int64Array,
    P: Int64Array,
    ops: Int64Array,
    regions: Int64Array,
    listed: Int64Array,
    burst: int,
    write: int,
    now: int,
) -> None:
    """Offer the scratchpad lines of a burst to their banks."""
    op = D[burst, D_OP]
    region = ops[op, _REGION]
    pad = regions[region, _PAD]
    line_bytes = P[pad, P_LINE_BYTES]
    base = regions[region, _BASE_LINE] + (ops[op, _SLOT] - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES]
    begin = D[burst, D_NUMBER] * K[K_BURST_BYTES]
    first = begin // line_bytes
    last = (begin + D[burst, D_BYTES] - 1) // line_bytes
    bundle = 3 * K[K_WINDOW] + burst
    E[bundle, E_UNGRANTED], E[bundle, E_READY], E[bundle, E_REQUESTS] = last - first + 1, now, last - first + 1
    for line in range(first, last + 1):
        bank, row = place(P, pad, base + line)
        request = E[bundle, E_FIRST] + line - first
        fill_request(R, request, _DMA, bank, row, write, bundle, now)
        enqueue(B, P, R, listed, request, 0)
    K[K_EVENTS] += 1


@njit(_nrt=False)
def deliver_and_send(
    K: Int64Array,
    D: Int64Array,
    E: Int64Array,
    R: Int64Array,
    B: Int64Array,
    P: Int64Array,
    ops: Int64Array,
    regions: Int64Array,
    listed: Int64Array,
    bursts: Int64Array,
    now: int,
) -> None:
    """ISSUE: offer the lines of loads that have arrived, and send stores whose lines are read to main memory."""
    arrived = 0
    while arrived < K[K_LOADING] and D[bursts[LOADING, arrived], D_MEMORY_DONE] <= now:
        burst = bursts[LOADING, arrived]
        _offer_lines(K, D, E, R, B, P, ops, regions, listed, burst, 1, now)
        bursts[FILLING, K[K_FILLING]] = burst
        K[K_FILLING] += 1
        arrived += 1
    if arrived:
        K[K_LOADING] -= arrived
        for i in range(K[K_LOADING]):
            bursts[LOADING, i] = bursts[LOADING, i + arrived]
    kept = 0
    for i in range(K[K_READING]):
        burst = bursts[READING, i]
        bundle = 3 * K[K_WINDOW] + burst
        if E[bundle, E_UNGRANTED] == 0 and E[bundle, E_READY] <= now:
            D[burst, D_MEMORY_DONE] = memory_takes(K, D[burst, D_BYTES], now)
            bursts[STORING, K[K_STORING]] = burst
            K[K_STORING] += 1
            K[K_EVENTS] += 1
        else:
            bursts[READING, kept] = burst
            kept += 1
    K[K_READING] = kept


@njit(_nrt=False)
def new_burst(
    K: Int64Array,
    D: Int64Array,
    E: Int64Array,
    R: Int64Array,
    B: Int64Array,
    P: Int64Array,
    Q: Int64Array,
    ops: Int64Array,
    regions: Int64Array,
    listed: Int64Array,
    bursts: Int64Array,
    read_bytes: Int64Array,
    write_bytes: Int64Array,
    now: int,
) -> None:
    """ISSUE: start at most one new burst, queues in turn."""
    if K[K_OUTSTANDING] >= K[K_OUTSTANDING_LIMIT]:
        return
    for i in range(_QUEUES):
        queue = (K[K_TURN] + i) % _QUEUES
        if Q[queue, Q_STARTED] == NONE:
            continue
        op, number = Q[queue, Q_HEAD], Q[queue, Q_STARTED]
        K[K_SPARE_BURSTS] -= 1
        burst = bursts[SPARE, K[K_SPARE_BURSTS]]
        K[K_OUTSTANDING] += 1
        K[K_EVENTS] += 1
        count = min(K[K_BURST_BYTES], ops[op, _BYTES] - number * K[K_BURST_BYTES])
        D[burst, D_OP], D[burst, D_BYTES], D[burst, D_NUMBER] = op, count, number
        if ops[op, _KIND] == _LOAD:
            D[burst, D_MEMORY_DONE] = memory_takes(K, count, now)
            bursts[LOADING, K[K_LOADING]] = burst
            K[K_LOADING] += 1
            read_bytes[ops[op, _REGION]] += count
        else:
            _offer_lines(K, D, E, R, B, P, ops, regions, listed, burst, 0, now)
            bursts[READING, K[K_READING]] = burst
            K[K_READING] += 1
            write_bytes[ops[op, _REGION]] += count
        Q[queue, Q_STARTED] = number + 1
        if (number + 1) * K[K_BURST_BYTES] >= ops[op, _BYTES]:
            Q[queue, Q_STARTED] = NONE
            Q[queue, Q_HEAD] += 1
        K[K_TURN] = (queue + 1) % _QUEUES
        return
