"""The requests that wait at banks, as words of a block's state: written down, and put back into the banks' queues."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue
from simcore.engine.compiled.dma import fill_request
from simcore.engine.compiled.jit import called
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.replay.frames import bank_in
from simcore.engine.compiled.tables import Tables
from simcore.machine.machine import FCFS


@called
def waiting_words(tables: Tables, replay: r.Replay, now: int) -> None:
    """Write the requests that wait at banks, queue by queue."""
    requests, banks, pads, bundles, found = tables.requests, tables.banks, tables.pads, tables.bundles, replay.found
    window, names, bursts, at = tables.scalars[c.SCALAR_WINDOW], replay.names, tables.bursts.shape[0], replay.memo[r.AT] + 1
    for pad in range(pads.shape[0]):
        # Only first come, first served among direct and buffered requests asks when a request came.
        asked = pads[pad, c.PAD_ARBITER] == FCFS and not pads[pad, c.PAD_READ_PRIORITY]
        first, listed, begin = bank_in(tables, replay.memo[r.FRAMES], pads[pad, c.PAD_FIRST_BANK]), pads[pad, c.PAD_LISTED], 0
        while begin < listed and tables.listed[pad, begin] < first:
            begin += 1
        for i in range(2 * listed):
            bank, buffered = tables.listed[pad, (begin + (i >> 1)) % listed], i & 1
            request = banks[bank, c.BANK_BUFFERED_HEAD if buffered else c.BANK_DIRECT_HEAD]
            while request != c.NONE:
                owner = requests[request, c.REQUEST_OWNER]
                if buffered:
                    name = names[bursts + request] << 32
                else:
                    name = request - bundles[owner, c.BUNDLE_FIRST]
                    if owner >= c.READ_PORTS * window:
                        owner = c.READ_PORTS * window + names[owner - c.READ_PORTS * window]
                    else:
                        owner += (owner - tables.ports[owner // window, c.PORT_HEAD]) % window - owner % window
                    name |= owner << 32
                number = (bank - first) % pads[pad, c.PAD_BANKS] + pads[pad, c.PAD_FIRST_BANK]
                found[at], found[at + 1] = number << 1 | buffered, name
                found[at + 2] = requests[request, c.REQUEST_OP] << 4 | requests[request, c.REQUEST_PORT]
                found[at + 2] |= (now - requests[request, c.REQUEST_ARRIVE]) << 8 if asked else 0
                at += 3
                request = requests[request, c.REQUEST_NEXT]
    found[replay.memo[r.AT]] = at
    replay.memo[r.AT] = at


@called
def enter_waiting(tables: Tables, replay: r.Replay, now: int) -> None:
    """Put the requests of `waiting_words` into the queues of their banks."""
    found, begin, first = replay.found, replay.memo[r.AT], tables.requests.shape[0] - tables.free_writes.shape[0]
    for at in range(begin + 1, found[begin], 3):
        owner, kind, came = found[at + 1] >> 32, found[at + 2], now - (found[at + 2] >> 8)
        if found[at] & 1:
            tables.requests[first + owner, c.REQUEST_ARRIVE] = came
            enqueue(tables, first + owner, 1)
        else:
            request = tables.bundles[owner, c.BUNDLE_FIRST] + (found[at + 1] & 0xFFFFFFFF)
            bank = bank_in(tables, replay.memo[r.FRAMES], found[at] >> 1)
            fill_request(tables, request, kind & 15, bank, 0, kind >> 4 & 15, owner, came)
            enqueue(tables, request, 0)
    replay.memo[r.AT] = found[begin]
