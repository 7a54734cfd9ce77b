"""What a run will take before it runs: time, memory, and room on the disk, each with its spread.

The formulas fit 19 measured runs of every kind of machine: lenet5 to vgg16, inference and training, both engines
(docs/performance.md). All of them lay within the ranges given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from simcore.engine.shortcuts import Shortcuts
from simcore.kinds import MachineKind, RunOrder, kind_of
from simcore.simulation import WhatRuns, machine_for, network_for, wanted_layers
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    import networkx as nx

    from workloads.network import Network

#: Seconds to begin a run and to plan a layer, and the shares of the kind's own estimate, which is cautious for its first engine.
LOAD_S, LAYER_S, SHARE, OTHER_ENGINES_SHARE = 0.1, 0.003, 0.45, 1.2
#: How far a run may lie from the estimate.
SECONDS_SPREAD, MEMORY_SPREAD, DISK_SPREAD = (0.3, 4.0), (0.7, 1.5), (0.3, 1.5)
#: Bytes of a process with an engine, of one that also makes tables, and for each time bin of a bank in a layer.
ENGINE_BYTES, PROCESS_BYTES, BIN_BYTES = 115e6, 215e6, 250.0
#: Bytes on the disk of a run, of a layer, of a bank in a layer, and of a time bin.
RUN_DISK_BYTES, LAYER_DISK_BYTES, BANK_DISK_BYTES, BIN_DISK_BYTES = 120e3, 1.5e3, 100.0, 42.0
#: The share of the time bins that layers use, on average.
BINS_USED = 0.8


@dataclass(frozen=True)
class Range:
    """A quantity that is probably ``likely``, and as good as surely between ``least`` and ``most``."""

    least: float
    likely: float
    most: float

    def times(self, factor: float) -> Range:
        """Return the range of so many times the quantity."""
        return Range(self.least * factor, self.likely * factor, self.most * factor)


@dataclass(frozen=True)
class RunSize:
    """The size of a run: simulated core cycles, stalls not included (0 if a formula gives them), and what it takes.

    ``seconds`` does not hold the start of the process and the first run's compilation. ``disk_bytes`` is the size of a saved
    run without traces and figures.
    """

    cycles: float
    layers: int
    seconds: Range
    memory_bytes: Range
    disk_bytes: Range


def estimate(
    network: Network | nx.DiGraph[Any] | str | Path,
    system: MachineSpec | str | Path = "edge-sram",
    **asked: Unpack[WhatRuns],
) -> RunSize:
    """Return what ``simulate`` would take with these arguments. It takes no noticeable time. Raise InputError as it does."""
    machine = machine_for(system, asked.get("dataflow"), asked.get("overrides", ()))
    kind = kind_of(machine)
    graph = network_for(network, machine, asked.get("batch"), asked.get("training"))
    wanted, engine = wanted_layers(graph, asked.get("layers")), kind.engine_named(asked.get("engine"))
    return size_of(kind, machine, RunOrder(graph, wanted, engine, Shortcuts()))


def size_of(kind: MachineKind[Any, Any], machine: MachineSpec, order: RunOrder) -> RunSize:
    """Return the size of a run. Raise InputError for layers that have no size on the machine."""
    known = kind.estimate(machine, order)
    layers = known.layers if known.layers is not None else len(_wanted(order))
    share = SHARE if order.engine == kind.engines[0] else OTHER_ENGINES_SHARE
    seconds = LOAD_S + LAYER_S * layers + share * known.seconds
    banks = len(kind.banks(machine))
    bins = BINS_USED * layers * banks * kind.timeline_bins
    memory = max(ENGINE_BYTES + known.plan_bytes, PROCESS_BYTES + BIN_BYTES * bins)
    disk = RUN_DISK_BYTES + (LAYER_DISK_BYTES + BANK_DISK_BYTES * banks) * layers + BIN_DISK_BYTES * bins
    return RunSize(
        cycles=known.cycles,
        layers=layers,
        seconds=spread(seconds, SECONDS_SPREAD),
        memory_bytes=spread(memory, MEMORY_SPREAD),
        disk_bytes=spread(disk, DISK_SPREAD),
    )


def spread(likely: float, factors: tuple[float, float]) -> Range:
    """Return the range around a likely quantity."""
    return Range(likely * factors[0], likely, likely * factors[1])


def _wanted(order: RunOrder) -> list[str]:
    names = [instance.name for instance in order.network.instances()]
    return names if order.wanted is None else [name for name in names if name in order.wanted]
