"""Everything about one micro-program on one DRAM: values, counts, cycles, causes and energy, as one plain dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.pim.counts import Counts, counts_of
from simcore.pim.energy import PimEnergy, pim_energy
from simcore.pim.limits import PimLimits
from simcore.pim.outcome import PimOutcome
from simcore.pim.program import MicroProgram
from simcore.pim.recorder import Recording
from simcore.pim.sequence import sequence_of
from simcore.pim.values import ValueCheck
from simcore.pim.work import PimWork


@dataclass(frozen=True)
class Placed:
    """A recorded program on the banks of a DRAM. ``initialised`` includes the operations that the published count leaves out."""

    recording: Recording
    dram: ResolvedDram
    limits: PimLimits
    banks: int = 1
    subarrays: int = 1
    lock_step: bool = True
    initialised: bool = False

    @property
    def counts(self) -> Counts:
        """Return the counts of the operations that are issued in each subarray."""
        return counts_of(self.recording.operations if self.initialised else self.recording.published)

    @property
    def work(self) -> PimWork:
        """Return the commands. Raise InputError if the DRAM has not as many rows, banks or subarrays."""
        operations = self.recording.operations if self.initialised else self.recording.published
        sequence = sequence_of(operations, len(self.recording.rows), self.dram, self.limits)
        if self.banks < 1:
            raise InputError(f"{self.dram.name}: expected at least 1 bank, got {self.banks}")
        return PimWork(self.dram, self.limits, (sequence,) * self.banks, self.subarrays, self.lock_step)

    def energy(self, outcome: PimOutcome) -> PimEnergy | None:
        """Return the energy of a run, or None if the standard has no currents."""
        return None if self.dram.currents is None else pim_energy(outcome, self.counts, self.banks * self.subarrays)


def report(program: MicroProgram, placed: Placed, outcome: PimOutcome, values: ValueCheck) -> dict[str, Any]:
    """Return the figures of a run, with units in their names. Cycles are those of the DRAM's clock."""
    counts, dram, energy = placed.counts, placed.dram, placed.energy(outcome)
    columns = dram.counts[-1] * dram.transaction_bytes * 8
    return {
        "program": program.name,
        "source": program.source,
        "standard": dram.name,
        "aap": counts.aap,
        "ap": counts.ap,
        "activations": counts.activations,
        "rows_raised": counts.rows_raised,
        "rows_used": len(placed.recording.rows),
        "with_initialisation": _brief(counts_of(placed.recording.operations)),
        "banks": placed.banks,
        "subarrays": placed.subarrays,
        "results": columns * placed.banks * placed.subarrays,
        "cycles": outcome.cycles,
        "compute_cycles": outcome.compute_cycles,
        "stall_cycles": outcome.stall_cycles,
        "slowdown": outcome.cycles / outcome.compute_cycles if outcome.compute_cycles else 1.0,
        "ns": outcome.cycles * dram.tck_ps / 1000,
        "pj": None if energy is None else energy.total_pj,
        "energy_pj": None
        if energy is None
        else {"activate": energy.activate_pj, "refresh": energy.refresh_pj, "background": energy.background_pj},
        "commands": outcome.counts,
        "exact": values.exact,
        "pairs_checked": values.checked,
        "first_wrong": values.first_wrong,
    }


def _brief(counts: Counts) -> dict[str, int]:
    return {"aap": counts.aap, "ap": counts.ap, "activations": counts.activations, "rows_raised": counts.rows_raised}
