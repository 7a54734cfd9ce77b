"""The interval of a pipeline: its steps, and how many cycles at least it takes whatever the order of the work.

Each stage needs the cycles of its own phases, as if no other stage ran, and everything that stages share must serve all of them.
The interval cannot be shorter than the longest of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simcore.dram.tables import IntArray
from simcore.pim.phases import Phase, PhaseKind
from simcore.pim.sequence import BURSTS, repeated
from simcore.pim.sequence import Sequence as Operations
from simcore.pim_dram.crowding import activations_of, alone_cycles, data_bus_level, held_cycles, spacing_of
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.run import commands_of


@dataclass(frozen=True)
class Entry:
    """A phase of a layer in the banks of its stage."""

    layer: str
    stage: int
    first_bank: int
    phase: Phase

    @property
    def sequence(self) -> Operations:
        """Return all that a subarray does in the phase."""
        return repeated(self.phase.sequence, self.phase.repeats)

    @property
    def banks(self) -> range:
        """Return the numbers of its banks, counted through all channels."""
        return range(self.first_bank, self.first_bank + self.phase.banks)

    def works_in(self, subarray: int, bank: int) -> bool:
        """Return whether a subarray of a bank takes part."""
        return bank in self.banks and subarray < self.phase.subarrays


@dataclass(frozen=True)
class Step:
    """Phases of all stages at the same time, as the cycles of the subarray that finished last, which has ``kind`` and ``layers``.

    ``cycles`` are ``compute_cycles`` and all of ``stall_cycles`` (by cause).
    """

    kind: PhaseKind
    cycles: int
    compute_cycles: int
    stall_cycles: IntArray
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Bounds:
    """The cycles that an interval takes at least: those of the slowest stage, whose layers are told, and of what stages share."""

    cycles: Mapping[str, int]
    slowest_layers: tuple[str, ...]

    @property
    def by(self) -> str:
        """Return what needs most cycles."""
        return max(self.cycles, key=lambda name: self.cycles[name])


def bounds_of(machine: PimMachine, entries: Sequence[Entry], *, overlap: bool) -> Bounds:
    """Return what bounds an interval with these entries, whose transfers overlap the rest of their stages or do not."""
    stages = {entry.stage: [other for other in entries if other.stage == entry.stage] for entry in entries}
    own = {stage: _stage_cycles(machine, of, overlap) for stage, of in stages.items()}
    slowest = max(own, key=lambda stage: own[stage])
    found = {"slowest_stage": own[slowest]}
    for channel in range(machine.channels):
        banks = range(channel * machine.banks, (channel + 1) * machine.banks)
        for name, cycles in _shared_cycles(machine, entries, banks).items():
            found[name] = max(found.get(name, 0), cycles)
    return Bounds(found, tuple(dict.fromkeys(entry.layer for entry in stages[slowest])))


def _stage_cycles(machine: PimMachine, entries: Sequence[Entry], overlap: bool) -> int:
    moves = sum(_own_cycles(machine, entry) for entry in entries if entry.phase.kind == "move")
    others = sum(_own_cycles(machine, entry) for entry in entries if entry.phase.kind != "move")
    return max(moves, others) if overlap else moves + others


def _own_cycles(machine: PimMachine, entry: Entry) -> int:
    """Return the least cycles of a phase in the busiest bank of its stage."""
    made, subarrays = entry.phase.sequence, entry.phase.subarrays
    bursts = int(made.operations[:, BURSTS].sum()) * machine.dram.burst_cycles if not made.row_copies.any() else 0
    least = max(alone_cycles(machine, made), subarrays * held_cycles(made), subarrays * bursts)
    return least * made.repeats * entry.phase.repeats


def _shared_cycles(machine: PimMachine, entries: Sequence[Entry], banks: range) -> dict[str, int]:
    """Return the cycles for which the entries in these banks, those of one channel, need each thing that they share."""
    dram, timing = machine.dram, machine.dram.timing
    counted = openings = bursts = 0
    commands = [0] * len(dram.buses)
    for entry in entries:
        units = len([bank for bank in entry.banks if bank in banks]) * entry.phase.subarrays
        issued = commands_of(entry.sequence, dram)
        bursts += units * int((issued * (dram.reads + dram.writes)).sum())
        for command, times in enumerate(issued.tolist()):
            commands[int(dram.command_bus[command])] += units * times
            counted += units * times * activations_of(dram.commands[command])
            openings += units * times * (activations_of(dram.commands[command]) > 0)
    data_buses = 1 if data_bus_level(dram) == 0 else machine.ranks
    of_rank = counted / machine.ranks
    return {
        "data_bus": bursts * dram.burst_cycles // data_buses,
        "tFAW": int(max(0.0, of_rank / 4 - 1) * timing["nFAW"]),
        "power": int(max(0.0, of_rank / 32 - 1) * timing["nPOW"]),
        "tRRD": int(max(0.0, openings / machine.ranks - 1) * spacing_of(machine)),
        "command_bus": max(0, max(commands) - 1) * timing["nCMD"],
    }
