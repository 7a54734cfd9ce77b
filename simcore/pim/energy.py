"""The energy of a DRAM that computes, from the datasheet currents of its standard.

An activation with its precharge costs what `simcore.dram.energy` gives for one row. Each further word line that it raises costs
22 % more (Seshadri et al., Ambit, MICRO 2017; recalled and not read again, so it counts as assumed). The second activation of an
AAP is assumed to cost as much as a first one, although it shares its precharge.
"""

from __future__ import annotations

from dataclasses import dataclass

from simcore.dram.energy import command_energy
from simcore.pim.counts import Counts
from simcore.pim.outcome import PimOutcome

#: What each word line beyond the first adds to an activation, as a share of it.
FURTHER_ROW = 0.22


@dataclass(frozen=True)
class PimEnergy:
    """Energy in pJ of all chips that compute."""

    activate_pj: float
    refresh_pj: float
    background_pj: float

    @property
    def total_pj(self) -> float:
        """Return the sum."""
        return self.activate_pj + self.refresh_pj + self.background_pj


def pim_energy(outcome: PimOutcome, counts: Counts, units: int) -> PimEnergy:
    """Return the energy of ``units`` subarrays that each ran a program with these counts.

    Raise InputError if the standard has no currents.
    """
    dram = outcome.dram
    each = command_energy(dram)
    rows = sum(times * (1 + FURTHER_ROW * (raised - 1)) for raised, times in counts.activations_by_rows)
    refreshes = dram.refreshes * (dram.command_level < dram.bank_level)
    whole = int((outcome.command_counts * refreshes).sum())
    single = int((outcome.command_counts * (dram.refreshes - refreshes)).sum())
    ranks = len(outcome.open_cycles)
    active = min(outcome.cycles * ranks, int(outcome.open_cycles.sum()) + whole * dram.timing.get("nRFC", 0))
    idle = outcome.cycles * ranks - active
    return PimEnergy(
        activate_pj=units * rows * each.activate_pj * each.chips_per_rank,
        refresh_pj=(whole * each.refresh_pj + single * each.refresh_bank_pj) * each.chips_per_rank,
        background_pj=(active * each.active_cycle_pj + idle * each.idle_cycle_pj) * each.chips_per_rank,
    )
