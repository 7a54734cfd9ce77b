"""``simulate``: a network on a system, from names, files or objects to Results."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simcore.engine import ENGINES, load_engine, run_programs
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError, did_you_mean
from simcore.outcome import Outcome
from simcore.results import LayerRun, Results
from simcore.results.manifest import build_manifest
from simcore.results.rates import energy_rates
from simcore.spec import System, load_system, override_system

if TYPE_CHECKING:
    import networkx as nx

    from workloads.dataflow import Lowered
    from workloads.network import Network

DATAFLOWS = ("ws", "os", "is")

#: Called after each layer with (layers done, layers in all, name of the layer done).
OnProgress = Callable[[int, int, str], None]


def simulate(
    network: Network | nx.DiGraph[Any] | str | Path,
    system: System | str | Path = "edge-sram",
    *,
    engine: Literal["compiled", "simpy"] | str = "compiled",
    dataflow: str | None = None,
    layers: str | Sequence[str] | None = None,
    batch: int | None = None,
    training: str | None = None,
    overrides: Sequence[str] = (),
    shortcuts: Shortcuts | None = None,
    progress: OnProgress | None = None,
) -> Results:
    """Run a network on a system and return its tables.

    ``network``: a Network, a networkx.DiGraph whose nodes carry layers, a registered name, or a file (.onnx, SCALE-Sim's .csv).
    ``system``: a System, a preset's name, or a file (.yaml, SCALE-Sim's .cfg); ``overrides`` are "key=value" texts laid upon it,
    and ``dataflow`` ("ws", "os", "is") is short for one of them. ``layers``: glob patterns, comma separated or a sequence; only
    matching layers run. ``training``: an optimiser ("sgd", "momentum", "adam"); runs one training step on the batch in place of
    inference. Both engines give the same tables; ``shortcuts`` switches the compiled one's off one by one.
    Raises InputError for anything of these that cannot be used.
    """
    if engine not in ENGINES:
        raise InputError(f"no engine named {engine!r}", hint=did_you_mean(engine, ENGINES))
    machine = _system(system, dataflow, overrides)
    rates = energy_rates(machine)
    graph = _network(network, machine, batch, training)
    used = shortcuts if shortcuts is not None else Shortcuts()
    load_engine(engine)
    started = time.perf_counter()
    lowered = _selected(graph, machine, layers)
    names = [instance.name for instance, program, _ in lowered if program is not None]

    def on_layer(index: int, _: Outcome) -> None:
        if progress is not None:
            progress(index + 1, len(names), names[index])

    programs = [program for _, program, _ in lowered if program is not None]
    outcomes = run_programs(machine, programs, engine=engine, shortcuts=used, on_layer=on_layer)
    wall_s = time.perf_counter() - started
    manifest = build_manifest(
        system=machine.to_yaml_dict(),
        network=graph.name,
        batch=graph.batch,
        engine=engine,
        shortcuts=asdict(used),
        inputs=[Path(source) for source in (network, system, *_model_files(machine)) if isinstance(source, str | Path)],
        overrides=overrides,
    )
    return Results(machine, _layer_runs(lowered, outcomes), rates, manifest, wall_s)


def _system(system: System | str | Path, dataflow: str | None, overrides: Sequence[str]) -> System:
    if not isinstance(system, System | str | Path):
        raise InputError(f"system: expected a System, a name or a file, got {system!r}")
    if isinstance(overrides, str):
        raise InputError(f"overrides: expected a sequence of 'key=value' texts, got the one text {overrides!r}")
    wanted = [*overrides] if dataflow is None else [*overrides, f"array.dataflow={_dataflow(dataflow)}"]
    return override_system(system, wanted) if isinstance(system, System) else load_system(system, wanted)


def _dataflow(name: str) -> str:
    if name not in DATAFLOWS:
        raise InputError(f"no dataflow named {name!r}", hint=did_you_mean(name, DATAFLOWS))
    return name


def _network(network: Network | nx.DiGraph[Any] | str | Path, system: System, batch: int | None, training: str | None) -> Network:
    from workloads.load import load_network
    from workloads.network import Network, from_graph

    if isinstance(network, str | Path):
        found = load_network(network, batch, scale_sim_shapes=system.shapes == "scale-sim")
    else:
        found = network if isinstance(network, Network) else from_graph(network)
        found = found if batch is None else found.with_batch(batch)
    if training is None:
        return found
    from workloads.training import training_step

    return training_step(found, optimizer=training)


def _selected(network: Network, system: System, layers: str | Sequence[str] | None) -> list[Lowered]:
    """The network's layers, lowered; with patterns, those that match. A layer fused into another cannot be chosen alone."""
    from workloads.dataflow import lower_network

    patterns = [layers] if isinstance(layers, str) else layers
    split = [part.strip() for pattern in patterns or () for part in pattern.split(",") if part.strip()]
    if layers is not None and not split:
        raise InputError(f"expected layer patterns such as 'layer1*,fc', got {layers!r}")
    wanted = {instance.name for instance in network.select(split)} if split else None
    kept = lower_network(network, system, only=wanted)
    if not any(program is not None for _, program, _ in kept):
        where = {f"'{fused}'" for _, _, fused in kept if fused}
        hint = f"choose {', '.join(sorted(where))}, or set vector_unit.fuse=false" if where else None
        raise InputError(f"none of the layers {', '.join(item[0].name for item in kept)} runs by itself", hint=hint)
    return kept


def _model_files(system: System) -> set[str]:
    """Files of bank timings that are the user's own."""
    models = {group.timing.model for pad in system.scratchpads.values() for group in pad.groups}
    return {model.rpartition(":")[0] for model in models if ".py:" in model}


def _layer_runs(lowered: Sequence[Lowered], outcomes: Sequence[Outcome]) -> list[LayerRun]:
    following = iter(outcomes)
    runs = []
    for instance, program, fused_into in lowered:
        outcome, facts = (None, {}) if program is None else (next(following), program.facts)
        facts = facts | {"pass": instance.layer.pass_name}
        macs = int(facts.get("macs", instance.macs))
        runs.append(LayerRun(instance.name, instance.layer.op, macs, outcome, facts, fused_into))
    return runs
