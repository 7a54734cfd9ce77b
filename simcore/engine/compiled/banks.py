"""Arbiter and banks of the compiled engine: queues, the choice of the next request, and grants."""

from __future__ import annotations

from typing import Any

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.note import note_grant
from simcore.engine.compiled.preemption import preemptible, send_back
from simcore.engine.compiled.tables import Tables
from simcore.machine.machine import FCFS, PORT_PRIORITY
from simcore.program.program import Port
from simcore.timing.addresses import call_serve, int64_view

_OUTPUT, _DMA, _PORTS = int(Port.OUTPUT), int(Port.DMA), len(Port)


@inlined
def enqueue(tables: Tables, request: int, buffered: int) -> None:
    """Put a request at the end of its bank's direct or buffered queue, and list the bank as busy in its scratchpad."""
    requests, banks = tables.requests, tables.banks
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
        _list_bank(tables, bank)


@inlined
def grant(tables: Tables, server: int, port: int, op: int, owner: int, free_at: int, done_at: int, now: int) -> None:
    """Give a server to a request: hold the server, count, and inform the ``owner``, a bundle, or an entry of the write buffer."""
    requests, bundles, pads, servers = tables.requests, tables.bundles, tables.pads, tables.servers
    counts, busy, inflight = tables.counts, tables.busy, tables.inflight
    bank, bin_number = servers[server, c.SERVER_BANK], tables.scalars[c.SCALAR_BIN]
    servers[server, c.SERVER_FREE_AT], servers[server, c.SERVER_PORT] = free_at, port
    servers[server, c.SERVER_GRANTED], servers[server, c.SERVER_DONE] = now, done_at
    counts[bank, c.COUNT_BUSY] += free_at - now
    busy[bank, bin_number] += free_at - now
    if port != _OUTPUT:
        counts[bank, c.COUNT_READS + op] += 1
        if port == _DMA:
            counts[bank, c.COUNT_DMA_READS + op] += 1
        bundles[owner, c.BUNDLE_UNGRANTED] -= 1
        bundles[owner, c.BUNDLE_READY] = max(bundles[owner, c.BUNDLE_READY], done_at)
        return
    servers[server, c.SERVER_REQUEST] = owner
    requests[owner, c.REQUEST_GRANTED], requests[owner, c.REQUEST_BIN] = now, bin_number
    requests[owner, c.REQUEST_FREE], requests[owner, c.REQUEST_DONE] = free_at, done_at
    if not requests[owner, c.REQUEST_COUNTED]:
        requests[owner, c.REQUEST_COUNTED] = 1
        counts[bank, c.COUNT_WRITES] += 1
    pad = tables.banks[bank, c.BANK_PAD]
    inflight[pad, pads[pad, c.PAD_INFLIGHT]] = owner
    pads[pad, c.PAD_INFLIGHT] += 1
    pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], done_at)


@inlined
def _free_server(tables: Tables, pad: int, bank: int, now: int) -> int:
    """Return the lowest free server of a scratchpad's bank, or NONE."""
    servers, first = tables.servers, tables.banks[bank, c.BANK_FIRST_SERVER]
    for server in range(first, first + tables.pads[pad, c.PAD_SERVERS]):
        if servers[server, c.SERVER_FREE_AT] <= now:
            return server
    return c.NONE


@inlined
def grant_at_once(tables: Tables, pad: int, bank: int, port: int, op: int, owner: int, now: int) -> bool:
    """Grant a request in its cycle of arrival if its bank is idle and nothing can go first. Return False if it must queue.

    ``pad`` is the bank's scratchpad.
    """
    banks = tables.banks
    if not tables.pads[pad, c.PAD_AT_ONCE] or banks[bank, c.BANK_WAITING]:
        return False
    server = _free_server(tables, pad, bank, now)
    if server == c.NONE:
        return False
    free_at, done_at = now + banks[bank, c.BANK_READ_HELD + op], now + banks[bank, c.BANK_READ_DONE + op]
    grant(tables, server, port, op, owner, free_at, done_at, now)
    return True


@inlined
def _list_bank(tables: Tables, bank: int) -> None:
    """Insert a bank into the sorted list of banks with waiting requests."""
    banks, pads, listed = tables.banks, tables.pads, tables.listed
    pad = banks[bank, c.BANK_PAD]
    i = pads[pad, c.PAD_LISTED]
    while i > 0 and listed[pad, i - 1] > bank:
        listed[pad, i] = listed[pad, i - 1]
        i -= 1
    listed[pad, i] = bank
    pads[pad, c.PAD_LISTED] += 1
    banks[bank, c.BANK_LISTED] = 1


