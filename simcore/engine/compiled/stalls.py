"""The counts of stalled cycles by cause, place and waiter, and of the entries that each write buffer holds."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables
from simcore.program.outcome import Cause
from simcore.program.program import Port

_OUTPUT, _DMA, _PORTS = int(Port.OUTPUT), int(Port.DMA), len(Port)
_FIRST_FILL, _DRAM_WAIT = int(Cause.FIRST_FILL), int(Cause.DRAM_WAIT)
_WRITE_BACKPRESSURE, _DRAIN = int(Cause.WRITE_BACKPRESSURE), int(Cause.DRAIN)


@inlined
def holder_of(tables: Tables, bank: int, now: int) -> int:
    """Return the port whose request holds a bank, all of whose servers are busy.

    Where several hold it, the DMA comes first, then buffered writes, then the lowest server.
    """
    banks, servers = tables.banks, tables.servers
    holder = c.NONE
    first = banks[bank, c.BANK_FIRST_SERVER]
    for server in range(first, first + tables.pads[banks[bank, c.BANK_PAD], c.PAD_SERVERS]):
        if servers[server, c.SERVER_FREE_AT] > now:
            port = servers[server, c.SERVER_PORT]
            if port == _DMA:
                return _DMA
            if port == _OUTPUT or holder == c.NONE:
                holder = port
    return holder


@inlined
def count_stall(tables: Tables, cause: int, where: int, bank: int, now: int, cycles: int) -> None:
    """Count ``cycles`` in which the array stalls for ``cause``, waiting for port ``where``, at a bank unless that is NONE."""
    tables.stall_cycles[cause, where] += cycles
    pad = c.NONE
    if bank != c.NONE:
        tables.bank_stall_cycles[bank, cause] += cycles
        pad = tables.banks[bank, c.BANK_PAD]
        _count_wait(tables, pad, where, _holder_of_stall(tables, cause, pad, bank, now), cycles)
    elif where != _DMA:
        pad = _scratchpad_of(tables, cause, where)
        if cause in (_FIRST_FILL, _DRAM_WAIT):
            _count_wait_of_dma(tables, pad, now, cycles)
    if pad != c.NONE:
        tables.scratchpad_stall_cycles[pad, cause] += cycles


@inlined
def _count_wait(tables: Tables, pad: int, waiter: int, holder: int, cycles: int) -> None:
    tables.wait_cycles[pad, waiter * _PORTS + holder] += cycles


@inlined
def _holder_of_stall(tables: Tables, cause: int, pad: int, bank: int, now: int) -> int:
    """Return the port whose request holds the bank of a stall. A full write buffer waits for its oldest entry."""
    if cause == _WRITE_BACKPRESSURE and tables.requests[tables.pads[pad, c.PAD_BUFFER_HEAD], c.REQUEST_GRANTED] != c.NONE:
        return _OUTPUT
    return holder_of(tables, bank, now)


@inlined
def _scratchpad_of(tables: Tables, cause: int, where: int) -> int:
    """Return the scratchpad of the element for which the array waits or, at the end of a layer, of the first buffered write."""
    ports, pads = tables.ports, tables.pads
    if cause == _DRAIN:
        pad = 0
        while not pads[pad, c.PAD_BUFFERED]:
            pad += 1
        return pad
    if where != _OUTPUT and ports[where, c.PORT_IN_WINDOW]:
        return tables.bundles[where * tables.scalars[c.SCALAR_WINDOW] + ports[where, c.PORT_HEAD], c.BUNDLE_PAD]
    return ports[where, c.PORT_PAD]


@inlined
def _count_wait_of_dma(tables: Tables, pad: int, now: int, cycles: int) -> None:
    """Count that a line of the DMA waits at a bank of a scratchpad: at the first such bank, if there is one."""
    banks, requests = tables.banks, tables.requests
    for i in range(tables.pads[pad, c.PAD_LISTED]):
        bank = tables.listed[pad, i]
        request = banks[bank, c.BANK_DIRECT_HEAD]
        while request != c.NONE:
            if requests[request, c.REQUEST_PORT] == _DMA:
                _count_wait(tables, pad, _DMA, holder_of(tables, bank, now), cycles)
                return
            request = requests[request, c.REQUEST_NEXT]


@inlined
def count_buffered(tables: Tables, pad: int, until: int) -> None:
    """Count the entries of a write buffer since the last count, up to cycle ``until``. Call this before they change."""
    pads = tables.pads
    tables.buffer_cycles[pad, pads[pad, c.PAD_BUFFERED]] += until - pads[pad, c.PAD_COUNTED]
    pads[pad, c.PAD_COUNTED] = until
