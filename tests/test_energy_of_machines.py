"""The energy and area of whole machines: every part charged by node and memory, and what is missing named beside the total."""

from __future__ import annotations

import json
from math import sqrt

import pytest
from typer.testing import CliRunner

from models.technology import energy_table
from simcore import simulate
from simcore.cli import app
from simcore.errors import InputError
from simcore.results import Results
from simcore.spec import load_system, preset_names
from simcore.spec.memory import DramMemorySpec
from simcore.spec.system import System
from simcore.systolic import logic
from simcore.systolic.rates import energy_rates
from workloads.load import load_network

PRESETS = [name for name in preset_names() if isinstance(load_system(name), System)]


@pytest.fixture(scope="module")
def lenet() -> Results:
    return simulate("lenet5", "edge-sram")


def parts_of(results: Results) -> dict[str, float]:
    return dict(results.energy.itertuples(index=False))


def test_the_cloud_preset_pays_for_hbm2_and_for_macs_at_7_nm() -> None:
    results = simulate("lenet5", "cloud-128x128-ws", layers="c1")
    read, written = (int(results.layers[f"dram_{way}_bytes"].sum()) for way in ("read", "write"))
    assert parts_of(results)["dram"] == pytest.approx(31.36 * (read + written))
    assert parts_of(results)["mac"] == pytest.approx(0.59 * results.layers["macs"].sum())
    # 128 GB/s are 8 pseudo-channels of 16 GB/s; 1 ns a cycle.
    assert parts_of(results)["dram_background"] == pytest.approx(8 * 33.0 * results.cycles)
    assert parts_of(results)["dram_refresh"] == pytest.approx(8 * 10.5 * results.cycles)


@pytest.mark.parametrize(("word_bytes", "mac_pj"), [(1, 0.3), (2, 2.0), (4, 4.6)])
def test_macs_cost_what_their_words_cost(word_bytes: int, mac_pj: float) -> None:
    words = [f"words.{name}_bytes={word_bytes}" for name in ("ifmap", "filter", "ofmap")]
    assert energy_rates(load_system("edge-sram", words, of=System)).logic.mac_pj == pytest.approx(mac_pj)


def test_a_mac_has_the_size_of_its_larger_operand() -> None:
    system = load_system("edge-sram", ["words.filter_bytes=2"], of=System)
    assert energy_rates(system).logic.mac_pj == pytest.approx(2.0)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_energy_of_main_memory_or_says_that_it_has_none(name: str) -> None:
    system = load_system(name, of=System)
    rates = energy_rates(system)
    missing = any(text.startswith("main memory") for text in rates.not_counted)
    assert (rates.memory is None and rates.dram is None) == missing
    assert missing == (name == "scale-sim-32x32-ws")
    assert list(rates.areas) == [*system.scratchpads, "array", "vector_unit", "dma"]
    assert all(area > 0 for area in rates.areas.values())


@pytest.mark.slow
def test_a_latency_with_a_type_costs_what_the_same_memory_simulated_by_commands_costs() -> None:
    simple, commands = (simulate("resnet18", name) for name in ("edge-sram", "edge-sram-ddr4"))
    assert simple.layers["dram_read_bytes"].sum() == commands.layers["dram_read_bytes"].sum()
    moved = sum(parts_of(commands)[f"dram_{part}"] for part in ("activate", "read", "write", "io"))
    assert parts_of(simple)["dram"] == pytest.approx(moved, rel=0.02)
    for part in ("background", "refresh"):
        powers = [parts_of(results)[f"dram_{part}"] / results.cycles for results in (simple, commands)]
        assert powers[1] <= powers[0] < 1.1 * powers[1]  # refreshes close rows; a part of an interval has no refresh


def test_power_unknown_for_a_type_is_named_and_not_charged() -> None:
    results = simulate("lenet5", load_system("edge-sram", ["memory.type=lpddr4"]), layers="c1")
    assert "background and refresh of main memory, which are not known for lpddr4" in results.manifest["not_counted"]
    assert "dram_background_pj" not in results.layers
    assert parts_of(results)["dram"] == 64.0 * results.layers[["dram_read_bytes", "dram_write_bytes"]].to_numpy().sum()


