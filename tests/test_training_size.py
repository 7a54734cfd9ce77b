"""Training steps are estimated before they are planned, and a step that would run for hours is rejected."""

from __future__ import annotations

from typing import Any

import pytest
from training_networks import CORNER, CORNER_IMAGE, after_weights, many_layers, product_network
from typer.testing import CliRunner

from simcore import InputError, load_system, simulate
from simcore.cli import app
from workloads.dataflow import lower_network
from workloads.dataflow.size import Size, network_sizes
from workloads.layers import Activation, Dropout, Pool
from workloads.network import Network
from workloads.networks import lenet5, resnet18_32
from workloads.training import training_step

NETWORKS = [
    many_layers(),
    product_network(),
    after_weights(CORNER, CORNER_IMAGE, batch=3),
    after_weights(Pool("pool", "max", 3, 2), (5, 9, 9), batch=2),
    after_weights(Activation("gelu", "gelu"), (3, 5, 5)),
    after_weights(Dropout("dropout"), (3, 5, 5)),
    lenet5(4),
]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name + "-" + network.order()[-1])
@pytest.mark.parametrize("strided", ["phases", "zeros"])
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_the_size_of_each_layer_of_a_step_is_that_of_its_program(network: Network, strided: str, dataflow: str) -> None:
    changes = [f"array.dataflow={dataflow}", "tiling=whole", "array.rows=8", "array.columns=5", "words.filter_bytes=2"]
    system = load_system("edge-sram", changes)
    step = training_step(network, optimizer="adam", strided=strided)
    sizes = network_sizes(step, system)
    for instance, program, fused_into in lower_network(step, system):
        if fused_into is not None:
            assert instance.name not in sizes
        elif program is None:
            assert sizes[instance.name] == Size()
        else:
            assert sizes[instance.name].steps == program.steps, instance.name
            moved = program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"]
            assert 0 < sizes[instance.name].bytes_moved <= moved, instance.name


@pytest.mark.slow
@pytest.mark.parametrize(("network", "system"), [("lenet5", "edge-sram"), ("resnet18-32", "train-stt")])
def test_cycles_of_a_step_are_estimated_within_a_factor_of_two(network: str, system: str) -> None:
    machine = load_system(system)
    made = {"lenet5": lenet5, "resnet18-32": resnet18_32}[network](2)
    estimate = sum(size.cycles(machine) for size in network_sizes(training_step(made), machine).values())
    assert estimate <= simulate(made, machine, training="sgd").cycles <= 2 * estimate


def test_a_step_that_would_run_for_hours_is_refused_before_it_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.systolic.planned.plan_layers", lambda *_, **__: pytest.fail("it was planned"))
    found = CliRunner().invoke(app, ["run", "resnet18", "--training", "--batch", "65536"])
    assert found.exit_code == 2
    assert "hours, the limit is 60 minutes" in found.stderr


def test_a_step_takes_longer_than_inference_and_no_limit_lifts_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*options: str) -> Any:
        return CliRunner().invoke(app, ["run", "lenet5", "--layers", "f6*", *options])

    step, machine = training_step(lenet5()), load_system("edge-sram")
    forward = sum(size.cycles(machine) for size in network_sizes(lenet5(), machine, {"f6"}).values())
    monkeypatch.setattr("simcore.cli.simulating.LIMIT_S", forward / 5e6)
    assert len([name for name in step.order() if name.startswith("f6")]) == 4
    assert run().exit_code == 0
    assert run("--training").exit_code == 2
    assert run("--training", "--no-limit").exit_code == 0


def test_scale_sims_shapes_are_refused_by_the_estimate_as_by_the_plan() -> None:
    with pytest.raises(InputError, match="expected shapes: standard for a training step"):
        simulate("lenet5", "scale-sim-32x32-ws", training="sgd")
