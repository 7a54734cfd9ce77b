"""The array in the compiled engine: whether it can make its step in this cycle, and the effects of the step."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.dma import place
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import element_lines
from simcore.engine.compiled.ports import next_element, read_stall
from simcore.engine.compiled.stalls import count_buffered
from simcore.engine.compiled.tables import Tables
from simcore.engine.compiled.write_buffer import post_write
from simcore.program.outcome import Cause
from simcore.program.program import Port

_OUTPUT = int(Port.OUTPUT)
_DRAM_WAIT, _WRITE_BACKPRESSURE = int(Cause.DRAM_WAIT), int(Cause.WRITE_BACKPRESSURE)


@inlined
def _output_stall(tables: Tables) -> tuple[int, int]:
    """Return (cause, bank) of why the output element due is not taken; NONE, NONE if it is. Keep its lines in output_places."""
    scalars, ports, requests, pads = tables.scalars, tables.ports, tables.requests, tables.pads
    lines, line_slots, output_places = tables.lines, tables.line_slots, tables.output_places
    pad = ports[_OUTPUT, c.PORT_PAD]
    if scalars[c.SCALAR_OUTPUT_LINES] == c.NONE:
        found, words = element_lines(tables, _OUTPUT)
        if found == c.NONE:
            return _DRAM_WAIT, c.NONE
        scalars[c.SCALAR_OUTPUT_LINES] = found
        output_places[c.OUTPUT_WORDS, 0] = words
        for i in range(found):
            output_places[c.OUTPUT_BANK, i], output_places[c.OUTPUT_ROW, i] = place(tables, pad, lines[i])
            output_places[c.OUTPUT_SLOT, i] = line_slots[i]
    buffered = pads[pad, c.PAD_BUFFERED]
    if buffered > 0 and buffered + scalars[c.SCALAR_OUTPUT_LINES] > pads[pad, c.PAD_DEPTH]:
        return _WRITE_BACKPRESSURE, requests[pads[pad, c.PAD_BUFFER_HEAD], c.REQUEST_BANK]
    return c.NONE, c.NONE


@inlined
def stall_of(tables: Tables, now: int, step: int) -> tuple[int, int, int, bool]:
    """Return (cause, port, bank, nothing due) of why the array cannot make its step. The cause is NONE if it can."""
    scalars, ports, bundles = tables.scalars, tables.ports, tables.bundles
    nothing_due = True
    for port in range(c.READ_PORTS):
        if ports[port, c.PORT_HEAD_DUE] == step:
            nothing_due = False
            element = port * scalars[c.SCALAR_WINDOW] + ports[port, c.PORT_HEAD]
            if bundles[element, c.BUNDLE_UNGRANTED] or bundles[element, c.BUNDLE_READY] > now:
                cause, bank = read_stall(tables, port, now)
                return cause, port, bank, False
        elif ports[port, c.PORT_NEXT_DUE] == step:
            # With an empty window, the port was free to offer the element in this cycle's ISSUE. Only a missing tile can have
            # prevented it.
            return _DRAM_WAIT, port, c.NONE, False
    if ports[_OUTPUT, c.PORT_NEXT_DUE] == step:
        cause, bank = _output_stall(tables)
        return cause, _OUTPUT, bank, False
    return c.NONE, c.NONE, c.NONE, nothing_due


@inlined
def advance(tables: Tables, step: int, now: int) -> None:
    """Make a step: take the read elements due and post the output element due."""
    scalars, ports, bundles, port_counts = tables.scalars, tables.ports, tables.bundles, tables.port_counts
    posted, output_places, requests = tables.posted, tables.output_places, tables.requests
    window = scalars[c.SCALAR_WINDOW]
    for port in range(c.READ_PORTS):
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
        count_buffered(tables, pad, now + 1)
        for i in range(found):
            posted[i] = post_write(
                tables, pad, output_places[c.OUTPUT_BANK, i], output_places[c.OUTPUT_ROW, i], output_places[c.OUTPUT_SLOT, i]
            )
            requests[posted[i], c.REQUEST_MADE] = ports[_OUTPUT, c.PORT_CONSUMED] * c.MADE_LINES + i
        scalars[c.SCALAR_POSTED], scalars[c.SCALAR_POSTED_PAD], scalars[c.SCALAR_OUTPUT_LINES] = found, pad, c.NONE
        ports[_OUTPUT, c.PORT_CONSUMED] += 1
        if ports[_OUTPUT, c.PORT_CONSUMED] >= ports[_OUTPUT, c.PORT_WAKE]:
            scalars[c.SCALAR_MAY_START] = 1
        port_counts[_OUTPUT, c.PORT_COUNT_ELEMENTS] += 1
        port_counts[_OUTPUT, c.PORT_COUNT_WORDS] += output_places[c.OUTPUT_WORDS, 0]
        port_counts[_OUTPUT, c.PORT_COUNT_LINES] += found
        next_element(tables, _OUTPUT)
