"""How often each line of each scratchpad is written: what wear is told from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.machine.host_memory import require_host_memory
from simcore.machine.machine import Machine
from simcore.program.program import Int64Array


@dataclass(frozen=True)
class LineWrites:
    """Writes per line, summed over all layers that ran: ``pads`` is int64 [bank, row] for each scratchpad, views of ``flat``.

    A write counts where ``Outcome.writes`` counts it, so that a bank's rows add up to that: once, however often it is preempted
    or its bank tries again.
    """

    flat: Int64Array
    pads: tuple[Int64Array, ...]

    @property
    def first_rows(self) -> Int64Array:
        """Where in ``flat`` each scratchpad begins: the lines of those before it."""
        return np.cumsum([0] + [pad.size for pad in self.pads[:-1]], dtype=np.int64)

    def of_banks(self) -> list[Int64Array]:
        """The rows of each bank, banks numbered through all scratchpads."""
        return [bank for pad in self.pads for bank in pad]


def no_line_writes(machine: Machine) -> LineWrites:
    """Zeros for every line of a machine. Raises InputError for more lines than this computer's memory can count."""
    sizes = [pad.banks * pad.rows for pad in machine.scratchpads]
    require_host_memory(8 * sum(sizes), "scratchpads", "a smaller capacity_bytes or wider lines take less")
    flat = np.zeros(sum(sizes), dtype=np.int64)
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return LineWrites(
        flat, tuple(part.reshape(pad.banks, pad.rows) for part, pad in zip(parts, machine.scratchpads, strict=True))
    )
