"""The gain from replay of blocks: engine time with and without it in one run, equal outcomes, and the hits of each layer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.conftest import add_row
from simcore import System, load_system
from simcore.engine import run_programs
from simcore.engine.compiled.kernels import COUNT_LAYER, RUN_BLOCKS, RUN_LAYER
from simcore.engine.compiled.replay.blocks import BlockReplay, Replayed
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.program.outcome import Outcome
from simcore.program.program import Program
from workloads.dataflow import lower_network
from workloads.load import load_network
from workloads.training import training_step

#: A training step of this network with momentum, of so many images.
TRAINED, IMAGES = "vgg16-32", 128
#: Network, system, whether it is trained, and the least ratio: no run may take 1.1 times as long as without replay.
RUNS: list[tuple[str, str, bool, float]] = [
    ("vgg16", "edge-sram", False, 3.5),
    ("vgg16", "edge-stt", False, 3.5),
    ("resnet18", "edge-sram", False, 1.2),
    ("resnet18", "edge-stt", False, 1.2),
    (TRAINED, "edge-sram", True, 3.0),
    ("mobilenet-v2", "edge-stt", False, 2.0),
    *((TRAINED, system, False, 1 / 1.1) for system in ("edge-sram", "edge-unified", "train-stt")),
    *(
        (network, system, False, 1 / 1.1)
        for network in ("alexnet", "resnet18")
        for system in (
            *("edge-stt-buffered", "edge-unified", "edge-hybrid", "cloud-128x128-ws", "tpu-v3-core"),
            *("scale-sim-32x32-ws", "train-sram", "train-stt"),
        )
    ),
]
#: Runs shorter than this are timed in more rounds.
SHORT_CPU_S = 1.0


@dataclass
class Timed:
    """A run: the engine's CPU seconds, those of its kernels alone, the outcomes, and what was replayed."""

    cpu_s: float = 0.0
    kernels_cpu_s: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)
    layers: list[Replayed] = field(default_factory=list)


@contextmanager
def _noted() -> Iterator[Timed]:
    """Note the time of the kernels and what every engine replays."""
    found, end, run_slice = Timed(), BlockReplay.end, CompiledEngine._slice

    def noted_end(replays: BlockReplay, *arguments: Any) -> bool:
        as_known = end(replays, *arguments)
        found.layers.append(replays.replayed[-1])
        return as_known

    def timed_slice(engine: CompiledEngine, *arguments: Any) -> int:
        began_s = time.process_time()
        status = run_slice(engine, *arguments)
        found.kernels_cpu_s += time.process_time() - began_s
        return status

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BlockReplay, "end", noted_end)
        patch.setattr(CompiledEngine, "_slice", timed_slice)
        yield found


def _run(system: System, programs: Sequence[Program], block_replay: bool) -> Timed:
    with _noted() as found:
        began_s = time.process_time()
        found.outcomes = run_programs(system, programs, shortcuts=Shortcuts(block_replay=block_replay))
        found.cpu_s = time.process_time() - began_s
    return found


@pytest.fixture(scope="module", autouse=True)
def _kernels() -> None:
    """Compile the kernels now if this checkout has not compiled them before."""
    for kernel in (RUN_LAYER, COUNT_LAYER, RUN_BLOCKS):
        kernel.load()


@pytest.mark.parametrize(("network", "name", "trained", "least"), RUNS, ids=[f"{run[0]}-{run[1]}-{run[2]}" for run in RUNS])
def test_replay_pays_and_changes_no_outcome(network: str, name: str, trained: bool, least: float) -> None:
    """The best of some rounds each, in turn."""
    system = load_system(name)
    graph = training_step(load_network(network, IMAGES), optimizer="momentum") if trained else load_network(network)
    programs = [program for _, program, _ in lower_network(graph, system) if program is not None]
    rounds = [(_run(system, programs, False), _run(system, programs, True))]
    for _ in range(4 if rounds[0][0].cpu_s < SHORT_CPU_S else 1 if not trained else 0):
        rounds.append((_run(system, programs, False), _run(system, programs, True)))
    off, on = (min((both[number] for both in rounds), key=lambda run: run.cpu_s) for number in (0, 1))
    found = zip(programs, off.outcomes, on.outcomes, strict=True)
    assert [program.name for program, expected, other in found if expected.differences(other)] == []
    hits, blocks = sum(layer.hits for layer in on.layers), sum(layer.blocks for layer in on.layers)
    add_row(
        "Replay of blocks (engine alone)",
        network=graph.name,
        system=name,
        off_CPU_s=f"{off.cpu_s:.3f}",
        on_CPU_s=f"{on.cpu_s:.3f}",
        ratio=f"{off.cpu_s / on.cpu_s:.2f}",
        repeated=f"{hits / blocks:.1%}" if blocks else "-",
        in_kernels=f"{on.kernels_cpu_s / on.cpu_s:.0%}",
    )
    for layer in on.layers if least > 1 else ():
        add_row(
            f"Blocks of {graph.name} on {name}",
            layer=layer.layer,
            blocks=layer.blocks,
            repeated=f"{layer.hits / layer.blocks:.1%}",
            simulated_alone=layer.misses,
        )
    assert off.cpu_s / on.cpu_s >= least
