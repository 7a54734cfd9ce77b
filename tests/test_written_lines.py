"""The lines that a layer wrote are found in its own regions: the same ones that a look at all lines of the machine finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcore.engine.compiled import run
from simcore.machine.line_writes import LineWrites
from simcore.simulation import simulate
from simcore.spec import load_system
from workloads.load import load_network
from workloads.training import training_step

PADS = ("ifmap", "filter", "ofmap", "accumulator")


def checked(monkeypatch: pytest.MonkeyPatch, network: Any, system: str, overrides: list[str]) -> int:
    """Simulate, and compare what each layer is found to have written with all lines. Return how many layers were compared."""
    before: list[np.ndarray] = []
    compared: list[int] = []
    rows_before, written_since = run.rows_before, run.written_since

    def begun(program: Any, pads: Any, counted: LineWrites) -> Any:
        before.append(counted.flat.copy())
        return rows_before(program, pads, counted)

    def ended(rows: Any, counted: LineWrites) -> Any:
        lines, writes = written_since(rows, counted)
        more = counted.flat - before.pop()
        assert lines.tolist() == np.flatnonzero(more).tolist()
        assert writes.tolist() == more[lines].tolist()
        compared.append(len(lines))
        return lines, writes

    monkeypatch.setattr(run, "rows_before", begun)
    monkeypatch.setattr(run, "written_since", ended)
    simulate(network, load_system(system, overrides))
    assert sum(compared) > 0
    return len(compared)


@pytest.mark.slow
@pytest.mark.parametrize("interleaving", ["low-order", "xor", "block"])
def test_lines_of_a_network_for_each_way_in_which_lines_go_to_banks(monkeypatch, interleaving):
    overrides = [f"scratchpads.{pad}.interleaving={interleaving}" for pad in PADS]
    assert checked(monkeypatch, load_network("lenet5", 2), "edge-stt", overrides) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["dma.prefetch=next-layer"]], ids=["alone", "prefetch"])
def test_lines_of_a_training_step_whose_results_stay(monkeypatch, more):
    """What stays lies at the top of scratchpads and work at the bottom; loads for the next layer go to lines of its regions."""
    overrides = ["layer_results=scratchpads", *(f"scratchpads.{pad}.capacity_bytes=64 KiB" for pad in PADS), *more]
    assert checked(monkeypatch, training_step(load_network("lenet5", 4)), "train-sram", overrides) >= 20


@pytest.mark.slow
def test_lines_of_scratchpads_that_tensors_share(monkeypatch):
    assert checked(monkeypatch, load_network("lenet5", 1), "tpu-v3-core", []) >= 5
