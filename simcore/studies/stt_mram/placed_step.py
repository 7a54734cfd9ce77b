"""Cycles and energy of a training step with a placement: each pass runs on the machine that keeps its tensors as placed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from simcore.results import Results
from simcore.simulation import simulate
from simcore.spec import System
from workloads.dataflow.rules.table import held_tensors
from workloads.dataflow.size import network_sizes
from workloads.faults.device import MacroDevice
from workloads.faults.placed_system import placed_system
from workloads.faults.placement import Placement
from workloads.layers.held import TensorKind
from workloads.network import Network


@dataclass(frozen=True)
class PlacedStep:
    """The cost of a training step. ``energy`` has part and energy_pj of all layers; ``parts`` has the results of each machine."""

    cycles: int
    energy: pd.DataFrame
    parts: tuple[Results, ...]

    @property
    def energy_pj(self) -> float:
        """Return the energy of the whole step."""
        return float(self.energy["energy_pj"].sum())

    def part_pj(self, ending: str) -> float:
        """Return the energy of the parts whose name has this ending: ``_write`` stands for the writes of all scratchpads."""
        return float(self.energy.loc[self.energy["part"].str.endswith(ending), "energy_pj"].sum())

    def stall_cycles(self, cause: str) -> int:
        """Return the cycles lost to a cause."""
        return sum(int(results.layers[f"stall_{cause}_cycles"].sum()) for results in self.parts)


def simulate_placed_step(step: Network, system: System, placement: Placement, device: MacroDevice, word_bits: int) -> PlacedStep:
    """Run the layers of a training step on the machines that ``placed_system`` builds for them.

    Layers that hold the same kinds of tensors run together. Every layer starts from empty scratchpads, so the sum equals a single
    run if main memory is a latency and a bandwidth. Leakage is that of the memory with which a layer runs. Raise InputError as
    ``placed_system`` and ``simulate`` do.
    """
    running = {name for name, size in network_sizes(step, system).items() if size.steps}
    groups: dict[tuple[tuple[str, TensorKind | None], ...], list[str]] = {}
    for instance in step.instances():
        if instance.name in running:
            groups.setdefault(tuple(held_tensors(instance.layer).items()), []).append(instance.name)
    machines = [(placed_system(system, placement, dict(held), device, word_bits), names) for held, names in groups.items()]
    parts = tuple(simulate(step, machine, layers=names) for machine, names in machines)
    energy = pd.concat([results.energy for results in parts]).groupby("part", sort=False)["energy_pj"].sum().reset_index()
    return PlacedStep(sum(results.cycles for results in parts), energy, parts)
