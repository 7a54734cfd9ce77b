"""The kind `pim-dram`: cycles and commands by hand, sums, and what more of the machine costs."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import invoke
from pim_kind import PRESETS, SMALL, require_conserved

from simcore import simulate
from simcore.engine.shortcuts import Shortcuts
from simcore.results import Results
from simcore.spec import load_system


def test_replay_changes_no_table_of_a_layer() -> None:
    options: Any = {"layers": "c3,s4,f5", "overrides": (*SMALL, "active_subarrays=2")}
    replayed = simulate("lenet5", "pim-dram-ddr4", **options)
    plain = simulate("lenet5", "pim-dram-ddr4", shortcuts=Shortcuts(pim_replay=False), **options)
    for name, table in replayed.tables().items():
        assert table.equals(plain.tables()[name]), name


@pytest.mark.slow
def test_whole_networks_run_and_are_conserved() -> None:
    for network in ("alexnet", "resnet18"):
        require_conserved(simulate(network, "pim-dram-ddr4"))


def test_multiplications_of_a_layer_by_hand() -> None:
    """LeNet-5's c3 has 1,600 dot products of 150 pairs. Without limits one round takes 26 operations of 62 cycles."""
    bare = (
        *SMALL,
        "limits={trrd: false, tfaw: false, command_bus: false, refresh: none}",
        "initialised=false",
        "transfers=false",
    )
    results = simulate("lenet5", "pim-dram-ddr4", layers="c3", overrides=(*bare, "periphery.enabled=false"))
    row = results.tables()["mapping"].iloc[0]
    # 8,192 columns hold 54 dot products of 150 pairs; 16 subarrays work at a time.
    assert row["dots_per_row"] <= 54
    assert row["row_sets"] >= 1600 / 54
    assert row["rounds"] == -(-row["row_sets"] // 16)
    operations = 7 * 2 * 2 - 4 * 2
    assert results.cycles == row["rounds"] * operations * 62
    commands = results.to_json()["commands"]
    assert commands["AAP"] == results.to_json()["program"]["aap"] * row["rounds"] * 16
    assert commands["ACT"] == 2 * commands["AAP"] + commands["AP"]


def test_presets_issue_all_operations_that_exact_values_need() -> None:
    counts = {}
    for initialised in ("true", "false"):
        override = (f"initialised={initialised}",)
        counts[initialised] = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=override).to_json()["program"]
    assert simulate("lenet5", "pim-dram-ddr4", layers="f6").to_json()["program"] == counts["true"]
    assert (counts["true"]["aap"], counts["false"]["aap"]) == (8 * 64 - 2 * 8 - 2, 7 * 64 - 4 * 8)
    assert not load_system("pim-dram-feasibility").to_yaml_dict()["initialised"]


def test_moved_words_are_bursts_on_the_bus() -> None:
    """f6 has 84 dot products of 120 pairs, in one subarray of one bank: 120 words come, 84 leave, in bursts of 64 bytes."""
    results = simulate("lenet5", "pim-dram-ddr4", layers="f6")
    issued = results.to_json()["commands"]
    assert (issued["WR"], issued["RD"]) == (2, 2)
    layers = results.layers.set_index("layer")
    assert layers.loc["f6", ["dram_read_bytes", "dram_write_bytes"]].tolist() == [128, 128]
    # Weights stay: 8 rows of 128 bursts, before the first image.
    first = results.tables()["phases"].set_index("image").loc["first"]
    assert (first["phase"], first["phase_repeats"]) == ("weights", 8)
    # With operands over the bus, 8 rows of 8 KB come in the round instead.
    bus = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=("operands=bus",)).to_json()["commands"]
    assert (bus["WR"], bus["RD"]) == (8 * 128, 2)


def test_a_round_of_a_layer_by_hand() -> None:
    """Without limits on activations f6 writes 8 rows, multiplies once and reads 16 rows, each held for 43 cycles (16 x 2 ns)."""
    free = ("limits={trrd: false, tfaw: false, command_bus: false, refresh: none}",)
    phases = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=free).tables()["phases"]
    every = phases[phases["image"] == "every"].groupby("phase")["cycles"].sum()
    read = 19 + 43 + 19  # tRCD, the tree has the row, tRP
    written = 19 + 43 + 20 + 19  # tRCD, the transpose unit writes, tWR, tRP
    assert every["multiply"] == 494 * 62 + 16 * read + 8 * written


def test_the_core_clock_is_that_of_the_dram() -> None:
    system = load_system("pim-dram-ddr4")
    assert system.core_clock_hz == round(1e12 / 750)
    assert "core_clock_hz" not in system.to_yaml_dict()
    assert load_system("pim-dram-ddr4", ["dram.standard=pim-ddr4_2400r"]).core_clock_hz == round(1e12 / 833)


#: Published measurements of a Pascal Titan X in ms an image, and the estimated speedup over it with operands of 2 bits.
SPEEDUPS = {"alexnet": (0.315, 5.95), "vgg16": (2.60, 6.01), "resnet18": (0.634, 22.3)}


@pytest.mark.slow
@pytest.mark.parametrize("system", PRESETS)
def test_cycles_and_energy_of_every_preset_are_conserved(system: str) -> None:
    require_conserved(simulate("lenet5", system, batch=2))


