"""Arbiter and banks of the compiled engine: queues, the choice of the next request, grants, preemption, the write buffer."""

from __future__ import annotations

from typing import Any

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.machine.machine import FCFS, PORT_PRIORITY, RESUME
from simcore.program.program import Int64Array, Port
from simcore.timing.compiled import int64_view

_OUTPUT, _DMA, _PORTS = int(Port.OUTPUT), int(Port.DMA), len(Port)


@inlined
def enqueue(banks: Int64Array, pads: Int64Array, requests: Int64Array, listed: Int64Array, request: int, buffered: int) -> None:
    """Put a request at the end of its bank's direct or buffered queue, and the bank on its scratchpad's list of busy banks."""
    bank = requests[request, c.REQUEST_BANK]
    head, tail = (c.BANK_BUFFERED_HEAD, c.BANK_BUFFERED_TAIL) if buffered else (c.BANK_DIRECT_HEAD, c.BANK_DIRECT_TAIL)
    requests[request, c.REQUEST_NEXT] = c.NONE
    if banks[bank, head] == c.NONE:
        banks[bank, head] = request
    else:
        requests[banks[bank, tail], c.REQUEST_NEXT] = request
    banks[bank, tail] = request
    banks[bank, c.BANK_WAITING] += 1
    if not banks[bank, c.BANK_LISTED]:
        _list_bank(banks, pads, listed, bank)


@inlined
def grant_at_once(
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    bundles: Int64Array,
    counts: Int64Array,
    busy: Int64Array,
    bin_number: int,
    pad: int,
    bank: int,
    port: int,
    op: int,
    owner: int,
    now: int,
) -> bool:
    """Grant a read element's or a burst's line in the cycle it comes, if its bank is idle; False if it has to queue."""
    if not pads[pad, c.PAD_AT_ONCE] or banks[bank, c.BANK_WAITING]:
        return False
    first = banks[bank, c.BANK_FIRST_SERVER]
    for server in range(first, first + pads[pad, c.PAD_SERVERS]):
        if servers[server, c.SERVER_FREE_AT] <= now:
            held = banks[bank, c.BANK_READ_HELD + op]
            servers[server, c.SERVER_FREE_AT], servers[server, c.SERVER_PORT] = now + held, port
            counts[bank, c.COUNT_BUSY] += held
            busy[bank, bin_number] += held
            counts[bank, c.COUNT_READS + op] += 1
            if port == _DMA:
                counts[bank, c.COUNT_DMA_READS + op] += 1
            bundles[owner, c.BUNDLE_UNGRANTED] -= 1
            bundles[owner, c.BUNDLE_READY] = max(bundles[owner, c.BUNDLE_READY], now + banks[bank, c.BANK_READ_DONE + op])
            return True
    return False


@inlined
def offer_writes(
    scalars: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    requests: Int64Array,
    counts: Int64Array,
    listed: Int64Array,
    inflight: Int64Array,
    busy: Int64Array,
    posted: Int64Array,
    now: int,
) -> None:
    """Send the lines that entered the write buffer in the cycle before to their banks."""
    for i in range(scalars[c.SCALAR_POSTED]):
        request = posted[i]
        bank = requests[request, c.REQUEST_BANK]
        pad = banks[bank, c.BANK_PAD]
        requests[request, c.REQUEST_ARRIVE] = now
        if not _grant_write_at_once(scalars, banks, pads, servers, requests, counts, inflight, busy, pad, bank, request, now):
            enqueue(banks, pads, requests, listed, request, 1)
    scalars[c.SCALAR_POSTED] = 0
    scalars[c.SCALAR_EVENTS] += 1


