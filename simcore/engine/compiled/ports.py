"""The array's read ports in the compiled engine: the offer of elements in order, and the reason for a missing element."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue, grant_at_once
from simcore.engine.compiled.cursor import locate, move_on
from simcore.engine.compiled.dma import fill_request, place
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import element_lines
from simcore.engine.compiled.note import note_forwarding
from simcore.engine.compiled.stalls import holder_of
from simcore.engine.compiled.tables import Tables
from simcore.engine.compiled.write_buffer import is_buffered
from simcore.program.outcome import Cause
from simcore.program.program import Port, Seg
from simcore.timing.bank_timing import READ

_PSUM, _OUTPUT, _DMA = int(Port.PSUM), int(Port.OUTPUT), int(Port.DMA)
_DUE, _DUE_STRIDE, _COUNT = int(Seg.DUE), int(Seg.DUE_STRIDE), int(Seg.COUNT)
_AFTER_WRITE = int(Seg.AFTER_WRITE)
_READ_LATENCY, _READ_CONFLICT = int(Cause.READ_LATENCY), int(Cause.READ_CONFLICT)
_WRITE_CONFLICT, _DMA_COLLISION = int(Cause.WRITE_CONFLICT), int(Cause.DMA_COLLISION)


@inlined
def next_element(tables: Tables, port: int) -> None:
    """Move a port's cursor to its next element and note when that element is due."""
    ports, segments = tables.ports, tables.segments
    segment, number = ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER] + 1
    if number < segments[segment, _COUNT]:
        ports[port, c.PORT_NUMBER] = number
        ports[port, c.PORT_NEXT_DUE] += segments[segment, _DUE_STRIDE]
        move_on(tables, port)
        return
    ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER] = segment + 1, 0
    ports[port, c.PORT_NEXT_DUE] = c.FAR
    if segment + 1 < ports[port, c.PORT_LAST_SEGMENT]:
        ports[port, c.PORT_NEXT_DUE] = segments[segment + 1, _DUE]
        locate(tables, port)


@inlined
def offer_element(tables: Tables, port: int, now: int) -> None:
    """ISSUE of one read port: offer the next element if its tiles are resident (and, for psum, if it has been written)."""
    scalars, ports, bundles, pads = tables.scalars, tables.ports, tables.bundles, tables.pads
    counts, port_counts, segments = tables.counts, tables.port_counts, tables.segments
    resident, lines = tables.resident, tables.lines
    blocked = ports[port, c.PORT_BLOCKED_TILE]
    if blocked != c.NONE and resident[blocked] < 0:
        return
    if port == _PSUM:
        after = segments[ports[port, c.PORT_SEGMENT], _AFTER_WRITE]
        if after >= 0 and ports[_OUTPUT, c.PORT_CONSUMED] < after + ports[port, c.PORT_NUMBER] + 1:
            return
    pad = ports[port, c.PORT_PAD]
    found, words = element_lines(tables, port)
    if found == c.NONE:
        ports[port, c.PORT_BLOCKED_TILE] = words
        return
    ports[port, c.PORT_BLOCKED_TILE] = c.NONE
    window = scalars[c.SCALAR_WINDOW]
    position = ports[port, c.PORT_HEAD] + ports[port, c.PORT_IN_WINDOW]
    if position >= window:
        position -= window
    element = port * window + position
    if ports[port, c.PORT_IN_WINDOW] == 0:
        ports[port, c.PORT_HEAD_DUE] = ports[port, c.PORT_NEXT_DUE]
    ports[port, c.PORT_IN_WINDOW] += 1
    (
        bundles[element, c.BUNDLE_DUE],
        bundles[element, c.BUNDLE_UNGRANTED],
        bundles[element, c.BUNDLE_READY],
        bundles[element, c.BUNDLE_REQUESTS],
        bundles[element, c.BUNDLE_PAD],
    ) = ports[port, c.PORT_NEXT_DUE], found, now, found, pad
    for i in range(found):
        bank, bank_row = place(tables, pad, lines[i])
        # A line that is granted here has no request of its own. The request row in its place still says granted, as for its last
        # use.
        if port == _PSUM and pads[pad, c.PAD_BUFFERED] > 0 and is_buffered(tables, pad, bank, bank_row):
            bundles[element, c.BUNDLE_UNGRANTED] -= 1
            bundles[element, c.BUNDLE_READY] = max(bundles[element, c.BUNDLE_READY], now + 1)
            counts[bank, c.COUNT_FORWARDED] += 1
            note_forwarding(tables, bank, port, bank_row, READ, now)
        elif not grant_at_once(tables, pad, bank, port, READ, element, now):
            request = bundles[element, c.BUNDLE_FIRST] + i
            fill_request(tables, request, port, bank, bank_row, READ, element, now)
            enqueue(tables, request, 0)
    port_counts[port, c.PORT_COUNT_WORDS] += words
    port_counts[port, c.PORT_COUNT_LINES] += found
    scalars[c.SCALAR_EVENTS] += 1
    next_element(tables, port)


@inlined
def read_stall(tables: Tables, port: int, now: int) -> tuple[int, int]:
    """Return (cause, bank or NONE) of a stall for an element that was offered and has not arrived."""
    scalars, ports, bundles, requests = tables.scalars, tables.ports, tables.bundles, tables.requests
    element = port * scalars[c.SCALAR_WINDOW] + ports[port, c.PORT_HEAD]
    if bundles[element, c.BUNDLE_UNGRANTED] == 0:
        return _READ_LATENCY, c.NONE
    request = bundles[element, c.BUNDLE_FIRST]
    while requests[request, c.REQUEST_GRANTED] != c.NONE:
        request += 1
    bank = requests[request, c.REQUEST_BANK]
    holder = holder_of(tables, bank, now)
    if holder == _DMA:
        return _DMA_COLLISION, bank
    return _WRITE_CONFLICT if holder == _OUTPUT else _READ_CONFLICT, bank
