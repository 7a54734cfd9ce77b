"""What a layer did on DRAM that multiplies: its phases with their runs, and the sums over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simcore.dram.tables import IntArray
from simcore.pim.limits import CAUSES, LAND, LINK
from simcore.pim.phases import PHASE_KINDS, Phase, PhaseKind
from simcore.pim.sequence import BURSTS
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.run import PhaseRun, commands_of
from simcore.program.outcome import Outcome
from simcore.program.program import Port


@dataclass(frozen=True)
class PhaseDone:
    """A phase of a layer and its run, which counts ``phase.times`` times."""

    phase: Phase
    run: PhaseRun

    @property
    def cycles(self) -> int:
        """Return the cycles of all times."""
        return self.phase.times * self.run.cycles

    @property
    def sequences(self) -> IntArray:
        """Return how often each subarray did the phase's sequence: [subarray, bank].

        Transfers beside the multiplications, which another subarray of the bank does, count for the bank's first.
        """
        found = np.zeros_like(self.run.busy_cycles)
        banks = slice(self.run.first_bank, self.run.first_bank + self.phase.banks)
        found[: self.phase.subarrays, banks] = self.phase.times * self.phase.repeats
        return found


@dataclass(frozen=True)
class Done:
    """Phases that ran one after the other, on all channels alike."""

    machine: PimMachine
    phases: tuple[PhaseDone, ...]

    @property
    def cycles(self) -> int:
        """Return the cycles of all phases."""
        return sum(done.cycles for done in self.phases)

    @property
    def compute_cycles(self) -> int:
        """Return the cycles in which the subarray that ended each phase computed."""
        return sum(done.phase.times * done.run.compute_cycles for done in self.phases)

    @property
    def stall_cycles(self) -> IntArray:
        """Return the cycles that it waited, by cause."""
        return sum((done.phase.times * done.run.stall_cycles for done in self.phases), np.zeros(len(CAUSES), np.int64))

    def cycles_of(self, kind: PhaseKind) -> int:
        """Return the cycles of the phases of one kind."""
        return sum(done.cycles for done in self.phases if done.phase.kind == kind)

    @property
    def by_kind(self) -> dict[PhaseKind, int]:
        """Return the cycles of every kind of phase."""
        return {kind: self.cycles_of(kind) for kind in PHASE_KINDS}

    # Counts of all channels -----------------------------------------------------------------------------------------------------

    @property
    def command_counts(self) -> IntArray:
        """Return the commands issued, [command]."""
        none = np.zeros(len(self.machine.dram.commands), np.int64)
        one: IntArray = sum((done.phase.times * done.run.command_counts for done in self.phases), none)
        return one * self.machine.copies

    @property
    def open_cycles(self) -> int:
        """Return the cycles in which a row of a rank was open, summed over all ranks."""
        return self.machine.copies * sum(done.phase.times * done.run.open_cycles for done in self.phases)

    @property
    def rank_cycles(self) -> int:
        """Return the cycles of all ranks."""
        return self.machine.copies * sum(done.phase.times * done.run.rank_cycles for done in self.phases)

    @property
    def operations(self) -> dict[str, int]:
        """Return the operations of micro-programs: AAP with a second activation, AP without."""
        found = {"AAP": 0, "AP": 0}
        for phase, sequences in self._sequences():
            found["AAP"] += phase.counts.aap * sequences
            found["AP"] += phase.counts.ap * sequences
        return found

    @property
    def activations_by_rows(self) -> Counter[int]:
        """Return the number of activations that raise so many rows."""
        found: Counter[int] = Counter()
        for phase, sequences in self._sequences():
            for rows, times in phase.counts.activations_by_rows:
                found[rows] += times * sequences
        return found

    def _sequences(self) -> Iterator[tuple[Phase, int]]:
        """Yield each phase with how often its sequence ran, in all subarrays of all channels."""
        for done in self.phases:
            phase = done.phase
            yield phase, phase.times * phase.repeats * phase.banks * phase.subarrays * self.machine.copies

    @property
    def row_copies(self) -> tuple[int, int]:
        """Return the rows that were copied to other subarrays, and the moves over links of two subarrays on their way."""
        copies = links = 0
        for phase, sequences in self._sequences():
            chosen, often = phase.sequence.row_copies, sequences * phase.sequence.repeats
            copies += often * int(chosen.sum())
            links += often * int(phase.sequence.operations[chosen, BURSTS].sum())
        return copies, links

    @property
    def commands(self) -> dict[str, int]:
        """Return the commands under the names of all DRAMs that compute: ACT, PRE, AAP, AP, RD, WR, REF.

        ACT counts first and second activations, so it is 2 AAP + AP, the rows that were opened for transfers and the periphery,
        and two for each row copy. A machine with row copies has LINK, too.
        """
        dram, totals = self.machine.dram, self.command_counts
        by_name = dict(zip(dram.commands, map(int, totals), strict=True))

        def of(*starts: str) -> int:
            return sum(count for name, count in by_name.items() if name.startswith(starts))

        return {
            "ACT": of("ACT", "COPY", LAND),
            "PRE": of("PRE"),
            **self.operations,
            "RD": of("RD"),
            "WR": of("WR"),
            "REF": of("REF"),
            **({"LINK": of(LINK)} if self.machine.spec.row_copies else {}),
        }

    # Subarrays of one channel --------------------------------------------------------------------------------------------------

    @property
    def busy_cycles(self) -> IntArray:
        """Return the cycles in which each subarray computed: [subarray, bank]."""
        none = np.zeros((self.machine.subarrays, self.machine.shown_banks), np.int64)
        found: IntArray = sum((done.phase.times * done.run.busy_cycles for done in self.phases), none)
        return found

    @property
    def unit_stall_cycles(self) -> IntArray:
        """Return the cycles that each subarray waited: [subarray, bank, cause]."""
        none = np.zeros((self.machine.subarrays, self.machine.shown_banks, len(CAUSES)), np.int64)
        found: IntArray = sum((done.phase.times * done.run.unit_stall_cycles for done in self.phases), none)
        return found

    def accesses(self, flag: IntArray) -> IntArray:
        """Return the bursts on the bus of each subarray, of commands with this flag, such as ``dram.reads``: [subarray, bank]."""
        found = np.zeros((self.machine.subarrays, self.machine.shown_banks), np.int64)
        for done in self.phases:
            bursts = int((commands_of(done.phase.sequence, self.machine.dram) * flag).sum())
            found += bursts * done.sequences
        return found

    def critical_stall_cycles(self) -> IntArray:
        """Return the stalls of the subarrays that ended the phases, by their bank: [bank, cause]."""
        found = np.zeros((self.machine.shown_banks, len(CAUSES)), np.int64)
        for done in self.phases:
            found[done.run.critical_bank] += done.phase.times * done.run.stall_cycles
        return found


def outcome_of(done: Done, start: int) -> Outcome:
    """Return the record of a layer that began in cycle ``start``.

    Subarrays stand where other machines have banks, banks where they have scratchpads; those of one channel, because all channels
    do the same. Every stalled cycle has the port ``dma``.
    """
    machine, causes = done.machine, len(CAUSES)
    stalls = np.zeros((causes, len(Port)), np.int64)
    stalls[:, Port.DMA] = done.stall_cycles
    by_unit = done.unit_stall_cycles.transpose(1, 0, 2).reshape(-1, causes)
    busy = done.busy_cycles.T.reshape(-1)
    waited = by_unit.sum(axis=1)
    none, no_ports = np.zeros(len(busy), np.int64), np.zeros(4, np.int64)
    read_bytes, written_bytes = (done.commands[name] * machine.dram.transaction_bytes for name in ("RD", "WR"))
    reads, writes = (done.accesses(flag).T.reshape(-1) for flag in (machine.dram.reads, machine.dram.writes))
    return Outcome(
        start_cycle=start,
        cycles=done.cycles,
        compute_cycles=done.compute_cycles,
        stall_cycles=stalls,
        bank_stall_cycles=by_unit,
        scratchpad_stall_cycles=done.critical_stall_cycles(),
        wait_cycles=np.zeros((machine.shown_banks, len(Port), len(Port)), np.int64),
        buffer_cycles=np.full((machine.shown_banks, 1), done.cycles, np.int64),
        reads=reads,
        writes=writes,
        dma_reads=reads,
        dma_writes=writes,
        forwarded_reads=none,
        preempted_writes=none,
        conflict_cycles=waited,
        busy_cycles=busy,
        conflict_timeline=waited[:, None],
        busy_timeline=busy[:, None],
        bin_start_cycles=np.array([start], np.int64),
        port_elements=no_ports,
        port_words=no_ports,
        port_lines=no_ports,
        dma_read_bytes=np.array([read_bytes], np.int64),
        dma_write_bytes=np.array([written_bytes], np.int64),
    )
