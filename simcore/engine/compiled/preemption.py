"""Preemption of the compiled engine: buffered writes that give their bank to a direct request."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.note import note_preemption
from simcore.engine.compiled.tables import Tables
from simcore.machine.machine import RESUME
from simcore.program.program import Port

_OUTPUT = int(Port.OUTPUT)


@inlined
def preemptible(tables: Tables, pad: int, bank: int, now: int) -> int:
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


@inlined
def send_back(tables: Tables, pad: int, bank: int, server: int, now: int) -> None:
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
