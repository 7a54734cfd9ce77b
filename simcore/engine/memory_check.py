"""Whether the tables of a layer fit into the memory of the computer that simulates it: asked before they are made."""

from __future__ import annotations

import os

from simcore.errors import InputError
from simcore.machine.machine import Machine
from simcore.program.program import Program, Seg

#: About what a request takes in either engine's tables.
BYTES_PER_REQUEST = 200


def check_memory(program: Program, machine: Machine) -> None:
    """Raise InputError for a machine that may have more requests under way than this computer's memory holds."""
    held, needed = _memory_bytes(), BYTES_PER_REQUEST * most_requests(program, machine)
    if held is not None and needed > held:
        raise InputError(
            f"its requests need about {needed / 1e9:,.1f} GB of memory, and this machine has {held / 1e9:,.1f} GB",
            where=f"layer '{program.name}'",
            hint="a smaller array.port_window, fewer dma.outstanding_bursts, vector_unit.lanes or write buffers take less",
        )


def most_requests(program: Program, machine: Machine) -> int:
    """The most lines that windows, bursts and write buffers can ask for at once."""
    widest = max([1] + [int(port[:, Seg.LANES].max()) for port in program.segments if len(port)])
    burst_lines = max(1, *(machine.burst_bytes // pad.line_bytes for pad in machine.scratchpads))
    written = sum(max(pad.depth, widest) for pad in machine.scratchpads)
    return 3 * machine.port_window * widest + machine.outstanding_bursts * burst_lines + written


def _memory_bytes() -> int | None:
    """Bytes of memory of this computer; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
