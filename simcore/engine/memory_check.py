"""A check, before a layer's tables are made, that they fit into the memory of the computer that simulates."""

from __future__ import annotations

from simcore.machine.host_memory import require_host_memory
from simcore.machine.machine import Machine
from simcore.program.program import Program

#: The approximate bytes of one request in the tables of either engine.
BYTES_PER_REQUEST = 200


def check_memory(program: Program, machine: Machine) -> None:
    """Raise InputError for a machine that may have more outstanding requests than this computer's memory holds."""
    require_host_memory(
        BYTES_PER_REQUEST * most_requests(program, machine),
        f"layer '{program.name}'",
        "reduce array.port_window, dma.outstanding_bursts, vector_unit.lanes or the write buffers",
    )


def most_requests(program: Program, machine: Machine) -> int:
    """Return the largest number of lines that windows, bursts and write buffers can request at once."""
    widest = program.segments.widest
    burst_lines = max(1, *(machine.burst_bytes // pad.line_bytes for pad in machine.scratchpads))
    written = sum(max(pad.depth, widest) for pad in machine.scratchpads)
    return 3 * machine.port_window * widest + machine.outstanding_bursts * burst_lines + written
