"""How often a run writes each line of each scratchpad, which is the basis of wear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.machine.host_memory import require_host_memory
from simcore.machine.machine import Machine
from simcore.program.program import Int64Array


@dataclass(frozen=True)
class LineWrites:
    """Writes per line, summed over all layers that ran. ``pads`` is int64 [bank, row] for each scratchpad, as views of ``flat``.

    A write counts exactly when ``Outcome.writes`` counts it, so a bank's rows add up to that number. It counts once, however
    often it is preempted or its bank repeats it.
    """

    flat: Int64Array
    pads: tuple[Int64Array, ...]

    @property
    def first_rows(self) -> Int64Array:
        """Return the index in ``flat`` at which each scratchpad begins."""
        return np.cumsum([0] + [pad.size for pad in self.pads[:-1]], dtype=np.int64)

    def of_banks(self) -> list[Int64Array]:
        """Return the rows of each bank, with the banks of all scratchpads in one sequence."""
        return [bank for pad in self.pads for bank in pad]


def no_line_writes(machine: Machine) -> LineWrites:
    """Return zeros for every line of a machine. Raise InputError if this computer's memory cannot hold that many counts."""
    sizes = [pad.banks * pad.rows for pad in machine.scratchpads]
    require_host_memory(8 * sum(sizes), "scratchpads", "a smaller capacity_bytes or wider lines take less")
    flat = np.zeros(sum(sizes), dtype=np.int64)
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return LineWrites(
        flat, tuple(part.reshape(pad.banks, pad.rows) for part, pad in zip(parts, machine.scratchpads, strict=True))
    )
