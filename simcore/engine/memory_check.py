"""Whether the tables of a layer fit into the memory of the computer that simulates it: asked before they are made."""

from __future__ import annotations

from simcore.machine.host_memory import require_host_memory
from simcore.machine.machine import Machine
from simcore.program.program import Program, Seg

#: About what a request takes in either engine's tables.
BYTES_PER_REQUEST = 200


def check_memory(program: Program, machine: Machine) -> None:
    """Raise InputError for a machine that may have more requests under way than this computer's memory holds."""
    require_host_memory(
        BYTES_PER_REQUEST * most_requests(program, machine),
        f"layer '{program.name}'",
        "a smaller array.port_window, fewer dma.outstanding_bursts, vector_unit.lanes or write buffers take less",
    )


def most_requests(program: Program, machine: Machine) -> int:
    """The most lines that windows, bursts and write buffers can ask for at once."""
    widest = max([1] + [int(port[:, Seg.LANES].max()) for port in program.segments if len(port)])
    burst_lines = max(1, *(machine.burst_bytes // pad.line_bytes for pad in machine.scratchpads))
    written = sum(max(pad.depth, widest) for pad in machine.scratchpads)
    return 3 * machine.port_window * widest + machine.outstanding_bursts * burst_lines + written
