"""The kernel's notes of accesses for a trace, in tables that Python empties between two calls of the kernel."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables
from simcore.program.traces import NOTHING, Access, Event

_CYCLE, _BANK, _BANK_PORT, _ROW = int(Access.CYCLE), int(Access.BANK), int(Access.BANK_PORT), int(Access.ROW)
_PORT, _WRITE, _EVENT = int(Access.PORT), int(Access.WRITE), int(Access.EVENT)
_ARRIVED, _DONE, _FREE = int(Access.ARRIVED), int(Access.DONE), int(Access.FREE)
_GRANTED, _FORWARDED, _PREEMPTED = int(Event.GRANTED), int(Event.FORWARDED), int(Event.PREEMPTED)


@inlined
def _is_traced(tables: Tables, now: int) -> bool:
    """Return whether the events of this cycle are traced."""
    return tables.scalars[c.SCALAR_ACCESS_FROM] <= now < tables.scalars[c.SCALAR_ACCESS_END]


@inlined
def _note(tables: Tables, event: int, bank: int, port: int, row: int, op: int, arrived: int, now: int) -> int:
    """Note an event of this cycle. Return its row in the trace, in which the other columns say NOTHING."""
    scalars, trace = tables.scalars, tables.trace
    at = scalars[c.SCALAR_ACCESSES]
    scalars[c.SCALAR_ACCESSES] = at + 1
    if at + 1 >= scalars[c.SCALAR_ACCESS_ROOM]:
        scalars[c.SCALAR_TRACE_IS_FULL] = 1
    trace[at, _CYCLE], trace[at, _BANK], trace[at, _ROW], trace[at, _PORT] = now, bank, row, port
    trace[at, _WRITE], trace[at, _EVENT], trace[at, _ARRIVED] = op, event, arrived
    trace[at, _BANK_PORT], trace[at, _DONE], trace[at, _FREE] = NOTHING, NOTHING, NOTHING
    return at


@inlined
def note_grant(tables: Tables, server: int, request: int, now: int) -> None:
    """Note that a port of a bank took a request in this cycle, if that is traced."""
    if _is_traced(tables, now):
        bank, servers, requests, trace = tables.servers[server, c.SERVER_BANK], tables.servers, tables.requests, tables.trace
        port, row, op = requests[request, c.REQUEST_PORT], requests[request, c.REQUEST_ROW], requests[request, c.REQUEST_OP]
        at = _note(tables, _GRANTED, bank, port, row, op, requests[request, c.REQUEST_ARRIVE], now)
        trace[at, _BANK_PORT] = server - tables.banks[bank, c.BANK_FIRST_SERVER]
        trace[at, _DONE], trace[at, _FREE] = servers[server, c.SERVER_DONE], servers[server, c.SERVER_FREE_AT]


@inlined
def note_preemption(tables: Tables, server: int, request: int, now: int) -> None:
    """Note that a buffered write in progress went back to its queue, if that is traced."""
    if _is_traced(tables, now):
        bank, requests = tables.servers[server, c.SERVER_BANK], tables.requests
        port, row, op = requests[request, c.REQUEST_PORT], requests[request, c.REQUEST_ROW], requests[request, c.REQUEST_OP]
        at = _note(tables, _PREEMPTED, bank, port, row, op, requests[request, c.REQUEST_ARRIVE], now)
        tables.trace[at, _BANK_PORT] = server - tables.banks[bank, c.BANK_FIRST_SERVER]


@inlined
def note_forwarding(tables: Tables, bank: int, port: int, row: int, op: int, now: int) -> None:
    """Note that the write buffer answered a read, if that is traced."""
    if _is_traced(tables, now):
        at = _note(tables, _FORWARDED, bank, port, row, op, now, now)
        tables.trace[at, _DONE] = now + 1