@inlined
def _grant_write_at_once(
    scalars: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    requests: Int64Array,
    counts: Int64Array,
    inflight: Int64Array,
    busy: Int64Array,
    pad: int,
    bank: int,
    request: int,
    now: int,
) -> bool:
    """Grant a buffered write in the cycle in which it first comes to its bank, if the bank is idle."""
    if not pads[pad, c.PAD_AT_ONCE] or banks[bank, c.BANK_WAITING]:
        return False
    first = banks[bank, c.BANK_FIRST_SERVER]
    for server in range(first, first + pads[pad, c.PAD_SERVERS]):
        if servers[server, c.SERVER_FREE_AT] <= now:
            held, done = banks[bank, c.BANK_WRITE_HELD], now + banks[bank, c.BANK_WRITE_DONE]
            servers[server, c.SERVER_FREE_AT], servers[server, c.SERVER_PORT] = now + held, _OUTPUT
            servers[server, c.SERVER_REQUEST] = request
            servers[server, c.SERVER_GRANTED], servers[server, c.SERVER_DONE] = now, done
            requests[request, c.REQUEST_GRANTED], requests[request, c.REQUEST_FREE] = now, now + held
            requests[request, c.REQUEST_DONE], requests[request, c.REQUEST_COUNTED] = done, 1
            requests[request, c.REQUEST_BIN] = scalars[c.SCALAR_BIN]
            counts[bank, c.COUNT_BUSY] += held
            busy[bank, scalars[c.SCALAR_BIN]] += held
            counts[bank, c.COUNT_WRITES] += 1
            inflight[pad, pads[pad, c.PAD_INFLIGHT]] = request
            pads[pad, c.PAD_INFLIGHT] += 1
            pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], done)
            return True
    return False


@inlined
def _list_bank(banks: Int64Array, pads: Int64Array, listed: Int64Array, bank: int) -> None:
    """Insert a bank into the sorted list of banks with waiting requests."""
    pad = banks[bank, c.BANK_PAD]
    i = pads[pad, c.PAD_LISTED]
    while i > 0 and listed[pad, i - 1] > bank:
        listed[pad, i] = listed[pad, i - 1]
        i -= 1
    listed[pad, i] = bank
    pads[pad, c.PAD_LISTED] += 1
    banks[bank, c.BANK_LISTED] = 1


@inlined
def _best_direct(banks: Int64Array, requests: Int64Array, bank: int, arbiter: int) -> int:
    """The direct request that goes first by the arbiter's policy; the queue is in order of (arrive, port, index)."""
    best = banks[bank, c.BANK_DIRECT_HEAD]
    if arbiter == FCFS or best == c.NONE:
        return best
    least = c.FAR
    other = best
    while other != c.NONE:
        key = requests[other, c.REQUEST_PORT]
        if arbiter != PORT_PRIORITY:
            key = (key - banks[bank, c.BANK_LAST_PORT] - 1) % _PORTS
        if key < least:
            best, least = other, key
        other = requests[other, c.REQUEST_NEXT]
    return best


@inlined
def _candidate(banks: Int64Array, pads: Int64Array, requests: Int64Array, bank: int, pad: int) -> int:
    """The request that the arbiter's rules put next at a bank, or NONE."""
    buffered = banks[bank, c.BANK_BUFFERED_HEAD]
    if buffered == c.NONE:
        return _best_direct(banks, requests, bank, pads[pad, c.PAD_ARBITER])
    if pads[pad, c.PAD_DRAINING] or banks[bank, c.BANK_DIRECT_HEAD] == c.NONE:
        return buffered
    direct = _best_direct(banks, requests, bank, pads[pad, c.PAD_ARBITER])
    if pads[pad, c.PAD_READ_PRIORITY]:
        return direct
    arbiter = pads[pad, c.PAD_ARBITER]
    if arbiter == FCFS:
        first, second = requests[direct, c.REQUEST_ARRIVE], requests[buffered, c.REQUEST_ARRIVE]
        return direct if first < second or (first == second and requests[direct, c.REQUEST_PORT] < _OUTPUT) else buffered
    first, second = requests[direct, c.REQUEST_PORT], _OUTPUT
    if arbiter != PORT_PRIORITY:
        first = (first - banks[bank, c.BANK_LAST_PORT] - 1) % _PORTS
        second = (second - banks[bank, c.BANK_LAST_PORT] - 1) % _PORTS
    return direct if first < second else buffered


@inlined
def _take(banks: Int64Array, requests: Int64Array, bank: int, request: int) -> None:
    """Remove a request from its queue."""
    head, tail = (
        (c.BANK_BUFFERED_HEAD, c.BANK_BUFFERED_TAIL)
        if requests[request, c.REQUEST_PORT] == _OUTPUT
        else (c.BANK_DIRECT_HEAD, c.BANK_DIRECT_TAIL)
    )
    banks[bank, c.BANK_WAITING] -= 1
    if banks[bank, head] == request:
        banks[bank, head] = requests[request, c.REQUEST_NEXT]
        return
    before = banks[bank, head]
    while requests[before, c.REQUEST_NEXT] != request:
        before = requests[before, c.REQUEST_NEXT]
    requests[before, c.REQUEST_NEXT] = requests[request, c.REQUEST_NEXT]
    if banks[bank, tail] == request:
        banks[bank, tail] = before


