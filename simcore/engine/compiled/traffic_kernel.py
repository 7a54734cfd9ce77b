"""The compiled engine's loop for open-loop traffic: one scratchpad, the same arbiter and banks as under an array."""

from __future__ import annotations

from typing import Any

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue, grant_scratchpad, is_buffered, post_write, retire_writes, watermarks
from simcore.engine.compiled.dma import fill_request
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array, Port

_PSUM, _OUTPUT = int(Port.PSUM), int(Port.OUTPUT)


@inlined
def _offer(
    pads: Int64Array,
    banks: Int64Array,
    scalars: Int64Array,
    requests: Int64Array,
    slots: Int64Array,
    counts: Int64Array,
    listed: Int64Array,
    free_rows: Int64Array,
    numbers: Int64Array,
    port: Int64Array,
    bank: Int64Array,
    row: Int64Array,
    op: Int64Array,
    granted: Int64Array,
    done: Int64Array,
    first: int,
    last: int,
    now: int,
) -> None:
    """ISSUE: requests first..last-1 arrive. Writes enter the write buffer before psum reads look there."""
    for number in range(first, last):
        if port[number] == _OUTPUT:
            request = post_write(pads, requests, slots, scalars, free_rows, 0, bank[number], row[number], c.NONE)
            requests[request, c.REQUEST_ARRIVE] = now
            numbers[request] = number
            enqueue(banks, pads, requests, listed, request, 1)
    for number in range(first, last):
        if port[number] == _OUTPUT:
            continue
        if port[number] == _PSUM and pads[0, c.PAD_BUFFERED] > 0 and is_buffered(pads, requests, 0, bank[number], row[number]):
            granted[number], done[number] = now, now + 1
            counts[bank[number], c.COUNT_FORWARDED] += 1
            continue
        scalars[c.SCALAR_FREE_WRITES] -= 1
        request = free_rows[scalars[c.SCALAR_FREE_WRITES]]
        # All belong to one bundle, for which nobody waits.
        fill_request(requests, request, port[number], bank[number], row[number], op[number], 0, now)
        numbers[request] = number
        enqueue(banks, pads, requests, listed, request, 0)


@inlined
def _note_grants(
    pads: Int64Array,
    banks: Int64Array,
    servers: Int64Array,
    scalars: Int64Array,
    requests: Int64Array,
    free_rows: Int64Array,
    numbers: Int64Array,
    asked: Int64Array,
    waiting: int,
    granted: Int64Array,
    done: Int64Array,
    now: int,
) -> None:
    """Note what the banks that had requests waiting granted in this cycle; a direct request's row is free again."""
    for i in range(waiting):
        first = banks[asked[i], c.BANK_FIRST_SERVER]
        for server in range(first, first + pads[0, c.PAD_SERVERS]):
            if servers[server, c.SERVER_FREE_AT] > now and servers[server, c.SERVER_GRANTED] == now:
                request = servers[server, c.SERVER_REQUEST]
                number = numbers[request]
                if granted[number] == c.NONE:
                    granted[number] = now
                done[number] = requests[request, c.REQUEST_DONE]
                if requests[request, c.REQUEST_PORT] != _OUTPUT:
                    free_rows[scalars[c.SCALAR_FREE_WRITES]] = request
                    scalars[c.SCALAR_FREE_WRITES] += 1


@inlined
def _next_event(pads: Int64Array, banks: Int64Array, servers: Int64Array, listed: Int64Array, arrival: int, now: int) -> int:
    """The earliest cycle after ``now`` in which a request arrives, a write leaves the buffer or a bank with waiters is free."""
    soonest = arrival
    if pads[0, c.PAD_INFLIGHT]:
        soonest = min(soonest, pads[0, c.PAD_INFLIGHT_MIN])
    for i in range(pads[0, c.PAD_LISTED]):
        first = banks[listed[0, i], c.BANK_FIRST_SERVER]
        for server in range(first, first + pads[0, c.PAD_SERVERS]):
            if servers[server, c.SERVER_FREE_AT] > now:
                soonest = min(soonest, servers[server, c.SERVER_FREE_AT])
    return max(soonest, now + 1)


def serve_traffic(
    serves: Any,
    pads: Int64Array,
    banks: Int64Array,
    servers: Int64Array,
    groups: Int64Array,
    params: Int64Array,
    shared: Int64Array,
    states: Int64Array,
    scalars: Int64Array,
    requests: Int64Array,
    bundles: Int64Array,
    slots: Int64Array,
    counts: Int64Array,
    listed: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    inflight: Int64Array,
    free_rows: Int64Array,
    numbers: Int64Array,
    asked: Int64Array,
    arrive: Int64Array,
    port: Int64Array,
    bank: Int64Array,
    row: Int64Array,
    op: Int64Array,
    granted: Int64Array,
    done: Int64Array,
    offered: int,
    until: int,
) -> int:
    """Serve requests in order of (arrive, port) from number ``offered`` on until all are granted or cycle ``until``: NONE.

    Where the arrivals of a cycle find too few free rows, returns the number of the first of them, to be called again with more.
    """
    now = scalars[c.SCALAR_NOW]
    while now < until:
        # RETIRE
        if pads[0, c.PAD_INFLIGHT] and pads[0, c.PAD_INFLIGHT_MIN] <= now:
            retire_writes(pads, requests, slots, scalars, inflight, free_rows, 0, now)
        # ISSUE
        last = offered
        while last < len(arrive) and arrive[last] == now:
            last += 1
        if last - offered > scalars[c.SCALAR_FREE_WRITES]:
            scalars[c.SCALAR_NOW] = now
            return offered
        _offer(
            pads,
            banks,
            scalars,
            requests,
            slots,
            counts,
            listed,
            free_rows,
            numbers,
            port,
            bank,
            row,
            op,
            granted,
            done,
            offered,
            last,
            now,
        )
        offered = last
        # GRANT
        if pads[0, c.PAD_HIGH]:
            watermarks(pads, 0)
        waiting = pads[0, c.PAD_LISTED]
        if waiting:
            for i in range(waiting):
                asked[i] = listed[0, i]
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
                0,
                now,
            )
            _note_grants(pads, banks, servers, scalars, requests, free_rows, numbers, asked, waiting, granted, done, now)
        waiting = pads[0, c.PAD_LISTED]
        if waiting == 0 and offered == len(arrive):
            break
        # Over the cycles in which nothing can change: a bank with waiters has no port free, and nothing it may preempt.
        soonest = min(_next_event(pads, banks, servers, listed, arrive[offered] if offered < len(arrive) else c.FAR, now), until)
        for i in range(waiting):
            counts[listed[0, i], c.COUNT_CONFLICT] += soonest - now - 1
        now = soonest
    return c.NONE
