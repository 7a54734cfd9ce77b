"""The array in the compiled engine: whether it can make its step in this cycle, and what the step does."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import post_write
from simcore.engine.compiled.dma import place
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import element_lines
from simcore.engine.compiled.ports import next_element, read_stall
from simcore.program.outcome import Cause
from simcore.program.program import Int64Array, Port

_OUTPUT = int(Port.OUTPUT)
_DRAM_WAIT, _WRITE_BACKPRESSURE = int(Cause.DRAM_WAIT), int(Cause.WRITE_BACKPRESSURE)


@inlined
def _output_stall(
    scalars: Int64Array,
    ports: Int64Array,
    requests: Int64Array,
    pads: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    resident: Int64Array,
    lines: Int64Array,
    line_slots: Int64Array,
    output_places: Int64Array,
) -> tuple[int, int]:
    """(cause, bank) of why the output element due cannot be taken; NONE, NONE if it can. Keeps its lines in output_places."""
    pad = ports[_OUTPUT, c.PORT_PAD]
    if scalars[c.SCALAR_OUTPUT_LINES] == c.NONE:
        found, words = element_lines(
            ports, pads, segments, geometry, regions, resident, scalars[c.SCALAR_COALESCING], lines, line_slots, _OUTPUT
        )
        if found == c.NONE:
            return _DRAM_WAIT, c.NONE
        scalars[c.SCALAR_OUTPUT_LINES] = found
        output_places[0, 0] = words
        for i in range(found):
            output_places[1, i], output_places[2, i] = place(pads, pad, lines[i])
            output_places[3, i] = line_slots[i]
    buffered = pads[pad, c.PAD_BUFFERED]
    if buffered > 0 and buffered + scalars[c.SCALAR_OUTPUT_LINES] > pads[pad, c.PAD_DEPTH]:
        return _WRITE_BACKPRESSURE, requests[pads[pad, c.PAD_BUFFER_HEAD], c.REQUEST_BANK]
    return c.NONE, c.NONE


@inlined
def stall_of(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    requests: Int64Array,
    banks: Int64Array,
    pads: Int64Array,
    servers: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    resident: Int64Array,
    bank_pad: Int64Array,
    lines: Int64Array,
    line_slots: Int64Array,
    output_places: Int64Array,
    now: int,
    step: int,
) -> tuple[int, int, int, bool]:
    """(cause, port, bank, nothing due) of why the array cannot make its step; cause NONE if it can."""
    nothing_due = True
    for port in range(3):
        if ports[port, c.PORT_HEAD_DUE] == step:
            nothing_due = False
            element = port * scalars[c.SCALAR_WINDOW] + ports[port, c.PORT_HEAD]
            if bundles[element, c.BUNDLE_UNGRANTED] or bundles[element, c.BUNDLE_READY] > now:
                cause, bank = read_stall(scalars, ports, bundles, requests, banks, pads, servers, bank_pad, port, now)
                return cause, port, bank, False
        elif ports[port, c.PORT_NEXT_DUE] == step:
            # Its window is empty, so it was to be offered in this cycle's ISSUE; only a tile that is not there holds it back.
            return _DRAM_WAIT, port, c.NONE, False
    if ports[_OUTPUT, c.PORT_NEXT_DUE] == step:
        cause, bank = _output_stall(
            scalars, ports, requests, pads, segments, geometry, regions, resident, lines, line_slots, output_places
        )
        return cause, _OUTPUT, bank, False
    return c.NONE, c.NONE, c.NONE, nothing_due


@inlined
def advance(
    scalars: Int64Array,
    ports: Int64Array,
    bundles: Int64Array,
    requests: Int64Array,
    pads: Int64Array,
    slots: Int64Array,
    segments: Int64Array,
    geometry: Int64Array,
    regions: Int64Array,
    port_counts: Int64Array,
    free_writes: Int64Array,
    posted: Int64Array,
    output_places: Int64Array,
    step: int,
) -> None:
    """Make a step: take the read elements due and post the output element due."""
    window = scalars[c.SCALAR_WINDOW]
    for port in range(3):
        if ports[port, c.PORT_HEAD_DUE] == step:
            head, left = ports[port, c.PORT_HEAD] + 1, ports[port, c.PORT_IN_WINDOW] - 1
            if head == window:
                head = 0
            ports[port, c.PORT_HEAD], ports[port, c.PORT_IN_WINDOW] = head, left
            ports[port, c.PORT_HEAD_DUE] = bundles[port * window + head, c.BUNDLE_DUE] if left else c.FAR
            ports[port, c.PORT_CONSUMED] += 1
            if ports[port, c.PORT_CONSUMED] >= ports[port, c.PORT_WAKE]:
                scalars[c.SCALAR_MAY_START] = 1
            port_counts[port, c.PORT_COUNT_ELEMENTS] += 1
    if ports[_OUTPUT, c.PORT_NEXT_DUE] == step:
        pad = ports[_OUTPUT, c.PORT_PAD]
        found = scalars[c.SCALAR_OUTPUT_LINES]
        for i in range(found):
            posted[i] = post_write(
                pads, requests, slots, scalars, free_writes, pad, output_places[1, i], output_places[2, i], output_places[3, i]
            )
        scalars[c.SCALAR_POSTED], scalars[c.SCALAR_POSTED_PAD], scalars[c.SCALAR_OUTPUT_LINES] = found, pad, c.NONE
        ports[_OUTPUT, c.PORT_CONSUMED] += 1
        if ports[_OUTPUT, c.PORT_CONSUMED] >= ports[_OUTPUT, c.PORT_WAKE]:
            scalars[c.SCALAR_MAY_START] = 1
        port_counts[_OUTPUT, c.PORT_COUNT_ELEMENTS] += 1
        port_counts[_OUTPUT, c.PORT_COUNT_WORDS] += output_places[0, 0]
        port_counts[_OUTPUT, c.PORT_COUNT_LINES] += found
        next_element(ports, segments, geometry, regions, _OUTPUT)
    scalars[c.SCALAR_COMPUTE] += 1
