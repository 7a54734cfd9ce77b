"""The compiled engine's loop: the phases of ARCHITECTURE.md's cycle contract, one layer, with idle cycles skipped.

Its functions take many tables one by one: given as one tuple they compile three times as long (measured), see jit.py.
"""

from __future__ import annotations

from typing import Any

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.array import advance, stall_of
from simcore.engine.compiled.banks import grant_scratchpad, offer_writes, retire_writes, watermarks
from simcore.engine.compiled.dma import deliver_and_send, finish_bursts, new_burst, start_heads
from simcore.engine.compiled.idle import count_skipped, next_event
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import locate
from simcore.engine.compiled.ports import offer_element
from simcore.program.outcome import Cause
from simcore.program.program import Int64Array, Port

#: So many cycles in a row without any event are taken for a plan that waits for itself, or a DRAM that serves nothing.
STUCK_CYCLES = 1 << 22

_OUTPUT, _DMA = int(Port.OUTPUT), int(Port.DMA)
_FIRST_FILL, _DRAIN = int(Cause.FIRST_FILL), int(Cause.DRAIN)


@inlined
def _enter_bin(scalars: Int64Array, bin_steps: Int64Array, bin_start_cycles: Int64Array, now: int, step: int) -> None:
    """Go on to the next timeline bin if the array's step, from cycle ``now`` on, belongs to it."""
    if scalars[c.SCALAR_BIN] + 1 < bin_steps.shape[0] and step >= bin_steps[scalars[c.SCALAR_BIN] + 1]:
        scalars[c.SCALAR_BIN] += 1
        bin_start_cycles[scalars[c.SCALAR_BIN]] = now


