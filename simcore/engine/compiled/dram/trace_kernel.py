"""The kernel of traces: the frontend that offers the requests, and the controllers of all channels, from event to event."""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.accept import accept
from simcore.engine.compiled.dram.channel import step_channel
from simcore.engine.compiled.dram.device_columns import TOTAL_LOGGED
from simcore.engine.compiled.dram.tables import ControllerTables, TraceTables
from simcore.engine.compiled.flat_access import tables_in
from simcore.engine.compiled.jit import entry, inlined
from simcore.program.program import Int64Array

#: The room in the log that one cycle of a channel may need.
_BUSES = 2
#: The most cycles that a channel runs alone, so that a call ends soon however far away the next request is.
_ALONE_CYCLES = 1 << 14


@inlined
def _offer(tables: ControllerTables, trace: TraceTables, offered: int, time: int) -> tuple[int, int]:
    """Offer the next request if it may come by now. Return (requests taken so far, cycle of the next offer).

    A refused request is offered again after the next command; its cycle is FAR.
    """
    progress = tables.progress
    if offered == len(trace.earliest):
        return offered, FAR
    if trace.earliest[offered] > time:
        return offered, trace.earliest[offered]
    if not accept(tables, trace.address[offered], trace.write[offered], offered, time):
        return offered, FAR
    progress[d.PROGRESS_END] = max(progress[d.PROGRESS_END], time + 1)
    offered += 1
    return offered, FAR if offered == len(trace.earliest) else max(trace.earliest[offered], time + 1)


@inlined
def _run_channel(tables: ControllerTables, channel: int, time: int, horizon: int) -> bool:
    """Run a channel that is due, and run on before ``horizon``. Return False if there is no room for refreshes."""
    channels = tables.channels
    while channels[channel, d.CHANNEL_WAKE] <= time:
        if not step_channel(tables, channel, time):
            return False
        if channels[channel, d.CHANNEL_WAKE] < horizon:
            time = channels[channel, d.CHANNEL_WAKE]
    return True


@entry(int64(*[int64[::1]] * 4, int64))
def run_trace(dram: Int64Array, earliest: Int64Array, write: Int64Array, address: Int64Array, steps: int) -> int:
    """Run until every request is done (return DONE), until the log or a priority queue is full, or for ``steps`` events (MORE).

    Another call continues the run. In a cycle the frontend acts after the controllers, which therefore see its offers a cycle
    later.
    """
    tables, trace = tables_in(dram, ControllerTables), TraceTables(earliest, write, address)
    progress, channels, log = tables.progress, tables.channels, tables.device.log
    offered, time, requests = progress[d.PROGRESS_NEXT], progress[d.PROGRESS_TIME], len(trace.earliest)
    cap = tables.fixed[d.FIXED_CHANNELS]
    outcome = d.MORE
    for _ in range(steps):
        if len(log) and tables.device.totals[TOTAL_LOGGED] + _BUSES * cap > len(log):
            outcome = d.LOG_FULL
            break
        offered, offer_at = _offer(tables, trace, offered, time)
        wake, waiting = FAR, 0
        for channel in range(cap):
            wake = min(wake, channels[channel, d.CHANNEL_WAKE])
            waiting += channels[channel, d.CHANNEL_READS] + channels[channel, d.CHANNEL_WRITES]
            waiting += channels[channel, d.CHANNEL_ACTIVE]
        if offer_at < wake:
            time = offer_at
            continue
        if offered == requests and waiting == 0 and wake > progress[d.PROGRESS_END]:
            outcome = d.DONE
            break
        time = wake
        # A single channel runs alone until the next request comes, unless a request was refused or the log may fill up.
        alone = cap == 1 and offered < requests and offer_at < FAR and len(log) == 0
        horizon = min(offer_at, time + _ALONE_CYCLES) if alone else time
        has_room = True
        for channel in range(cap):
            has_room &= _run_channel(tables, channel, time, horizon)
        if not has_room:
            outcome = d.PRIORITY_FULL
            break
    progress[d.PROGRESS_NEXT], progress[d.PROGRESS_TIME] = offered, time
    return outcome