@inlined
def _serve(
    serves: Any,
    banks: Int64Array,
    servers: Int64Array,
    groups: Int64Array,
    requests: Int64Array,
    scalars: Int64Array,
    params: Int64Array,
    shared: Int64Array,
    states: Int64Array,
    bank: int,
    server: int,
    request: int,
    now: int,
) -> None:
    """Let the timing model say how long a request holds a server and when it is done."""
    if requests[request, c.REQUEST_LEFT_FREE] > 0:
        free_at, done_at = now + requests[request, c.REQUEST_LEFT_FREE], now + requests[request, c.REQUEST_LEFT_DONE]
        requests[request, c.REQUEST_LEFT_FREE] = 0
    elif banks[bank, c.BANK_READ_HELD]:
        op = requests[request, c.REQUEST_OP]
        free_at, done_at = now + banks[bank, c.BANK_READ_HELD + op], now + banks[bank, c.BANK_READ_DONE + op]
    else:
        group = banks[bank, c.BANK_GROUP]
        free_at, done_at = serves[banks[bank, c.BANK_FUNCTION]](
            int64_view(params, groups[group, c.GROUP_PARAMS_AT], groups[group, c.GROUP_PARAMS_SIZE]),
            int64_view(states, servers[server, c.SERVER_STATE_AT], servers[server, c.SERVER_STATE_SIZE]),
            int64_view(shared, groups[group, c.GROUP_SHARED_AT], groups[group, c.GROUP_SHARED_SIZE]),
            now,
            requests[request, c.REQUEST_OP],
            requests[request, c.REQUEST_ROW],
        )
    if free_at <= now or done_at < now:
        scalars[c.SCALAR_BROKEN_BANK] = bank + 1
    requests[request, c.REQUEST_FREE] = max(free_at, now + 1)
    requests[request, c.REQUEST_DONE] = max(done_at, now)
    requests[request, c.REQUEST_GRANTED] = now
    servers[server, c.SERVER_FREE_AT], servers[server, c.SERVER_REQUEST], servers[server, c.SERVER_PORT] = (
        requests[request, c.REQUEST_FREE],
        request,
        requests[request, c.REQUEST_PORT],
    )
    # Kept here as well: the request's row is used again once it is done, though the server may still be held.
    servers[server, c.SERVER_GRANTED], servers[server, c.SERVER_DONE] = now, requests[request, c.REQUEST_DONE]
    banks[bank, c.BANK_LAST_PORT] = requests[request, c.REQUEST_PORT]


@inlined
def _granted(
    pads: Int64Array,
    requests: Int64Array,
    bundles: Int64Array,
    counts: Int64Array,
    scalars: Int64Array,
    inflight: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    pad: int,
    request: int,
    now: int,
) -> None:
    """Count a grant and tell the request's owner."""
    scalars[c.SCALAR_EVENTS] += 1
    bank, port = requests[request, c.REQUEST_BANK], requests[request, c.REQUEST_PORT]
    occupied = requests[request, c.REQUEST_FREE] - now
    counts[bank, c.COUNT_BUSY] += occupied
    requests[request, c.REQUEST_BIN] = scalars[c.SCALAR_BIN]
    busy[bank, scalars[c.SCALAR_BIN]] += occupied
    if port == _OUTPUT:
        inflight[pad, pads[pad, c.PAD_INFLIGHT]] = request
        pads[pad, c.PAD_INFLIGHT] += 1
        pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], requests[request, c.REQUEST_DONE])
        if not requests[request, c.REQUEST_COUNTED]:
            requests[request, c.REQUEST_COUNTED] = 1
            counts[bank, c.COUNT_WRITES] += 1
        return
    owner = requests[request, c.REQUEST_OWNER]
    bundles[owner, c.BUNDLE_UNGRANTED] -= 1
    bundles[owner, c.BUNDLE_READY] = max(bundles[owner, c.BUNDLE_READY], requests[request, c.REQUEST_DONE])
    op = requests[request, c.REQUEST_OP]
    counts[bank, c.COUNT_WRITES if op else c.COUNT_READS] += 1
    if port == _DMA:
        counts[bank, c.COUNT_DMA_WRITES if op else c.COUNT_DMA_READS] += 1


