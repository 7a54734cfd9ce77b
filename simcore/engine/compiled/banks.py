"""Arbiter and banks of the compiled engine: queues, the choice of the next request, grants, preemption, the write buffer."""

from __future__ import annotations

from typing import Any

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined, written_in
from simcore.engine.compiled.note import note_grant, note_preemption
from simcore.engine.compiled.tables import Tables
from simcore.machine.machine import FCFS, PORT_PRIORITY, RESUME
from simcore.program.program import Port
from simcore.timing.addresses import call_serve, int64_view
from simcore.timing.bank_timing import WRITE

_OUTPUT, _DMA, _PORTS = int(Port.OUTPUT), int(Port.DMA), len(Port)


@written_in
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


@written_in
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
def offer_writes(tables: Tables, now: int) -> None:
    """Send the lines that entered the write buffer in the last cycle to their banks."""
    scalars, requests, posted = tables.scalars, tables.requests, tables.posted
    pad = scalars[c.SCALAR_POSTED_PAD]
    for i in range(scalars[c.SCALAR_POSTED]):
        request = posted[i]
        requests[request, c.REQUEST_ARRIVE] = now
        if not grant_at_once(tables, pad, requests[request, c.REQUEST_BANK], _OUTPUT, WRITE, request, now):
            enqueue(tables, request, 1)
    scalars[c.SCALAR_POSTED] = 0
    scalars[c.SCALAR_EVENTS] += 1


@written_in
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


@written_in
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


@written_in
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


@written_in
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


@written_in
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


@written_in
def _preemptible(tables: Tables, pad: int, bank: int, now: int) -> int:
    """Return the lowest server held by a buffered write that began earlier and is not done, or NONE."""
    banks, pads, servers = tables.banks, tables.pads, tables.servers
    first = banks[bank, c.BANK_FIRST_SERVER]
    for server in range(first, first + pads[pad, c.PAD_SERVERS]):
        if (
            servers[server, c.SERVER_FREE_AT] > now
            and servers[server, c.SERVER_PORT] == _OUTPUT
            and servers[server, c.SERVER_GRANTED] < now < servers[server, c.SERVER_DONE]
        ):
            return server
    return c.NONE


@written_in
def _send_back(tables: Tables, pad: int, bank: int, server: int, now: int) -> None:
    """Preempt the buffered write that holds a server. The write returns to the head of its queue."""
    requests, banks, pads, servers = tables.requests, tables.banks, tables.pads, tables.servers
    counts, inflight, busy = tables.counts, tables.inflight, tables.busy
    request = servers[server, c.SERVER_REQUEST]
    left = requests[request, c.REQUEST_FREE] - now
    note_preemption(tables, server, request, now)
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


@written_in
def watermarks(tables: Tables, pad: int) -> None:
    """Begin to drain the write buffer at its high watermark, end at its low one.

    Call this every cycle, because a flag keeps the state.
    """
    pads = tables.pads
    if pads[pad, c.PAD_DRAINING] and pads[pad, c.PAD_BUFFERED] <= pads[pad, c.PAD_LOW]:
        pads[pad, c.PAD_DRAINING] = 0
    if pads[pad, c.PAD_BUFFERED] >= pads[pad, c.PAD_HIGH]:
        pads[pad, c.PAD_DRAINING] = 1


@written_in
def _next_grant(tables: Tables, pad: int, bank: int, now: int) -> tuple[int, int]:
    """Return (server, request) of a bank's next grant, or NONE, NONE. This may preempt a write for the request."""
    pads = tables.pads
    server = _free_server(tables, pad, bank, now)
    if server != c.NONE:
        return server, _candidate(tables, bank, pad)
    if pads[pad, c.PAD_PREEMPTION] and not pads[pad, c.PAD_DRAINING] and tables.banks[bank, c.BANK_DIRECT_HEAD] != c.NONE:
        server = _preemptible(tables, pad, bank, now)
        if server != c.NONE:
            _send_back(tables, pad, bank, server, now)
            return server, _best_direct(tables, bank, pads[pad, c.PAD_ARBITER])
    return c.NONE, c.NONE


@written_in
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


@written_in
def retire_writes(tables: Tables, pad: int, now: int) -> None:
    """Run one RETIRE phase of a scratchpad. Buffered writes that are done leave the write buffer."""
    scalars, requests, pads, slots = tables.scalars, tables.requests, tables.pads, tables.slots
    inflight, free_writes = tables.inflight, tables.free_writes
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


@written_in
def post_write(tables: Tables, pad: int, bank: int, row: int, slot: int) -> int:
    """Enter one line into the write buffer (ADVANCE). Return its request, which reaches its bank in the next cycle."""
    scalars, requests, pads, slots = tables.scalars, tables.requests, tables.pads, tables.slots
    free_writes = tables.free_writes
    scalars[c.SCALAR_FREE_WRITES] -= 1
    request = free_writes[scalars[c.SCALAR_FREE_WRITES]]
    (
        requests[request, c.REQUEST_PORT],
        requests[request, c.REQUEST_BANK],
        requests[request, c.REQUEST_ROW],
        requests[request, c.REQUEST_OP],
    ) = _OUTPUT, bank, row, WRITE
    requests[request, c.REQUEST_OWNER] = request
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


@written_in
def is_buffered(tables: Tables, pad: int, bank: int, row: int) -> bool:
    """Return whether the line is in the write buffer."""
    requests, pads = tables.requests, tables.pads
    entry = pads[pad, c.PAD_BUFFER_HEAD]
    while entry != c.NONE:
        if requests[entry, c.REQUEST_BANK] == bank and requests[entry, c.REQUEST_ROW] == row:
            return True
        entry = requests[entry, c.REQUEST_NEWER]
    return False
