"""Runs and plans too large for any machine are rejected with an estimate before they begin, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import invoke
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import draw_layer, draw_system, instance_of

from simcore import InputError, simulate
from simcore.results import Results
from simcore.run_time import in_words
from simcore.spec import load_system, override_system
from simcore.systolic.run_time import CYCLES_PER_S, PE_STEPS_PER_S, run_estimate
from workloads.dataflow import lower
from workloads.dataflow.plan_memory import BYTES_PER_FOLD
from workloads.dataflow.size import Size, layer_size, network_sizes
from workloads.layers import Concat, Flatten, GlobalPool, Linear
from workloads.load import load_network

# Sizes -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_size_of_a_layer_is_that_of_its_program(data: st.DataObject) -> None:
    def pick(options: Any) -> Any:
        return data.draw(st.sampled_from(options))

    system, layer = draw_system(pick), draw_layer(pick)
    program = lower(layer, system)
    assert program is not None
    steps = layer_size(layer, system).steps
    # More where streams are cut in blocks, where skewed fetch holds the edge for a few steps more in each overlapping fold, and
    # where the plan takes fewer arrays than there are.
    skewed = system.array.fold_overlap != "none" and system.array.edge == "skewed-fetch"
    if program.dataflow == "vector" or (system.tiling == "whole" and not skewed and system.array.count == 1):
        assert steps == program.steps
    else:
        assert steps <= program.steps
    # Fewer arrays are taken only if that costs no steps beside one array alone.
    if program.dataflow != "vector" and system.tiling == "whole" and not skewed:
        assert program.steps <= layer_size(layer, override_system(system, ["array.count=1"])).steps


def test_views_have_no_size_and_a_global_pool_has_its_windows() -> None:
    system = load_system("edge-sram")
    assert layer_size(instance_of(Flatten("flat"), ((3, 4, 4),)), system) == Size()
    assert layer_size(instance_of(Concat("both"), ((3, 4, 4), (3, 4, 4))), system) == Size()
    pool = instance_of(GlobalPool("pool", "avg"), ((64, 5, 7),), batch=3)
    program = lower(pool, system)
    assert program is not None
    assert layer_size(pool, system).steps == program.steps == 2 * 3 * 35


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram", "edge-stt", "cloud-128x128-ws", "scale-sim-32x32-ws"])
@pytest.mark.parametrize("network", ["lenet5", "alexnet"])
def test_cycles_are_estimated_within_a_factor_of_two(network: str, system: str) -> None:
    machine = load_system(system)
    sizes = network_sizes(load_network(network, scale_sim_shapes=machine.shapes == "scale-sim"), machine)
    estimate = sum(size.cycles(machine) for size in sizes.values())
    assert estimate <= simulate(network, machine).cycles <= 2 * estimate


def test_layers_that_join_another_or_were_not_chosen_have_no_size() -> None:
    system, network = load_system("edge-sram"), load_network("lenet5")
    assert list(network_sizes(network, system, only={"c1", "tanh1", "f6"})) == ["c1", "f6"]


# Time --------------------------------------------------------------------------------------------------------------------------


def limited(limit_s: float | None, engine: str = "compiled", **options: Any) -> Results:
    return simulate("lenet5", layers="output", engine=engine, limit_s=limit_s, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "check_values"), [("compiled", False), ("simpy", False), ("simpy", True)])
def test_a_run_of_just_the_limit_runs_and_a_longer_one_does_not(engine: str, check_values: bool) -> None:
    machine = load_system("edge-sram")
    sizes = network_sizes(load_network("lenet5"), machine, only={"output"}).values()
    estimate = run_estimate(sizes, machine, engine, check_values=check_values).seconds
    assert limited(estimate, engine, check_values=check_values).cycles > 0
    with pytest.raises(InputError, match="lift the limit"):
        limited(0.999 * estimate, engine, check_values=check_values)
    assert limited(None, engine, check_values=check_values).cycles > 0


def test_seconds_are_those_of_the_cycles_and_of_every_pe() -> None:
    machine = load_system("edge-sram", ["array.rows=4", "array.columns=5"])
    sizes = [Size(steps=700), Size(steps=1, read_bytes=1000, written_bytes=600)]
    for engine, rate in CYCLES_PER_S.items():
        assert run_estimate(sizes, machine, engine).seconds == pytest.approx((700 + 1600 / 16) / rate)
    checked = run_estimate(sizes, machine, "simpy", check_values=True).seconds - run_estimate(sizes, machine, "simpy").seconds
    assert checked == pytest.approx(701 * 20 / PE_STEPS_PER_S)


@pytest.mark.parametrize(
    ("spent_s", "told"),
    [(0.2, "0 seconds"), (119, "119 seconds"), (121, "2 minutes"), (3600, "60 minutes"), (7200, "2 hours"), (200_000, "2 days")],
)
def test_times_are_shown_in_a_unit_that_suits_them(spent_s: float, told: str) -> None:
    assert in_words(spent_s) == told


@pytest.mark.parametrize("command", ["run", "banks"])
def test_a_batch_that_would_run_for_hours_is_refused_before_it_is_planned(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.systolic.planned.plan_layers", lambda *_, **__: pytest.fail("it was planned"))
    found = invoke(command, "resnet18", "--batch", "65536")
    assert found.exit_code == 2
    assert found.stderr == (
        "simcore: simulating about 130,645,254,044 cycles or more (engine 'compiled') takes about 7 hours, "
        "the limit is 60 minutes; choose fewer images or layers, or lift the limit (limit_s=None, --no-limit)\n"
    )


def test_sizes_beyond_any_integer_of_the_machine_are_refused(tmp_path: Any) -> None:
    (tmp_path / "net.csv").write_text("Layer, M, N, K,\nfc, 2147483647, 2147483647, 2147483647,\n")
    found = invoke("run", str(tmp_path / "net.csv"), "--system", "scale-sim-32x32-ws")
    assert found.exit_code == 2
    assert "takes about 22,387,516,147,574 days" in found.stderr


def test_no_limit_lifts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.cli.simulating.LIMIT_S", 0.0)
    for command in ("run", "banks"):
        assert invoke(command, "lenet5", "--layers", "output").exit_code == 2
        assert invoke(command, "lenet5", "--layers", "output", "--no-limit").exit_code == 0


# Memory ------------------------------------------------------------------------------------------------------------------------

PRODUCT = instance_of(Linear("fc", 320), ((640,),))


def test_a_plan_that_just_fits_is_made_and_a_larger_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    folds = 320 // 32 * 640 // 32
    monkeypatch.setattr("simcore.machine.host_memory.host_memory_bytes", lambda: folds * BYTES_PER_FOLD)
    assert lower(PRODUCT, load_system("edge-sram")) is not None
    monkeypatch.setattr("simcore.machine.host_memory.host_memory_bytes", lambda: folds * BYTES_PER_FOLD - 1)
    with pytest.raises(InputError, match=r"^layer 'fc': its plan is too large: about 0\.0 GB of memory are needed"):
        lower(PRODUCT, load_system("edge-sram"))


def test_tables_that_cannot_be_had_are_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 8.00 TiB")

    monkeypatch.setattr("workloads.dataflow.array.lower_shape", full)
    found = invoke("run", "lenet5", "--layers", "c1")
    assert found.exit_code == 2
    assert found.stderr == (
        "simcore: layer 'c1': its plan is too large: Unable to allocate 8.00 TiB; "
        "a smaller batch or layer, a larger array or larger scratchpads take less\n"
    )


def test_every_plan_is_made_if_the_system_does_not_name_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.machine.host_memory.host_memory_bytes", lambda: None)
    assert lower(PRODUCT, load_system("edge-sram")) is not None


@pytest.mark.parametrize("kept_bytes", [0, 20_000])
def test_plans_that_are_not_kept_are_made_again_alike(kept_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = simulate("lenet5")
    monkeypatch.setattr("simcore.systolic.planned.KEPT_BYTES", kept_bytes)
    again = simulate("lenet5")
    assert all(again.tables()[name].equals(table) for name, table in kept.tables().items())
