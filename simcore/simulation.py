"""``simulate``: run a network on a machine of any kind, given as names, files or objects, and return Results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError
from simcore.kinds import MachineKind, Ran, RunOrder, kind_of
from simcore.kinds.ran_check import check_ran
from simcore.progress import OnProgress
from simcore.reading.overrides import Overrides, and_also, texts_of
from simcore.results import Results
from simcore.results.manifest import build_manifest
from simcore.results.wear import LineWear
from simcore.run_time import LIMIT_S, refuse_too_long
from simcore.spec import MachineSpec, system_files
from simcore.spec.load import kind_of_source, load_buildable, override_placed

if TYPE_CHECKING:
    import networkx as nx

    from simcore.dram.tables import IntArray, ResolvedDram
    from simcore.engine.store import Store
    from simcore.results.perfetto.order import TimelineOrder
    from simcore.results.trace_files import TraceOrder
    from workloads.network import Network


class WhatRuns(TypedDict, total=False):
    """The arguments of ``simulate`` that say, besides the network and the system, what runs."""

    engine: str | None
    dataflow: str | None
    layers: str | Sequence[str] | None
    batch: int | None
    training: str | None
    overrides: Overrides


def simulate(
    network: Network | nx.DiGraph[Any] | str | Path,
    system: MachineSpec | str | Path = "edge-sram",
    *,
    engine: str | None = None,
    dataflow: str | None = None,
    layers: str | Sequence[str] | None = None,
    batch: int | None = None,
    training: str | None = None,
    overrides: Overrides = (),
    shortcuts: Shortcuts | None = None,
    check_values: bool = False,
    limit_s: float | None = LIMIT_S,
    progress: OnProgress | None = None,
    trace: TraceOrder | TimelineOrder | None = None,
    commands: str | Path | None = None,
    kept: Store[Any] | None = None,
) -> Results:
    """Run a network on a system and return its tables. All engines give the same.

    ``network``: a Network, a networkx.DiGraph whose nodes carry layers, a registered name, or a file (.onnx, SCALE-Sim's .csv).
    ``system``: a machine's spec, a preset's name, or a file (.yaml, SCALE-Sim's .cfg). ``overrides`` change its keys: values by
    key, or "key=value" texts. ``engine``: one of the kind's, or its first. ``layers``: glob patterns. ``training``: "sgd",
    "momentum" or "adam" for a training step. ``check_values``: compare the machine's products with numpy's (``Results.values``).
    ``limit_s``: the longest estimate in seconds, or None. ``trace``: files for all accesses (TraceOrder), or a TimelineOrder,
    for which the engine is by default one that can write it. ``commands``: a file for commands.
    ``kept`` keeps layers from run to run, so that equal ones are simulated once (`simcore.engine.store.MemoryStore`).
    Raise InputError for any of these that cannot be used, and WrongValuesError if a checked value differs from numpy's.
    """
    machine, places = placed_machine_for(system, dataflow, overrides)
    kind = kind_of(machine)
    engine = kind.engine_named(engine if engine is not None or trace is None else trace.engine_of(kind))
    if check_values:
        kind.require_values(engine)
    if trace is not None:
        trace.require(kind, machine, engine)
    dram = None if commands is None else kind.command_dram(machine)
    costs = kind.costs(machine)
    graph = network_for(network, machine, batch, training)
    order = RunOrder(graph, wanted_layers(graph, layers), engine, shortcuts or Shortcuts(), check_values, progress, kept=kept)
    refuse_too_long(kind.estimate(machine, order), order, limit_s)
    kind.load(machine, engine)
    started = time.perf_counter()
    plan = kind.plan(machine, order)
    with _command_file(dram, commands) as save:
        ran, traces = _run(kind, machine, replace(order, commands=save), plan, trace)
    wall_s = time.perf_counter() - started
    check_ran(kind, ran)
    manifest = _manifest(kind, machine, order, places, _input_files(network, system, machine, kind), overrides)
    manifest |= {} if traces is None else {"traces": traces}
    return Results(machine, ran.layers, costs, manifest, wall_s, _wear(kind, machine, ran), details=ran.details)


def _manifest(
    kind: MachineKind[Any, Any],
    machine: MachineSpec,
    order: RunOrder,
    places: dict[str, str],
    inputs: list[Path],
    overrides: Overrides,
) -> dict[str, Any]:
    """Return the manifest of a run: ``places`` where the keys of the machine were written, ``inputs`` the user's files."""
    manifest = build_manifest(
        kind=kind.name,
        system=machine.to_yaml_dict(),
        system_places=places,
        network=order.network.name,
        batch=order.network.batch,
        engine=order.engine,
        shortcuts=asdict(order.shortcuts),
        inputs=inputs,
        overrides=texts_of(overrides),
        values_checked=order.check_values,
    )
    return {**manifest, "network_notes": _network_notes(order.network, machine), **kind.manifest_parts(machine)}


def _network_notes(network: Network, machine: MachineSpec) -> list[str]:
    """Return what a reader of the network's file left out, and whether tensors have words of the file's sizes."""
    sized = network.has_own_words() and "words" in machine.to_yaml_dict() and machine.words.of_quantised == "graph"
    words = "tensors of the quantised graph have words of their own sizes (words.of_quantised=machine: the machine's)"
    return [*network.notes, *([words] if sized else [])]


def _run(
    kind: MachineKind[Any, Any], machine: MachineSpec, order: RunOrder, plan: object, trace: TraceOrder | TimelineOrder | None
) -> tuple[Ran, dict[str, Any] | None]:
    """Run the plan, and write traces if asked for. Return what was measured, and what the manifest says about the traces."""
    if trace is None:
        return kind.run(machine, order, plan), None
    with trace.files(kind, machine) as written:
        ran = kind.run(machine, replace(order, traced=written.traced), plan)
    return ran, written.facts()


@contextmanager
def _command_file(dram: ResolvedDram | None, path: str | Path | None) -> Iterator[Callable[[IntArray], None] | None]:
    """Claim the file, if one is wanted, and yield the function that writes commands to it."""
    if dram is None or path is None:
        yield None
        return
    from simcore.pim.saving import command_file

    with command_file(dram, Path(path)) as save:
        yield save


def _wear(kind: MachineKind[Any, Any], machine: MachineSpec, ran: Ran) -> LineWear | None:
    return None if ran.line_writes is None else kind.line_wear(machine, ran.line_writes)


def machine_for(system: MachineSpec | str | Path, dataflow: str | None, overrides: Overrides) -> MachineSpec:
    """Return the machine that these arguments of ``simulate`` describe. Raise InputError if they describe none."""
    return placed_machine_for(system, dataflow, overrides)[0]


def placed_machine_for(
    system: MachineSpec | str | Path, dataflow: str | None, overrides: Overrides
) -> tuple[MachineSpec, dict[str, str]]:
    """Return what `machine_for` returns, and the place at which each key of the system was written, by dotted key."""
    if not isinstance(system, MachineSpec | str | Path):
        raise InputError(f"system: expected a System, a name or a file, got {system!r}")
    wanted = overrides
    if dataflow is not None:
        kind = kind_of(system) if isinstance(system, MachineSpec) else kind_of_source(system)
        wanted = and_also(wanted, kind.dataflow_key, kind.dataflow_of(dataflow))
    return override_placed(system, wanted) if isinstance(system, MachineSpec) else load_buildable(system, wanted)


def network_for(
    network: Network | nx.DiGraph[Any] | str | Path, system: MachineSpec, batch: int | None, training: str | None
) -> Network:
    """Return the network that these arguments of ``simulate`` describe. Raise InputError if they describe none."""
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


def wanted_layers(network: Network, layers: str | Sequence[str] | None) -> set[str] | None:
    """Return the names of the layers that match the patterns, or None for all."""
    patterns = [layers] if isinstance(layers, str) else layers
    split = [part.strip() for pattern in patterns or () for part in pattern.split(",") if part.strip()]
    if layers is not None and not split:
        raise InputError(f"expected layer patterns such as 'layer1*,fc', got {layers!r}")
    return {instance.name for instance in network.select(split)} if split else None


def _input_files(network: object, system: object, machine: MachineSpec, kind: MachineKind[Any, Any]) -> list[Path]:
    """Return every file of the user's from which the run was made."""
    systems = system_files(system) if isinstance(system, str | Path) else []
    source = Path(network) if isinstance(network, str | Path) else getattr(network, "file", None)
    return [*([] if source is None else [source]), *systems, *kind.input_files(machine)]