@inlined
def _preemptible(pads: Int64Array, banks: Int64Array, servers: Int64Array, pad: int, bank: int, now: int) -> int:
    """The lowest server held by a buffered write that began earlier and is not done, or NONE."""
    first = banks[bank, c.BANK_FIRST_SERVER]
    for server in range(first, first + pads[pad, c.PAD_SERVERS]):
        if (
            servers[server, c.SERVER_FREE_AT] > now
            and servers[server, c.SERVER_PORT] == _OUTPUT
            and servers[server, c.SERVER_GRANTED] < now < servers[server, c.SERVER_DONE]
        ):
            return server
    return c.NONE


@inlined
def _send_back(
    pads: Int64Array,
    banks: Int64Array,
    servers: Int64Array,
    requests: Int64Array,
    counts: Int64Array,
    scalars: Int64Array,
    inflight: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    pad: int,
    bank: int,
    server: int,
    now: int,
) -> None:
    """Preempt the buffered write that holds a server: it returns to the head of its queue."""
    request = servers[server, c.SERVER_REQUEST]
    left = requests[request, c.REQUEST_FREE] - now
    counts[bank, c.COUNT_PREEMPTED] += 1
    counts[bank, c.COUNT_BUSY] -= left
    busy[bank, requests[request, c.REQUEST_BIN]] -= left
    if pads[pad, c.PAD_PREEMPTION] == RESUME:
        requests[request, c.REQUEST_LEFT_FREE] = left
        requests[request, c.REQUEST_LEFT_DONE] = requests[request, c.REQUEST_DONE] - now
    requests[request, c.REQUEST_GRANTED] = c.NONE
    requests[request, c.REQUEST_NEXT] = banks[bank, c.BANK_BUFFERED_HEAD]
    if banks[bank, c.BANK_BUFFERED_HEAD] == c.NONE:
        banks[bank, c.BANK_BUFFERED_TAIL] = request
    banks[bank, c.BANK_BUFFERED_HEAD] = request
    banks[bank, c.BANK_WAITING] += 1
    servers[server, c.SERVER_FREE_AT] = now
    count = pads[pad, c.PAD_INFLIGHT]
    pads[pad, c.PAD_INFLIGHT_MIN] = c.FAR
    kept = 0
    for i in range(count):
        other = inflight[pad, i]
        if other != request:
            inflight[pad, kept] = other
            pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], requests[other, c.REQUEST_DONE])
            kept += 1
    pads[pad, c.PAD_INFLIGHT] = kept


@inlined
def watermarks(pads: Int64Array, pad: int) -> None:
    """Begin to drain the write buffer at its high watermark, end at its low one. Every cycle: the flag remembers."""
    if pads[pad, c.PAD_DRAINING] and pads[pad, c.PAD_BUFFERED] <= pads[pad, c.PAD_LOW]:
        pads[pad, c.PAD_DRAINING] = 0
    if pads[pad, c.PAD_BUFFERED] >= pads[pad, c.PAD_HIGH]:
        pads[pad, c.PAD_DRAINING] = 1