@inlined
def _best_direct(tables: Tables, bank: int, arbiter: int) -> int:
    """Return the direct request that goes first by the arbiter's policy. The queue is in order of (arrive, port, index)."""
    requests, banks = tables.requests, tables.banks
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
def _candidate(tables: Tables, bank: int, pad: int) -> int:
    """Return the request that the arbiter's rules choose next at a bank, or NONE."""
    requests, banks, pads = tables.requests, tables.banks, tables.pads
    buffered = banks[bank, c.BANK_BUFFERED_HEAD]
    if buffered == c.NONE:
        return _best_direct(tables, bank, pads[pad, c.PAD_ARBITER])
    if pads[pad, c.PAD_DRAINING] or banks[bank, c.BANK_DIRECT_HEAD] == c.NONE:
        return buffered
    direct = _best_direct(tables, bank, pads[pad, c.PAD_ARBITER])
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
def _take(tables: Tables, bank: int, request: int) -> None:
    """Remove a request from its queue."""
    requests, banks = tables.requests, tables.banks
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
def _serve(serves: Any, tables: Tables, server: int, request: int, now: int) -> tuple[int, int]:
    """Return (free at, done at), from the timing model, of a request that a server begins now."""
    requests, banks, servers, groups = tables.requests, tables.banks, tables.servers, tables.groups
    bank, op = servers[server, c.SERVER_BANK], requests[request, c.REQUEST_OP]
    if requests[request, c.REQUEST_LEFT_FREE] > 0:
        free_at, done_at = now + requests[request, c.REQUEST_LEFT_FREE], now + requests[request, c.REQUEST_LEFT_DONE]
        requests[request, c.REQUEST_LEFT_FREE] = 0
    elif banks[bank, c.BANK_READ_HELD]:
        free_at, done_at = now + banks[bank, c.BANK_READ_HELD + op], now + banks[bank, c.BANK_READ_DONE + op]
    else:
        group = banks[bank, c.BANK_GROUP]
        free_at, done_at = call_serve(
            serves[banks[bank, c.BANK_FUNCTION]],
            int64_view(tables.params, groups[group, c.GROUP_PARAMS_AT], groups[group, c.GROUP_PARAMS_SIZE]),
            int64_view(tables.states, servers[server, c.SERVER_STATE_AT], servers[server, c.SERVER_STATE_SIZE]),
            int64_view(tables.shared, groups[group, c.GROUP_SHARED_AT], groups[group, c.GROUP_SHARED_SIZE]),
            now,
            op,
            requests[request, c.REQUEST_ROW],
        )
    if free_at <= now or done_at < now:
        tables.scalars[c.SCALAR_BROKEN_BANK] = bank + 1
    return max(free_at, now + 1), max(done_at, now)


@inlined
def _next_grant(tables: Tables, pad: int, bank: int, now: int) -> tuple[int, int]:
    """Return (server, request) of a bank's next grant, or NONE, NONE. This may preempt a write for the request."""
    pads = tables.pads
    server = _free_server(tables, pad, bank, now)
    if server != c.NONE:
        return server, _candidate(tables, bank, pad)
    if pads[pad, c.PAD_PREEMPTION] and not pads[pad, c.PAD_DRAINING] and tables.banks[bank, c.BANK_DIRECT_HEAD] != c.NONE:
        server = preemptible(tables, pad, bank, now)
        if server != c.NONE:
            send_back(tables, pad, bank, server, now)
            return server, _best_direct(tables, bank, pads[pad, c.PAD_ARBITER])
    return c.NONE, c.NONE


@inlined
def grant_scratchpad(serves: Any, tables: Tables, pad: int, now: int) -> None:
    """Run one GRANT phase of a scratchpad over the banks with waiting requests, in index order."""
    scalars, requests, banks, pads = tables.scalars, tables.requests, tables.banks, tables.pads
    servers, counts, listed, conflict = tables.servers, tables.counts, tables.listed, tables.conflict
    kept = 0
    for i in range(pads[pad, c.PAD_LISTED]):
        bank = listed[pad, i]
        while banks[bank, c.BANK_WAITING]:
            server, request = _next_grant(tables, pad, bank, now)
            if server == c.NONE:
                break
            _take(tables, bank, request)
            port, op, owner = (
                requests[request, c.REQUEST_PORT],
                requests[request, c.REQUEST_OP],
                requests[request, c.REQUEST_OWNER],
            )
            free_at, done_at = _serve(serves, tables, server, request, now)
            grant(tables, server, port, op, owner, free_at, done_at, now)
            note_grant(tables, server, request, now)
            servers[server, c.SERVER_REQUEST], requests[request, c.REQUEST_GRANTED] = request, now
            banks[bank, c.BANK_LAST_PORT] = port
            scalars[c.SCALAR_EVENTS] += 1
        if banks[bank, c.BANK_WAITING]:
            counts[bank, c.COUNT_CONFLICT] += 1
            conflict[bank, scalars[c.SCALAR_BIN]] += 1
            listed[pad, kept] = bank
            kept += 1
        else:
            banks[bank, c.BANK_LISTED] = 0
    pads[pad, c.PAD_LISTED] = kept
