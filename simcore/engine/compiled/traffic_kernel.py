"""The compiled engine's loop for open-loop traffic on one scratchpad, with the same arbiter and banks as under an array."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue, grant_scratchpad
from simcore.engine.compiled.cpu_clock import clock_us
from simcore.engine.compiled.dma import fill_request
from simcore.engine.compiled.jit import entry, inlined
from simcore.engine.compiled.slices import LOOK_EVERY
from simcore.engine.compiled.tables import Tables, Vector, numba_type
from simcore.engine.compiled.write_buffer import is_buffered, post_write, retire_writes, watermarks
from simcore.program.program import Port

_PSUM, _OUTPUT = int(Port.PSUM), int(Port.OUTPUT)
#: The number of the one scratchpad.
_PAD = 0


class Offers(NamedTuple):
    """The traffic in order of (arrive, port), with room for the answers.

    ``numbers`` gives, for each row of the Tables' requests, the number of the request. ``asked`` is room for the banks with
    waiting requests.
    """

    arrive: Vector
    port: Vector
    bank: Vector
    row: Vector
    op: Vector
    granted: Vector
    done: Vector
    numbers: Vector
    asked: Vector


@inlined
def _offer(tables: Tables, offers: Offers, first: int, last: int, now: int) -> None:
    """ISSUE: let requests first..last-1 arrive. Writes enter the write buffer before psum reads look there."""
    scalars, requests, pads = tables.scalars, tables.requests, tables.pads
    for number in range(first, last):
        if offers.port[number] == _OUTPUT:
            request = post_write(tables, _PAD, offers.bank[number], offers.row[number], c.NONE)
            requests[request, c.REQUEST_ARRIVE] = now
            offers.numbers[request] = number
            enqueue(tables, request, 1)
    for number in range(first, last):
        port, bank, row = offers.port[number], offers.bank[number], offers.row[number]
        if port == _OUTPUT:
            continue
        if port == _PSUM and pads[_PAD, c.PAD_BUFFERED] > 0 and is_buffered(tables, _PAD, bank, row):
            offers.granted[number], offers.done[number] = now, now + 1
            tables.counts[bank, c.COUNT_FORWARDED] += 1
            continue
        scalars[c.SCALAR_FREE_WRITES] -= 1
        request = tables.free_writes[scalars[c.SCALAR_FREE_WRITES]]
        # All requests belong to one bundle, for which nobody waits.
        fill_request(tables, request, port, bank, row, offers.op[number], 0, now)
        offers.numbers[request] = number
        enqueue(tables, request, 0)


@inlined
def _grant(serves: Any, tables: Tables, offers: Offers, now: int) -> None:
    """GRANT, and note the grants of the banks that had waiting requests."""
    pads, listed = tables.pads, tables.listed
    if pads[_PAD, c.PAD_HIGH]:
        watermarks(tables, _PAD)
    waiting = pads[_PAD, c.PAD_LISTED]
    if waiting:
        for i in range(waiting):
            offers.asked[i] = listed[_PAD, i]
        grant_scratchpad(serves, tables, _PAD, now)
        _note_grants(tables, offers, waiting, now)


@inlined
def _note_grants(tables: Tables, offers: Offers, waiting: int, now: int) -> None:
    """Note the grants of this cycle at the banks that had waiting requests. The row of a granted direct request is free again."""
    scalars, requests, pads = tables.scalars, tables.requests, tables.pads
    servers, free_writes = tables.servers, tables.free_writes
    for i in range(waiting):
        first = tables.banks[offers.asked[i], c.BANK_FIRST_SERVER]
        for server in range(first, first + pads[_PAD, c.PAD_SERVERS]):
            if servers[server, c.SERVER_FREE_AT] > now and servers[server, c.SERVER_GRANTED] == now:
                request = servers[server, c.SERVER_REQUEST]
                number = offers.numbers[request]
                if offers.granted[number] == c.NONE:
                    offers.granted[number] = now
                offers.done[number] = servers[server, c.SERVER_DONE]
                if requests[request, c.REQUEST_PORT] != _OUTPUT:
                    free_writes[scalars[c.SCALAR_FREE_WRITES]] = request
                    scalars[c.SCALAR_FREE_WRITES] += 1


@inlined
def _next_event(tables: Tables, arrival: int, now: int) -> int:
    """Return the next cycle after ``now`` in which a request arrives, a buffered write is done or a bank with waiters is free."""
    pads, servers, listed = tables.pads, tables.servers, tables.listed
    soonest = arrival
    if pads[_PAD, c.PAD_INFLIGHT]:
        soonest = min(soonest, pads[_PAD, c.PAD_INFLIGHT_MIN])
    for i in range(pads[_PAD, c.PAD_LISTED]):
        first = tables.banks[listed[_PAD, i], c.BANK_FIRST_SERVER]
        for server in range(first, first + pads[_PAD, c.PAD_SERVERS]):
            if servers[server, c.SERVER_FREE_AT] > now:
                soonest = min(soonest, servers[server, c.SERVER_FREE_AT])
    return max(soonest, now + 1)


@entry(int64(int64[::1], numba_type(Tables), numba_type(Offers), int64, int64, int64))
def serve_traffic(serves: Any, tables: Tables, offers: Offers, offered: int, until: int, slice_us: int) -> int:
    """Serve requests from number ``offered`` on until all are granted (SCALAR_NOW is FAR), cycle ``until``, or time is up.

    Return the number of requests offered by then. If the arrivals of a cycle find too few free rows, SCALAR_ROWS_ARE_SHORT is set
    and the first of these arrivals is the next to offer.
    """
    scalars, pads, arrive = tables.scalars, tables.pads, offers.arrive
    now = scalars[c.SCALAR_NOW]
    scalars[c.SCALAR_ROWS_ARE_SHORT] = 0
    began, looks_in = clock_us(), LOOK_EVERY
    while now < until:
        if looks_in == 0:
            looks_in = LOOK_EVERY
            if clock_us() - began >= slice_us:
                break
        looks_in -= 1
        # RETIRE
        if pads[_PAD, c.PAD_INFLIGHT] and pads[_PAD, c.PAD_INFLIGHT_MIN] <= now:
            retire_writes(tables, _PAD, now)
        last = offered
        while last < len(arrive) and arrive[last] == now:
            last += 1
        if last - offered > scalars[c.SCALAR_FREE_WRITES]:
            scalars[c.SCALAR_ROWS_ARE_SHORT] = 1
            break
        _offer(tables, offers, offered, last, now)
        offered = last
        _grant(serves, tables, offers, now)
        waiting = pads[_PAD, c.PAD_LISTED]
        if waiting == 0 and offered == len(arrive):
            now = c.FAR
            break
        # Skip the cycles in which nothing can change, because no bank with waiters has a free port or a write that it may
        # preempt.
        arrival = arrive[offered] if offered < len(arrive) else c.FAR
        soonest = min(_next_event(tables, arrival, now), until)
        for i in range(waiting):
            tables.counts[tables.listed[_PAD, i], c.COUNT_CONFLICT] += soonest - now - 1
        now = soonest
    scalars[c.SCALAR_NOW] = now
    return offered