@inlined
def grant_scratchpad(
    serves: Any,
    pads: Int64Array,
    banks: Int64Array,
    servers: Int64Array,
    groups: Int64Array,
    requests: Int64Array,
    bundles: Int64Array,
    counts: Int64Array,
    scalars: Int64Array,
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
    for i in range(pads[pad, c.PAD_LISTED]):
        bank = listed[pad, i]
        first = banks[bank, c.BANK_FIRST_SERVER]
        for server in range(first, first + pads[pad, c.PAD_SERVERS]):
            if servers[server, c.SERVER_FREE_AT] > now:
                continue
            request = _candidate(banks, pads, requests, bank, pad)
            if request == c.NONE:
                break
            _take(banks, requests, bank, request)
            _serve(serves, banks, servers, groups, requests, scalars, params, shared, states, bank, server, request, now)
            _granted(pads, requests, bundles, counts, scalars, inflight, conflict, busy, pad, request, now)
        if pads[pad, c.PAD_PREEMPTION] and not pads[pad, c.PAD_DRAINING]:
            while banks[bank, c.BANK_DIRECT_HEAD] != c.NONE:
                server = _preemptible(pads, banks, servers, pad, bank, now)
                if server == c.NONE:
                    break
                _send_back(pads, banks, servers, requests, counts, scalars, inflight, conflict, busy, pad, bank, server, now)
                request = _best_direct(banks, requests, bank, pads[pad, c.PAD_ARBITER])
                _take(banks, requests, bank, request)
                _serve(serves, banks, servers, groups, requests, scalars, params, shared, states, bank, server, request, now)
                _granted(pads, requests, bundles, counts, scalars, inflight, conflict, busy, pad, request, now)
        if banks[bank, c.BANK_WAITING] > 0:
            counts[bank, c.COUNT_CONFLICT] += 1
            conflict[bank, scalars[c.SCALAR_BIN]] += 1
            listed[pad, kept] = bank
            kept += 1
        else:
            banks[bank, c.BANK_LISTED] = 0
    pads[pad, c.PAD_LISTED] = kept


@inlined
def retire_writes(
    pads: Int64Array,
    requests: Int64Array,
    slots: Int64Array,
    scalars: Int64Array,
    inflight: Int64Array,
    free_writes: Int64Array,
    pad: int,
    now: int,
) -> None:
    """One RETIRE phase of a scratchpad: buffered writes that are done leave the write buffer."""
    kept = 0
    least = c.FAR
    for i in range(pads[pad, c.PAD_INFLIGHT]):
        request = inflight[pad, i]
        done = requests[request, c.REQUEST_DONE]
        if done > now:
            inflight[pad, kept] = request
            kept += 1
            least = min(least, done)
            continue
        older, newer = requests[request, c.REQUEST_OLDER], requests[request, c.REQUEST_NEWER]
        if older == c.NONE:
            pads[pad, c.PAD_BUFFER_HEAD] = newer
        else:
            requests[older, c.REQUEST_NEWER] = newer
        if newer == c.NONE:
            pads[pad, c.PAD_BUFFER_TAIL] = older
        else:
            requests[newer, c.REQUEST_OLDER] = older
        pads[pad, c.PAD_BUFFERED] -= 1
        if requests[request, c.REQUEST_SLOT] >= 0:
            slots[requests[request, c.REQUEST_SLOT], c.SLOT_WRITES] -= 1
        free_writes[scalars[c.SCALAR_FREE_WRITES]] = request
        scalars[c.SCALAR_FREE_WRITES] += 1
        scalars[c.SCALAR_EVENTS] += 1
    pads[pad, c.PAD_INFLIGHT] = kept
    pads[pad, c.PAD_INFLIGHT_MIN] = least


@inlined
def post_write(
    pads: Int64Array,
    requests: Int64Array,
    slots: Int64Array,
    scalars: Int64Array,
    free_writes: Int64Array,
    pad: int,
    bank: int,
    row: int,
    slot: int,
) -> int:
    """Enter one line into the write buffer (ADVANCE); returns its request, which reaches its bank in the next cycle."""
    scalars[c.SCALAR_FREE_WRITES] -= 1
    request = free_writes[scalars[c.SCALAR_FREE_WRITES]]
    (
        requests[request, c.REQUEST_PORT],
        requests[request, c.REQUEST_BANK],
        requests[request, c.REQUEST_ROW],
        requests[request, c.REQUEST_OP],
    ) = _OUTPUT, bank, row, 1
    (
        requests[request, c.REQUEST_SLOT],
        requests[request, c.REQUEST_GRANTED],
        requests[request, c.REQUEST_LEFT_FREE],
        requests[request, c.REQUEST_COUNTED],
    ) = slot, c.NONE, 0, 0
    requests[request, c.REQUEST_OLDER], requests[request, c.REQUEST_NEWER] = pads[pad, c.PAD_BUFFER_TAIL], c.NONE
    if pads[pad, c.PAD_BUFFER_TAIL] == c.NONE:
        pads[pad, c.PAD_BUFFER_HEAD] = request
    else:
        requests[pads[pad, c.PAD_BUFFER_TAIL], c.REQUEST_NEWER] = request
    pads[pad, c.PAD_BUFFER_TAIL] = request
    pads[pad, c.PAD_BUFFERED] += 1
    if slot >= 0:
        slots[slot, c.SLOT_WRITES] += 1
    return request


@inlined
def is_buffered(pads: Int64Array, requests: Int64Array, pad: int, bank: int, row: int) -> bool:
    """True if the line is in the write buffer."""
    entry = pads[pad, c.PAD_BUFFER_HEAD]
    while entry != c.NONE:
        if requests[entry, c.REQUEST_BANK] == bank and requests[entry, c.REQUEST_ROW] == row:
            return True
        entry = requests[entry, c.REQUEST_NEWER]
    return False
