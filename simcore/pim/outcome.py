"""The outcome of micro-programs on a DRAM, from either engine."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.dram.tables import IntArray, ResolvedDram
from simcore.pim.limits import CAUSES


@dataclass(frozen=True, slots=True)
class PimOutcome:
    """Cycles and what they were spent on. A unit is a subarray that computed, in the order of `PimWork.units`.

    ``stalls`` are the cycles that each unit waited, by cause; ``finished`` is the cycle in which its last precharge was done.
    ``commands`` (empty unless recorded) has the columns of `simcore.dram.outcome.DramOutcome.commands`.
    """

    dram: ResolvedDram
    finished: IntArray  # [units]
    stalls: IntArray  # [units, CAUSES]
    command_counts: IntArray  # [ranks, commands]
    open_cycles: IntArray  # [ranks]
    commands: IntArray

    @property
    def cycles(self) -> int:
        """Return the cycles until the last unit had finished."""
        return int(self.finished.max(initial=0))

    @property
    def critical_unit(self) -> int:
        """Return the unit that finished last, the first of them."""
        return int(self.finished.argmax())

    @property
    def compute_cycles(self) -> int:
        """Return the cycles in which the unit that finished last computed."""
        return self.cycles - sum(self.stall_cycles.values())

    @property
    def stall_cycles(self) -> dict[str, int]:
        """Return the cycles that the unit that finished last waited, by cause. With ``compute_cycles`` they make all cycles."""
        return dict(zip(CAUSES, map(int, self.stalls[self.critical_unit]), strict=True))

    @property
    def counts(self) -> dict[str, int]:
        """Return the commands issued, by name."""
        return {
            name: int(total) for name, total in zip(self.dram.commands, self.command_counts.sum(axis=0), strict=True) if total
        }
