"""The write buffers of the compiled engine: lines enter, go to their banks, and leave when they are written."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue, grant_at_once
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables
from simcore.program.program import Port
from simcore.timing.bank_timing import WRITE

_OUTPUT = int(Port.OUTPUT)


@inlined
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


@inlined
def watermarks(tables: Tables, pad: int) -> None:
    """Begin to drain the write buffer at its high watermark, end at its low one.

    Call this every cycle, because a flag keeps the state.
    """
    pads = tables.pads
    if pads[pad, c.PAD_DRAINING] and pads[pad, c.PAD_BUFFERED] <= pads[pad, c.PAD_LOW]:
        pads[pad, c.PAD_DRAINING] = 0
    if pads[pad, c.PAD_BUFFERED] >= pads[pad, c.PAD_HIGH]:
        pads[pad, c.PAD_DRAINING] = 1


@inlined
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


@inlined
def is_buffered(tables: Tables, pad: int, bank: int, row: int) -> bool:
    """Return whether the line is in the write buffer."""
    requests, pads = tables.requests, tables.pads
    entry = pads[pad, c.PAD_BUFFER_HEAD]
    while entry != c.NONE:
        if requests[entry, c.REQUEST_BANK] == bank and requests[entry, c.REQUEST_ROW] == row:
            return True
        entry = requests[entry, c.REQUEST_NEWER]
    return False