@pytest.mark.slow
@pytest.mark.parametrize("system", PRESETS)
@pytest.mark.parametrize("more", [(), ("banks=3",), ("banks=5", "weights=reloaded", "operands=bus")])
def test_cycles_and_energy_of_a_pipeline_are_conserved(system: str, more: tuple[str, ...]) -> None:
    results = simulate("lenet5", system, overrides=("placement=pipelined", *SMALL, *more))
    require_conserved(results)
    found = results.to_json()["pipeline"]
    assert results.layers["cycles"].max() <= found["interval_cycles"] <= results.cycles
    assert found["latency_cycles"] == found["stages"] * found["interval_cycles"]


def test_stages_of_a_pipeline_write_their_weights_at_the_same_time() -> None:
    results = simulate("lenet5", "pim-dram-ddr4", overrides=("placement=pipelined", *SMALL))
    phases = results.tables()["phases"]
    first = phases[phases["image"] == "first"].groupby("layer")["cycles"].sum()
    assert first.max() <= results.to_json()["weights_once_cycles"] < first.sum()


def test_the_times_of_a_pipeline_are_those_of_its_interval() -> None:
    result = invoke(
        *("run", "lenet5", "--system", "pim-dram-ddr4", "--batch", "2"),
        *(word for text in ("placement=pipelined", *SMALL) for word in ("--set", text)),
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "time between images, us" in said
    assert "time, us" not in said
    assert "all figures are those of one of the 2 images of the batch" in said


@pytest.mark.slow
def test_subarrays_that_would_only_wait_are_named() -> None:
    notes = plan_notes(simulate("lenet5", "pim-dram-ddr4", overrides=("active_subarrays=16", *SMALL)))
    assert any("of 16 active subarrays of a bank compute at a time" in note for note in notes)
    assert plan_notes(simulate("lenet5", "pim-dram-ddr4", overrides=SMALL)) == ()


def plan_notes(results: Results) -> tuple[str, ...]:
    notes: tuple[str, ...] = results.details["placed"].notes
    return notes


@pytest.mark.parametrize("network", SPEEDUPS)
def test_multiplications_alone_reach_the_published_estimate(network: str) -> None:
    gpu_ms, expected = SPEEDUPS[network]
    bits = ("precision={weight_bits: 2, activation_bits: 2}",)
    found = simulate(network, "pim-dram-feasibility", overrides=bits).to_json()["pipeline"]
    assert gpu_ms * 1e6 / found["interval_ns"] == pytest.approx(expected, rel=0.05)


def test_one_subarray_stands_for_all_that_share_nothing() -> None:
    lifted = (
        "limits={trrd: false, tfaw: false, command_bus: false, refresh: none}",
        "transfers=false",
        "periphery.enabled=false",
    )
    for more in ((), ("placement=pipelined", "dram.overrides={column: 16, rank: 2}")):
        options: Any = {"layers": "c3,f6", "overrides": (*SMALL, *lifted, "active_subarrays=2", *more)}
        short = simulate("lenet5", "pim-dram-ddr4", **options)
        long = simulate("lenet5", "pim-dram-ddr4", shortcuts=Shortcuts(equal_layers=False), **options)
        for name, table in short.tables().items():
            assert table.equals(long.tables()[name]), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "more", [("active_subarrays=2",), ("placement=pipelined", "banks=3"), ("operands=bus", "program=simdram")]
)
def test_both_engines_give_the_same_tables(more: tuple[str, ...]) -> None:
    layers = "s4,output" if "banks=3" not in more else "s4,f6,output"
    options: Any = {"layers": layers, "overrides": (*SMALL, *more)}
    one, other = (simulate("lenet5", "pim-dram-ddr4", engine=engine, **options) for engine in ("compiled", "simpy"))
    assert one.to_json() | {"engine": "", "wall_s": 0, "simulated_cycles_per_s": 0} == other.to_json() | {
        "engine": "",
        "wall_s": 0,
        "simulated_cycles_per_s": 0,
    }
    for name, table in one.tables().items():
        assert table.equals(other.tables()[name]), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "better",
    [
        "dram.overrides.channel=2",
        "limits.refresh=none",
        "limits.trrd=false",
        "limits.tfaw=false",
        "limits.command_bus=false",
        "initialised=false",
        "precision.activation_bits=1",
        "precision.weight_bits=1",
    ],
)
def test_more_of_the_machine_or_fewer_limits_never_cost_a_cycle(better: str) -> None:
    before = simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=SMALL)
    after = simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=(*SMALL, better))
    assert (after.layers["cycles"] <= before.layers["cycles"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("limits", ["{trrd: true}", "{trrd: false, tfaw: false, command_bus: false}", "{refresh: none}"])
def test_more_subarrays_never_cost_a_cycle(limits: str) -> None:
    """With tFAW a mapping for more subarrays can take more multiplications in all, so fewer of them compute."""
    machine = (*SMALL, f"limits={limits}")
    cycles = [
        simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=(*machine, f"active_subarrays={n}")).cycles
        for n in (1, 2, 4, 8)
    ]
    assert cycles == sorted(cycles, reverse=True)


@pytest.mark.slow
def test_more_banks_never_cost_a_cycle() -> None:
    cycles = [simulate("lenet5", "pim-dram-ddr4", layers="c3", overrides=(*SMALL, f"banks={n}")).cycles for n in (1, 2, 4, 8, 16)]
    assert cycles == sorted(cycles, reverse=True)
    assert cycles[0] > 4 * cycles[-1]
