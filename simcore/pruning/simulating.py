"""The simulation of one training step, and what is kept of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simcore.engine.store import Store
from simcore.program.program import Port
from simcore.pruning.step_cost import LayerCost, StepCost, known, owner
from simcore.results import LayerRun, Results
from simcore.simulation import simulate
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.network import Network

#: Scratchpad -> the ports of the array that read and write it. Sums lie in the accumulator and belong to the results.
_PORTS = {"ifmap": (Port.IFMAP,), "filter": (Port.FILTER,), "ofmap": (Port.PSUM, Port.OUTPUT)}
#: Passes whose results are gradients of weights, or weights.
_OF_WEIGHTS = ("weight_gradient", "update")


def simulate_step(
    network: Network,
    machine: MachineSpec,
    optimizer: str = "sgd",
    *,
    limit_s: float | None = None,
    kept: Store[Any] | None = None,
) -> StepCost:
    """Simulate one training step of the network on a batch; ``kept`` has layers that equal ones take over.

    Raise InputError as ``simulate`` does.
    """
    results = simulate(network, machine, training=optimizer, limit_s=limit_s, kept=kept)
    return step_cost(results, network, optimizer)


def step_cost(results: Results, network: Network, optimizer: str) -> StepCost:
    """Return what is kept of the results of a training step of the network."""
    from workloads.training import training_step

    kinds = {instance.name: kinds_of(instance.layer) for instance in training_step(network, optimizer=optimizer).instances()}
    names = [instance.name for instance in network.instances()]
    peak = results.kind.macs_per_cycle(results.system)
    layers = tuple(
        _layer_cost(run, row, kinds[run.name], owner(run.name, names), results)
        for run, row in zip(results.runs, results.layer_rows, strict=True)
    )
    return StepCost(
        layers=layers,
        time_cycles=int(results.time_cycles),
        clock_hz=int(results.system.core_clock_hz),
        peak=None if math.isinf(peak) else float(peak),
        energy_parts_pj={part: float(spent) for part, spent in results.part_energies_pj.items()},
        wear=_wear(results),
    )


def kinds_of(layer: Any) -> Mapping[str, str]:
    """Return the scratchpads that a layer of a training step uses, each with "weights" or "activations".

    Gradients of weights, and what an optimiser keeps, count as weights; gradients of activations count as activations.
    """
    from workloads.dataflow.rules.table import held_tensors

    held = held_tensors(layer)
    own = "weights" if layer.pass_name in _OF_WEIGHTS else "activations"
    return {pad: "weights" if kind == "weights" else own if kind is None else "activations" for pad, kind in held.items()}


def _layer_cost(run: LayerRun, row: Mapping[str, Any], kinds: Mapping[str, str], of: str, results: Results) -> LayerCost:
    words = _words(run, kinds) if _has(results, lambda other: bool(other.outcome and other.outcome.port_words.any())) else {}
    moved = _moved(run, kinds) if _has(results, lambda other: "tiling" in other.facts) else {}
    efficiency = known(row["mapping_efficiency_percent"])
    peak = results.kind.macs_per_cycle(results.system)
    writes = [spent for name, spent in row.items() if name.endswith("_write_pj")]
    return LayerCost(
        name=run.name,
        of=of,
        op=run.op,
        pass_name=run.pass_name,
        macs=int(row["macs"]),
        cycles=int(row["cycles"]),
        compute_cycles=int(row["compute_cycles"]),
        mapped_cycles=100 * row["macs"] / (peak * efficiency) if efficiency else None,
        stall_cycles={cause: int(row[f"stall_{cause}_cycles"]) for cause in results.kind.causes if row[f"stall_{cause}_cycles"]},
        weight_accesses=words.get("weights"),
        activation_accesses=words.get("activations"),
        weight_dram_bytes=moved.get("weights"),
        activation_dram_bytes=moved.get("activations"),
        dram_bytes=int(row["dram_read_bytes"] + row["dram_write_bytes"]),
        energy_pj=known(row["energy_pj"]),
        write_pj=known(sum(writes)) if writes else None,
    )


def _has(results: Results, of_layer: Callable[[LayerRun], bool]) -> bool:
    """Return whether any layer of the run has something. A machine whose layers all lack it does not count it."""
    return any(of_layer(run) for run in results.runs)


def _words(run: LayerRun, kinds: Mapping[str, str]) -> dict[str, int]:
    """Return the words that the ports of the array moved, by kind of tensor."""
    found = {"weights": 0, "activations": 0}
    for pad, ports in _PORTS.items():
        found[kinds.get(pad, "activations")] += sum(run.per_port("port_words", port) for port in ports)
    return found


def _moved(run: LayerRun, kinds: Mapping[str, str]) -> dict[str, int]:
    """Return the bytes moved from and to main memory, by kind of tensor. A layer without tensors of its own moves none."""
    found = {"weights": 0, "activations": 0}
    if run.outcome is None:
        return found
    moved = run.outcome.dma_read_bytes + run.outcome.dma_write_bytes
    regions = [*run.facts["tiling"]["tiles"], *(run.facts["ahead"].roles if "ahead" in run.facts else ())]
    for region, count in zip(regions, moved, strict=True):
        found[kinds.get("ofmap" if region == "psum" else region, "activations")] += int(count)
    return found


def _wear(results: Results) -> tuple[dict[str, Any], ...]:
    """Return the writes of each scratchpad, and the most writes of a line in it; nothing if they were not counted."""
    if results.line_wear is None:
        return ()
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in results.wear.to_dict("records"):
        key = (str(row["scratchpad"]), str(row["memory"]))
        pad = found.setdefault(
            key, {"scratchpad": key[0], "memory": key[1], "writes": 0, "busiest_line_writes": 0, "endurance_writes": None}
        )
        pad["writes"] += int(row["writes"])
        pad["busiest_line_writes"] = max(pad["busiest_line_writes"], int(row["busiest_line_writes"]))
        endurance = float(row["endurance_writes"])
        pad["endurance_writes"] = endurance if math.isfinite(endurance) else None
    return tuple(found.values())
