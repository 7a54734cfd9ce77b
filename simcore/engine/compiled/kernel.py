"""The compiled engine's loop: the phases of ARCHITECTURE.md's cycle contract for one layer, with idle cycles skipped."""

from __future__ import annotations

from typing import Any

from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.array import advance, stall_of
from simcore.engine.compiled.banks import grant_scratchpad
from simcore.engine.compiled.columns import DONE, GOES_ON, OVERRUN, STUCK
from simcore.engine.compiled.cpu_clock import clock_us
from simcore.engine.compiled.cursor import locate
from simcore.engine.compiled.dma import deliver_and_send, finish_bursts, new_bursts, start_operations
from simcore.engine.compiled.dram.memory import MEMORY_SIGNATURE
from simcore.engine.compiled.idle import count_skipped, next_event
from simcore.engine.compiled.jit import entry, inlined
from simcore.engine.compiled.ports import offer_element
from simcore.engine.compiled.slices import LOOK_EVERY
from simcore.engine.compiled.stalls import count_buffered, count_stall
from simcore.engine.compiled.tables import Tables, numba_type
from simcore.engine.compiled.write_buffer import offer_writes, retire_writes, watermarks
from simcore.program.outcome import Cause
from simcore.program.program import Port
from simcore.timing.addresses import calling

#: After this many cycles in a row without an event, the plan counts as waiting for itself, or the DRAM as serving nothing.
STUCK_CYCLES = 1 << 22

_OUTPUT, _DMA = int(Port.OUTPUT), int(Port.DMA)
_FIRST_FILL, _DRAIN = int(Cause.FIRST_FILL), int(Cause.DRAIN)

_call_memory = calling(MEMORY_SIGNATURE)


#: The signature of `run_layer`.
RUN_SIGNATURE = int64(int64[::1], int64, numba_type(Tables), int64)


@entry(RUN_SIGNATURE)
def run_layer(serves: Any, run_memory: Any, tables: Tables, slice_us: int) -> int:
    """Continue a layer until it is done, a trace is full, or for ``slice_us`` microseconds. Return how the call ended.

    ``serves`` are the addresses of the bank timings. ``run_memory`` is that of the function that runs a DRAM, or 0.
    """
    scalars = tables.scalars
    now, step, steps = scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP], scalars[c.SCALAR_STEPS]
    _find_cursors(tables)
    began, looks_in, status = clock_us(), LOOK_EVERY, GOES_ON
    while status == GOES_ON:
        if looks_in == 0:
            looks_in = LOOK_EVERY
            if clock_us() - began >= slice_us:
                break
        if scalars[c.SCALAR_TRACE_IS_FULL] or step >= scalars[c.SCALAR_STOP_STEP]:
            break
        looks_in -= 1
        scalars[c.SCALAR_EVENTS] = 0
        _retire(tables, now)
        _settle(tables, now)
        _issue(tables, now)
        _grant(serves, run_memory, tables, now)
        # ADVANCE, or one cause of the stall
        cause, where, bank, nothing_due = _stall(tables, now, step)
        if cause == c.NONE and step == steps:
            status = DONE
            break
        if cause == c.NONE:
            advance(tables, step, now)
            step += 1
        # The following cycles in which nothing can change equal this one.
        following = now + 1
        if scalars[c.SCALAR_EVENTS] == 0 and scalars[c.SCALAR_IDLE_SKIPPING] and (cause != c.NONE or nothing_due):
            following = _next_change(run_memory, tables, cause, now, step)
        status = _status(tables, cause, following, now)
        if status != GOES_ON:
            break
        if cause == c.NONE:
            step += following - now - 1
        _count(tables, cause, where, bank, now, following - now)
        now = following
        _enter_bin(tables, now, step)
    scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
    return status


@inlined
def _find_cursors(tables: Tables) -> None:
    """Find the places of the ports' next elements."""
    for port in range(c.ARRAY_PORTS):
        if tables.ports[port, c.PORT_NEXT_DUE] != c.FAR:
            locate(tables, port)


@inlined
def _retire(tables: Tables, now: int) -> None:
    """RETIRE: buffered writes that are done leave the write buffers."""
    pads = tables.pads
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_INFLIGHT] and pads[pad, c.PAD_INFLIGHT_MIN] <= now:
            count_buffered(tables, pad, now)
            retire_writes(tables, pad, now)


@inlined
def _settle(tables: Tables, now: int) -> None:
    """SETTLE: the DMA finishes bursts and operations, and starts those that may start."""
    scalars = tables.scalars
    if scalars[c.SCALAR_OPS_LEFT] > 0:
        if scalars[c.SCALAR_FILLING] or scalars[c.SCALAR_STORED] <= now:
            finish_bursts(tables, now)
        if scalars[c.SCALAR_MAY_START]:
            start_operations(tables)


@inlined
def _issue(tables: Tables, now: int) -> None:
    """ISSUE: the array's ports, the write buffers and the DMA offer their lines; the DMA starts bursts."""
    scalars, ports, pads = tables.scalars, tables.ports, tables.pads
    window = scalars[c.SCALAR_WINDOW]
    for port in range(c.READ_PORTS):
        if ports[port, c.PORT_NEXT_DUE] != c.FAR and ports[port, c.PORT_IN_WINDOW] < window:
            offer_element(tables, port, now)
    # Buffered writes come before the DMA's lines, or after them if direct requests go first (read priority). The order matters
    # because a request to an idle bank may be granted on arrival.
    if scalars[c.SCALAR_POSTED] and not pads[scalars[c.SCALAR_POSTED_PAD], c.PAD_READ_PRIORITY]:
        offer_writes(tables, now)
    if scalars[c.SCALAR_OPS_LEFT] > 0:
        if scalars[c.SCALAR_LOADING] or scalars[c.SCALAR_READING]:
            deliver_and_send(tables, now)
        new_bursts(tables, now)
    if scalars[c.SCALAR_POSTED]:
        offer_writes(tables, now)


