"""``simulate``: a network on a system, from names, files or objects to Results."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simcore.dram.standard import own_files
from simcore.engine import ENGINES, load_engine, run_programs
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError, did_you_mean
from simcore.machine.line_writes import LineWrites, no_line_writes
from simcore.machine.machine import build_machine
from simcore.planned import PlannedLayer, plan_layers
from simcore.program.outcome import Outcome
from simcore.progress import OnProgress
from simcore.results import LayerRun, Results
from simcore.results.manifest import build_manifest
from simcore.results.rates import energy_rates
from simcore.results.wear import LineWear, bank_endurance
from simcore.run_time import LIMIT_S, refuse_too_long
from simcore.spec import DramMemorySpec, System, load_system, override_system, system_files
from simcore.value_check import ValueCheck

if TYPE_CHECKING:
    import networkx as nx

    from workloads.dataflow.size import Size
    from workloads.network import Network

DATAFLOWS = ("ws", "os", "is")

#: Array steps of the reference engine from one call of ``progress`` to the next.
PROGRESS_STEPS = 64


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
    check_values: bool = False,
    limit_s: float | None = LIMIT_S,
    progress: OnProgress | None = None,
) -> Results:
    """Run a network on a system and return its tables.

    ``network``: a Network, a networkx.DiGraph whose nodes carry layers, a registered name, or a file (.onnx, SCALE-Sim's .csv).
    ``system``: a System, a preset's name, or a file (.yaml, SCALE-Sim's .cfg); ``overrides`` are "key=value" texts laid upon it,
    and ``dataflow`` ("ws", "os", "is") is short for one of them. ``layers``: glob patterns, comma separated or a sequence; only
    matching layers run. ``training``: an optimiser ("sgd", "momentum", "adam"); runs one training step on the batch in place of
    inference. Both engines give the same tables; ``shortcuts`` switches the compiled one's off one by one.
    ``check_values`` (engine "simpy" alone) lets the PEs multiply int8 numbers drawn from the System's ``seed`` and holds what the
    array writes against numpy's product, layer by layer; ``Results.values`` says what came of it.
    ``progress`` is told of array steps: often by the reference engine, after each layer by the compiled one.
    ``limit_s``: a run that takes more seconds than this by estimate is refused; None takes any.
    Raises InputError for anything of these that cannot be used, WrongValuesError where a checked value is not numpy's.
    """
    if engine not in ENGINES:
        raise InputError(f"no engine named {engine!r}", hint=did_you_mean(engine, ENGINES))
    if check_values and engine != "simpy":
        raise InputError(
            f"values can be checked with engine 'simpy' alone, got {engine!r}", hint="its PEs multiply: add --engine simpy"
        )
    machine = _system(system, dataflow, overrides)
    rates, endurance = energy_rates(machine), bank_endurance(machine)
    graph = _network(network, machine, batch, training)
    used = shortcuts if shortcuts is not None else Shortcuts()
    wanted = _wanted(graph, layers)
    refuse_too_long(_sizes(graph, machine, wanted), machine, engine, limit_s, check_values=check_values)
    load_engine(engine, has_dram=isinstance(machine.memory, DramMemorySpec))
    started = time.perf_counter()
    planned = plan_layers(graph, machine, wanted, with_folds=check_values)
    check = ValueCheck(planned, machine) if check_values else None
    line_writes = no_line_writes(build_machine(machine))
    outcomes = _run(planned, machine, engine, used, check, progress, line_writes)
    wall_s = time.perf_counter() - started
    manifest = build_manifest(
        system=machine.to_yaml_dict(),
        network=graph.name,
        batch=graph.batch,
        engine=engine,
        shortcuts=asdict(used),
        inputs=_input_files(network, system, machine),
        overrides=overrides,
        values_checked=check_values,
    )
    said = check.said if check is not None else {}
    line_wear = LineWear(line_writes, endurance)
    return Results(machine, _layer_runs(planned, outcomes, said), rates, manifest, wall_s, line_wear)


def _run(
    planned: Sequence[PlannedLayer],
    system: System,
    engine: str,
    shortcuts: Shortcuts,
    check: ValueCheck | None,
    progress: OnProgress | None,
    line_writes: LineWrites,
) -> list[Outcome]:
    """Run the layers that run, telling ``progress`` of them and letting ``check`` compare the values of each.

    How often each line is written is added to ``line_writes``.
    """
    running = [layer for layer in planned if layer.runs]
    ends = list(accumulate(layer.steps for layer in running))

    def on_step(index: int, step: int) -> None:
        if progress is not None and step % PROGRESS_STEPS == 0:
            progress(ends[index] - running[index].steps + step, ends[-1], running[index].instance.name)

    def on_layer(index: int, _: Outcome) -> None:
        if check is not None:
            check.compare()
        if progress is not None:
            progress(ends[index], ends[-1], running[index].instance.name)

    return run_programs(
        system,
        (layer.program(system, with_folds=check is not None) for layer in running),
        engine=engine,
        shortcuts=shortcuts,
        on_layer=on_layer,
        on_step=None if progress is None else on_step,
        operands=None if check is None else check.operands,
        line_writes=line_writes,
    )


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


def _wanted(network: Network, layers: str | Sequence[str] | None) -> set[str] | None:
    """Names of the layers that match the patterns; None for all."""
    patterns = [layers] if isinstance(layers, str) else layers
    split = [part.strip() for pattern in patterns or () for part in pattern.split(",") if part.strip()]
    if layers is not None and not split:
        raise InputError(f"expected layer patterns such as 'layer1*,fc', got {layers!r}")
    return {instance.name for instance in network.select(split)} if split else None


def _sizes(network: Network, system: System, wanted: set[str] | None) -> Iterable[Size]:
    from workloads.dataflow.size import network_sizes

    return network_sizes(network, system, wanted).values()


def _input_files(network: object, system: object, machine: System) -> list[Path]:
    """Every file of the user's that the run was made from."""
    systems = system_files(system) if isinstance(system, str | Path) else []
    return [*([Path(network)] if isinstance(network, str | Path) else []), *systems, *map(Path, _model_files(machine))]


def _model_files(system: System) -> set[str]:
    """Files of bank timings, of a DRAM's table and of the tables it extends that are the user's own."""
    models = {group.timing.model for pad in system.scratchpads.values() for group in pad.groups if group.timing is not None}
    tables = own_files(system.memory.standard) if isinstance(system.memory, DramMemorySpec) else []
    return {model.rpartition(":")[0] for model in models if ".py:" in model} | {str(path) for path in tables}


def _layer_runs(planned: Sequence[PlannedLayer], outcomes: Sequence[Outcome], values: Mapping[str, str]) -> list[LayerRun]:
    following = iter(outcomes)
    runs = []
    for layer in planned:
        name, op = layer.instance.name, layer.instance.layer.op
        outcome = next(following) if layer.runs else None
        macs = int(layer.facts.get("macs", layer.instance.macs))
        facts = {**layer.facts, "pass": layer.instance.layer.pass_name}
        runs.append(LayerRun(name, op, macs, outcome, facts, layer.fused_into, values.get(name)))
    return runs