def run_layer(
    serves: Any,
    run_memory: Any,
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    requests: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    groups: Int64Array,
    queues: Int64Array,
    bursts: Int64Array,
    op_states: Int64Array,
    slots: Int64Array,
    counts: Int64Array,
    port_counts: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    ops: Int64Array,
    resident: Int64Array,
    params: Int64Array,
    shared: Int64Array,
    states: Int64Array,
    listed: Int64Array,
    inflight: Int64Array,
    burst_lists: Int64Array,
    free_writes: Int64Array,
    posted: Int64Array,
    lines: Int64Array,
    line_slots: Int64Array,
    output_places: Int64Array,
    stall_cycles: Int64Array,
    bank_stall_cycles: Int64Array,
    bank_pad: Int64Array,
    conflict: Int64Array,
    busy: Int64Array,
    bin_steps: Int64Array,
    bin_start_cycles: Int64Array,
    read_bytes: Int64Array,
    write_bytes: Int64Array,
    dram: Int64Array,
    until: int,
) -> int:
    """Run a layer until it is done (returns 1), until cycle ``until`` (0), or until nothing can happen any more (-1).

    ``run_memory`` runs a DRAM, where there is one, on its tables ``dram``; -2: it was asked for more refreshes than it can do.
    """
    n_pads = pads.shape[0]
    window = scalars[c.SCALAR_WINDOW]
    now = scalars[c.SCALAR_NOW]
    step, steps = scalars[c.SCALAR_STEP], scalars[c.SCALAR_STEPS]
    for port in range(4):
        if ports[port, c.PORT_NEXT_DUE] != c.FAR:
            locate(ports, segments, geometry, regions, port)
    while now < until:
        scalars[c.SCALAR_EVENTS] = 0
        # RETIRE
        for pad in range(n_pads):
            if pads[pad, c.PAD_INFLIGHT] and pads[pad, c.PAD_INFLIGHT_MIN] <= now:
                retire_writes(pads, requests, slots, scalars, inflight, free_writes, pad, now)
        # SETTLE
        if scalars[c.SCALAR_OPS_LEFT] > 0:
            if scalars[c.SCALAR_FILLING] or scalars[c.SCALAR_STORING]:
                finish_bursts(scalars, bursts, bundles, op_states, ops, resident, burst_lists, now)
            if scalars[c.SCALAR_MAY_START]:
                start_heads(scalars, queues, ports, op_states, slots, ops, resident)
        # ISSUE
        for port in range(3):
            if ports[port, c.PORT_NEXT_DUE] != c.FAR and ports[port, c.PORT_IN_WINDOW] < window:
                offer_element(
                    scalars,
                    ports,
                    bundles,
                    requests,
                    banks,
                    pads,
                    servers,
                    port_counts,
                    counts,
                    busy,
                    segments,
                    geometry,
                    regions,
                    resident,
                    listed,
                    lines,
                    line_slots,
                    port,
                    now,
                )
        # Before the DMA's lines, or after them where these go first: what comes to an idle bank may be granted as it comes.
        if scalars[c.SCALAR_POSTED] and not pads[scalars[c.SCALAR_POSTED_PAD], c.PAD_READ_PRIORITY]:
            offer_writes(scalars, banks, pads, servers, requests, counts, listed, inflight, busy, posted, now)
        if scalars[c.SCALAR_OPS_LEFT] > 0:
            if scalars[c.SCALAR_LOADING] or scalars[c.SCALAR_READING]:
                deliver_and_send(
                    scalars,
                    bursts,
                    bundles,
                    requests,
                    banks,
                    pads,
                    servers,
                    counts,
                    busy,
                    ops,
                    regions,
                    listed,
                    burst_lists,
                    now,
                )
            new_burst(
                scalars,
                bursts,
                bundles,
                requests,
                banks,
                pads,
                servers,
                counts,
                busy,
                queues,
                ops,
                regions,
                listed,
                burst_lists,
                read_bytes,
                write_bytes,
                now,
            )
        if scalars[c.SCALAR_POSTED]:
            offer_writes(scalars, banks, pads, servers, requests, counts, listed, inflight, busy, posted, now)
        # GRANT
        for pad in range(n_pads):
            if pads[pad, c.PAD_HIGH]:
                watermarks(pads, pad)
            if pads[pad, c.PAD_LISTED]:
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
                    pad,
                    now,
                )
        if scalars[c.SCALAR_SENT] or scalars[c.SCALAR_DRAM_NEXT] <= now:
            run_memory(dram, scalars, bursts, burst_lists, now, now + 1)
            if scalars[c.SCALAR_OVERRUN]:
                return -2
        # ADVANCE
        cause, where, bank = c.NONE, c.NONE, c.NONE
        nothing_due = True
        if step < steps:
            cause, where, bank, nothing_due = stall_of(
                scalars,
                ports,
                bundles,
                requests,
                banks,
                pads,
                servers,
                segments,
                geometry,
                regions,
                resident,
                bank_pad,
                lines,
                line_slots,
                output_places,
                now,
                step,
            )
            if cause == c.NONE:
                advance(
                    scalars,
                    ports,
                    bundles,
                    requests,
                    pads,
                    slots,
                    segments,
                    geometry,
                    regions,
                    port_counts,
                    free_writes,
                    posted,
                    output_places,
                    step,
                )
                step += 1
            elif step == 0:
                cause, bank = _FIRST_FILL, c.NONE
        else:
            where = _DMA
            if scalars[c.SCALAR_OPS_LEFT] == 0:
                buffered = 0
                for pad in range(n_pads):
                    buffered += pads[pad, c.PAD_BUFFERED]
                if buffered == 0 and scalars[c.SCALAR_HELD] == 0:
                    scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
                    return 1
                if buffered:
                    where = _OUTPUT
            cause = _DRAIN
        # This cycle, and those after it in which nothing can change.
        cycles = 1
        if scalars[c.SCALAR_EVENTS] == 0 and scalars[c.SCALAR_IDLE_SKIPPING] and (cause != c.NONE or nothing_due):
            soonest = next_event(scalars, ports, bundles, banks, pads, servers, bursts, listed, burst_lists, now)
            if cause == c.NONE:
                next_due = steps
                if scalars[c.SCALAR_BIN] + 1 < len(bin_steps):
                    next_due = bin_steps[scalars[c.SCALAR_BIN] + 1]
                for port in range(4):
                    next_due = min(next_due, ports[port, c.PORT_NEXT_DUE], ports[port, c.PORT_HEAD_DUE])
                soonest = min(soonest, now + 1 + next_due - step)
            # The DRAM runs ahead only to what the machine waits for: refreshes alone keep nothing alive, nor does a DRAM that
            # does nothing else.
            waits_for_writes = step == steps and scalars[c.SCALAR_OPS_LEFT] == 0 and scalars[c.SCALAR_HELD] > 0
            if (scalars[c.SCALAR_AWAITED] or waits_for_writes) and scalars[c.SCALAR_DRAM_NEXT] < soonest:
                soonest = run_memory(dram, scalars, bursts, burst_lists, now, min(soonest, now + STUCK_CYCLES))
                if scalars[c.SCALAR_OVERRUN]:
                    return -2
                if soonest == now + STUCK_CYCLES:
                    soonest = c.FAR
            if cause != c.NONE and soonest == c.FAR:
                scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
                return -1
            cycles = soonest - now
            if cause == c.NONE:
                step += cycles - 1
                scalars[c.SCALAR_COMPUTE] += cycles - 1
            if cycles > 1:
                count_skipped(scalars, pads, counts, listed, conflict, cycles - 1)
        scalars[c.SCALAR_NOTHING] = (
            0 if scalars[c.SCALAR_EVENTS] or cause == c.NONE or cycles > 1 else scalars[c.SCALAR_NOTHING] + 1
        )
        if scalars[c.SCALAR_NOTHING] > STUCK_CYCLES:
            scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
            return -1
        if cause != c.NONE:
            stall_cycles[cause, where] += cycles
            if bank != c.NONE:
                bank_stall_cycles[bank, cause] += cycles
        now += cycles
        _enter_bin(scalars, bin_steps, bin_start_cycles, now, step)
    scalars[c.SCALAR_NOW], scalars[c.SCALAR_STEP] = now, step
    return 0