def test_channels_follow_the_bandwidth() -> None:
    rates = [
        energy_rates(load_system("edge-sram", [f"memory.bytes_per_cycle={width}"], of=System)).memory
        for width in (16, 19, 20, 64)
    ]
    assert [rate.background_mw for rate in rates if rate] == pytest.approx([412.8, 412.8, 825.6, 4 * 412.8])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("memory.type=hmb2", "memory.type: expected one of ddr3, ddr4, .* got 'hmb2'; did you mean 'hbm2'"),
        ("memory.typ=ddr4", "unknown key 'typ' in memory; did you mean 'type'"),
        ("technology.node_nm=5", "technology.node_nm: expected 7 to 45 nm, .* got 5; the nearest is 7"),
        (
            "technology.node_nm=18",
            "expected 22 to 45 nm or 7 to 16 nm, the nodes with figures of sram, got 18; the nearest is 16",
        ),
    ],
)
def test_what_has_no_figures_is_refused(override: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        simulate("lenet5", load_system("edge-sram", [override]), layers="c1")


def test_memories_of_another_type_take_the_same_cycles(lenet: Results) -> None:
    other = lenet.rated(load_system("edge-sram", ["memory.type=hbm2"]))
    assert parts_of(other)["dram"] < parts_of(lenet)["dram"] / 2


# Parts and wholes


def test_parts_add_up_to_layers_and_layers_to_the_network(lenet: Results) -> None:
    columns = [name for name in lenet.layers if name.endswith("_pj") and name != "energy_pj"]
    assert lenet.layers[columns].sum(axis=1).tolist() == pytest.approx(lenet.layers["energy_pj"].tolist())
    totals = dict(zip(lenet.totals["metric"], lenet.totals["value"], strict=True))
    assert totals["energy_pj"] == pytest.approx(lenet.energy["energy_pj"].sum()) == pytest.approx(sum(lenet.layers["energy_pj"]))
    assert totals["area_mm2"] == pytest.approx(lenet.area["area_mm2"].sum())
    assert totals["scratchpad_area_mm2"] == pytest.approx(lenet.rates.banks_mm2)  # type: ignore[attr-defined]
    assert (lenet.energy["energy_pj"] > 0).all()


def test_layers_run_alone_cost_what_they_cost_together() -> None:
    whole = simulate("lenet5", "edge-sram").layers.set_index("layer")
    for name in ("c1", "s2", "c3"):
        row = simulate("lenet5", "edge-sram", layers=name).layers.set_index("layer").loc[name]
        assert row["energy_pj"] == pytest.approx(whole.loc[name, "energy_pj"])
        assert row["vector_pj"] == whole.loc[name, "vector_pj"] > 0


def test_an_activation_costs_the_vector_unit_the_same_whether_it_joins_the_layer_before_it_or_not() -> None:
    joined, alone = (simulate("lenet5", load_system("edge-sram", [f"vector_unit.fuse={fuse}"])) for fuse in ("true", "false"))
    assert (joined.layers["fused_into"] != "").any()
    assert parts_of(joined)["vector"] == pytest.approx(parts_of(alone)["vector"])


@pytest.mark.slow
def test_both_engines_take_the_same_energy() -> None:
    one, other = (simulate("lenet5", "train-sram", layers=["c1", "s2"], engine=engine) for engine in ("compiled", "simpy"))
    assert one.energy.equals(other.energy)


# By hand


@pytest.mark.parametrize(("dataflow", "passed_bits", "kept_bits"), [("ws", 8 + 32, 0), ("is", 8 + 32, 0), ("os", 8 + 8, 32)])
def test_what_a_processing_element_passes_on_follows_the_dataflow(dataflow: str, passed_bits: int, kept_bits: int) -> None:
    rates = energy_rates(load_system("edge-sram", [f"array.dataflow={dataflow}"], of=System))
    # int8 MAC: 282 + 137 um2; registers of 8 + 8 + 32 bits of 7.82 um2.
    element_mm2 = (419 + 48 * 7.82) / 1e6
    assert rates.areas["array"] == pytest.approx(1024 * element_mm2)
    expected = (passed_bits + kept_bits) * 9.71e-3 + passed_bits * sqrt(element_mm2) * 0.068
    assert rates.logic.array_pj == pytest.approx(expected)


def test_an_array_that_overlaps_folds_holds_a_second_word_in_each_element() -> None:
    areas = [
        energy_rates(load_system("edge-sram", [f"array.fold_overlap={how}"], of=System)).areas["array"]
        for how in ("none", "wave")
    ]
    assert areas[1] - areas[0] == pytest.approx(1024 * 8 * 7.82 / 1e6)


def test_a_byte_in_the_dma_is_eight_registers_and_on_the_wires_half_a_side() -> None:
    rates = energy_rates(load_system("edge-sram", of=System))
    assert rates.areas["dma"] == pytest.approx(32 * 64 * 8 * 7.82 / 1e6)
    assert rates.logic.dma_pj_per_byte == pytest.approx(8 * 9.71e-3)
    assert rates.logic.wire_pj_per_byte == pytest.approx(8 * 0.068 * sqrt(sum(rates.areas.values())) / 2)


def test_the_area_of_the_array_multiplies_with_the_arrays() -> None:
    one, two = (energy_rates(load_system("edge-sram", [f"array.count={count}"], of=System)) for count in (1, 2))
    assert two.areas == one.areas | {"array": pytest.approx(2 * one.areas["array"])}
    assert two.logic.array_pj == pytest.approx(one.logic.array_pj)


def test_banks_of_two_ports_are_larger_leak_more_and_cost_more() -> None:
    one, two = (
        energy_rates(load_system("edge-sram", [f"scratchpads.accumulator.ports_per_bank={ports}"], of=System)) for ports in (1, 2)
    )
    factors = energy_table().ports(2, volatile=True)
    assert two.areas["accumulator"] == pytest.approx(2.01 * one.areas["accumulator"], rel=0.01)
    assert two.banks[-1].read_pj == pytest.approx(factors.access * one.banks[-1].read_pj)
    assert two.banks[-1].leakage_mw == pytest.approx(4 / 3 * one.banks[-1].leakage_mw)
    assert two.banks[0] == one.banks[0]
    assert any(note.startswith("accumulator: a bank of 2 ports counts with 2.01 times the area") for note in two.notes)


# What is missing


def test_what_is_not_counted_stands_beside_the_total(lenet: Results) -> None:
    missing = list(logic.NOT_COUNTED)
    assert lenet.not_counted["not_counted"].tolist() == lenet.to_json()["not_counted"] == missing
    assert lenet.manifest["not_counted"] == missing
    assert json.loads(json.dumps(lenet.to_json()))["area_mm2"] == dict(lenet.area.itertuples(index=False))
    printed = " ".join(CliRunner().invoke(app, ["run", "lenet5"]).stdout.split())
    assert f"Not counted: {'; '.join(missing)}." in printed
    assert "area in all, mm2" in printed


def test_a_scale_sim_machine_says_that_its_memory_has_no_energy() -> None:
    results = simulate("lenet5", "scale-sim-32x32-ws", layers="c1")
    assert any(
        text.startswith("main memory, because memory.type does not name its type") for text in results.to_json()["not_counted"]
    )
    assert "dram_pj" not in results.layers


def test_a_training_step_sums_its_passes() -> None:
    network = load_network("lenet5")
    results = simulate(network, "train-sram", training="sgd")
    assert results.passes["energy_pj"].sum() == pytest.approx(results.energy["energy_pj"].sum())
    assert set(results.passes["pass"]) >= {"forward", "weight_gradient", "update"}
    assert results.passes.set_index("pass").loc["update", "vector_pj"] > 0
    assert not isinstance(load_system("train-sram", of=System).memory, DramMemorySpec)