@inlined
def _grant(serves: Any, run_memory: Any, tables: Tables, now: int) -> None:
    """GRANT: each scratchpad grants requests that wait at its banks; main memory takes its bursts."""
    scalars, pads = tables.scalars, tables.pads
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_HIGH]:
            watermarks(tables, pad)
        if pads[pad, c.PAD_LISTED]:
            grant_scratchpad(serves, tables, pad, now)
    if scalars[c.SCALAR_SENT] or scalars[c.SCALAR_DRAM_NEXT] <= now:
        _call_memory(run_memory, tables.dram, scalars, tables.bursts, tables.burst_lists, now, now + 1)


@inlined
def _stall(tables: Tables, now: int, step: int) -> tuple[int, int, int, bool]:
    """Return (cause, port, bank, nothing due) of why the array makes no step.

    The cause is NONE if the array makes a step or the layer is over.
    """
    scalars, pads = tables.scalars, tables.pads
    if step < scalars[c.SCALAR_STEPS]:
        cause, where, bank, nothing_due = stall_of(tables, now, step)
        if cause != c.NONE and step == 0:
            return _FIRST_FILL, where, c.NONE, nothing_due
        return cause, where, bank, nothing_due
    if scalars[c.SCALAR_OPS_LEFT] > 0:
        return _DRAIN, _DMA, c.NONE, True
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_BUFFERED]:
            return _DRAIN, _OUTPUT, c.NONE, True
    return _DRAIN if scalars[c.SCALAR_HELD] else c.NONE, _DMA, c.NONE, True


@inlined
def _next_change(run_memory: Any, tables: Tables, cause: int, now: int, step: int) -> int:
    """Return the next cycle in which an event can differ from this cycle's, or FAR. ``step`` is the next step."""
    scalars, ports, bin_steps = tables.scalars, tables.ports, tables.bin_steps
    soonest = next_event(tables, now)
    if cause == c.NONE:
        next_due = min(scalars[c.SCALAR_STEPS], scalars[c.SCALAR_STOP_STEP])
        if scalars[c.SCALAR_BIN] + 1 < len(bin_steps):
            next_due = min(next_due, bin_steps[scalars[c.SCALAR_BIN] + 1])
        for port in range(c.ARRAY_PORTS):
            next_due = min(next_due, min(ports[port, c.PORT_NEXT_DUE], ports[port, c.PORT_HEAD_DUE]))
        soonest = min(soonest, now + 1 + next_due - step)
    # The DRAM runs ahead only to events for which the machine waits. Refreshes alone keep nothing alive.
    waits_for_writes = step == scalars[c.SCALAR_STEPS] and scalars[c.SCALAR_OPS_LEFT] == 0 and scalars[c.SCALAR_HELD] > 0
    if (scalars[c.SCALAR_AWAITED] or waits_for_writes) and scalars[c.SCALAR_DRAM_NEXT] < soonest:
        bound = min(soonest, now + STUCK_CYCLES)
        soonest = _call_memory(run_memory, tables.dram, scalars, tables.bursts, tables.burst_lists, now, bound)
        if soonest == now + STUCK_CYCLES:
            soonest = c.FAR
    return soonest


@inlined
def _status(tables: Tables, cause: int, following: int, now: int) -> int:
    """Return GOES_ON, or why the layer cannot go on to cycle ``following``. Count the cycles in which nothing happened."""
    scalars = tables.scalars
    if scalars[c.SCALAR_OVERRUN]:
        return OVERRUN
    if cause != c.NONE and following == c.FAR:
        return STUCK
    happened = scalars[c.SCALAR_EVENTS] or cause == c.NONE or following > now + 1
    scalars[c.SCALAR_NOTHING] = 0 if happened else scalars[c.SCALAR_NOTHING] + 1
    return STUCK if scalars[c.SCALAR_NOTHING] > STUCK_CYCLES else GOES_ON


@inlined
def _count(tables: Tables, cause: int, where: int, bank: int, now: int, cycles: int) -> None:
    """Count ``cycles`` in which the array made a step, or stalled for one cause."""
    if cause == c.NONE:
        tables.scalars[c.SCALAR_COMPUTE] += cycles
    else:
        count_stall(tables, cause, where, bank, now, cycles)
    if cycles > 1:
        count_skipped(tables, cycles - 1)


@inlined
def _enter_bin(tables: Tables, now: int, step: int) -> None:
    """Go to the next timeline bin if the array's step, from cycle ``now`` on, belongs to that bin."""
    scalars, bin_steps, bin_start_cycles = tables.scalars, tables.bin_steps, tables.bin_start_cycles
    if scalars[c.SCALAR_BIN] + 1 < bin_steps.shape[0] and step >= bin_steps[scalars[c.SCALAR_BIN] + 1]:
        scalars[c.SCALAR_BIN] += 1
        bin_start_cycles[scalars[c.SCALAR_BIN]] = now
