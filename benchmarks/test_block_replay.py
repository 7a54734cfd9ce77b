"""The gain from replay of blocks: engine time with and without it in one run, equal tables, what was repeated layer by layer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest

from benchmarks.conftest import add_row
from simcore import simulate
from simcore.engine.compiled.replay.blocks import Replayed
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.results import Results

#: Network, system, how it runs, and the least ratio: no run may take 1.1 times as long as without replay.
RUNS: list[tuple[str, str, dict[str, Any], float]] = [
    ("vgg16", "edge-sram", {}, 3.5),
    ("vgg16", "edge-stt", {}, 3.5),
    ("resnet18", "edge-sram", {}, 1.2),
    ("resnet18", "edge-stt", {}, 1.2),
    ("vgg16-32", "edge-sram", {"training": "momentum", "batch": 128}, 3.0),
    ("mobilenet-v2", "edge-stt", {}, 2.0),
    *(("vgg16-32", system, {}, 1 / 1.1) for system in ("edge-sram", "edge-unified", "train-stt")),
    *(
        (network, system, {}, 1 / 1.1)
        for network in ("alexnet", "resnet18")
        for system in (
            *("edge-stt-buffered", "edge-unified", "edge-hybrid", "cloud-128x128-ws", "tpu-v3-core"),
            *("scale-sim-32x32-ws", "train-sram", "train-stt"),
        )
    ),
]


@dataclass
class Timed:
    """The CPU seconds of the engine, and what it replayed."""

    cpu_s: float = 0.0
    layers: list[Replayed] = field(default_factory=list)


@contextmanager
def timed_engine() -> Iterator[Timed]:
    """Add up the CPU seconds of every layer that the compiled engine runs."""
    found, run = Timed(), CompiledEngine.run

    def timed_run(engine: CompiledEngine, *arguments: Any) -> Any:
        """Run the layer; add its CPU seconds and its counts of blocks."""
        began_s = time.process_time()
        outcome = run(engine, *arguments)
        found.cpu_s += time.process_time() - began_s
        found.layers += engine.block_replay.replayed
        engine.block_replay.replayed.clear()
        return outcome

    with mock.patch.object(CompiledEngine, "run", timed_run):
        yield found


def _timed(network: str, system: str, block_replay: bool, how: dict[str, Any]) -> tuple[Timed, Results]:
    with timed_engine() as found:
        results = simulate(network, system, shortcuts=Shortcuts(block_replay=block_replay), limit_s=None, **how)
    return found, results


@pytest.mark.usefixtures("_warm_kernel")
@pytest.mark.parametrize(("network", "system", "how", "least"), RUNS, ids=[f"{run[0]}-{run[1]}" for run in RUNS])
def test_replay_pays_and_changes_no_table(network: str, system: str, how: dict[str, Any], least: float) -> None:
    """The best of two runs each, in turn."""
    runs = {on: [_timed(network, system, on, how)] for on in (False, True)}
    for on in (False, True):
        runs[on].append(_timed(network, system, on, how))
    (off, expected), (on_, found) = (min(runs[on], key=lambda run: run[0].cpu_s) for on in (False, True))
    tables = found.tables()
    assert [name for name, table in expected.tables().items() if not table.equals(tables[name])] == []
    hits, blocks = sum(layer.hits for layer in on_.layers), sum(layer.blocks for layer in on_.layers)
    add_row(
        "Replay of blocks (engine alone)",
        network=network,
        system=system,
        off_CPU_s=f"{off.cpu_s:.3f}",
        on_CPU_s=f"{on_.cpu_s:.3f}",
        ratio=f"{off.cpu_s / on_.cpu_s:.2f}",
        repeated=f"{hits / blocks:.1%}" if blocks else "-",
    )
    for layer in on_.layers if least > 1 and not how else ():
        add_row(
            f"Blocks of {network} on {system}",
            layer=layer.layer,
            blocks=layer.blocks,
            repeated=f"{layer.hits / layer.blocks:.1%}",
            simulated_alone=layer.misses,
        )
    assert off.cpu_s / on_.cpu_s >= least
