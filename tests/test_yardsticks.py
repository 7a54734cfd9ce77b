"""The kinds `roofline` and `ideal`: cycles computed by hand, sums, bounds, and one error for bad input."""

from __future__ import annotations

import json
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke, printed_json
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import InputError, simulate
from simcore.dram.resolve import load_dram
from simcore.dram.statistics import peak_bandwidth_bytes_per_s
from simcore.results import TABLES, Results
from simcore.results.glossary import all_terms
from simcore.spec import load_system, override_system
from simcore.yardsticks.spec import IdealSpec, RooflineSpec
from workloads.layers import Add, Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder
from workloads.networks import NETWORKS

YARDSTICKS = ("titan-xp", "pascal-titan-x", "h100-sxm", "ideal-ddr4-2400", "ideal-titan-xp")


def roofline(**changes: Any) -> RooflineSpec:
    """1 GHz, 8-bit words, 1000 multiply-accumulates and 10 bytes a cycle."""
    values = {
        "name": "small",
        "core_clock_hz": 10**9,
        "peak_macs_per_s": {"one_byte": 10**12},
        "memory": {"bytes_per_s": 10**10},
    }
    return RooflineSpec.model_validate(values | changes)


def ideal_like(system: RooflineSpec) -> IdealSpec:
    """Infinite compute behind the same memory."""
    same = system.model_dump(exclude={"kind", "peak_macs_per_s", "efficiency"})
    return IdealSpec.model_validate(same)


def small_network(batch: int = 1) -> Network:
    """8 channels of 10 x 10: a convolution, a sum of three, a pool, a view and a matrix product."""
    builder = NetworkBuilder("small")
    image = builder.add(Input("image", (8, 10, 10)))
    first = builder.add(Conv("conv", 8, kernel=3, padding=1), [image])
    builder.add(Add("sum"), [first, image, image])
    builder.add(Pool("pool", "max", kernel=2, stride=2))
    builder.add(Flatten("flat"))
    builder.add(Linear("fc", 10))
    return builder.build(batch)


# By hand -----------------------------------------------------------------------------------------------------------------------


def test_cycles_of_each_layer_by_hand() -> None:
    layers = simulate(small_network(), roofline()).layers.set_index("layer")
    # conv: 100 pixels x 8 filters x 72 taps = 57,600 MACs in 57.6 cycles; 800 + 576 words read, 800 written in 217.6 cycles.
    assert layers.loc["conv", ["macs", "compute_cycles", "stall_dram_wait_cycles", "cycles"]].tolist() == [57_600, 58, 160, 218]
    # sum: three operands of 800 words read, each once, and one written.
    assert layers.loc["sum", ["dram_read_bytes", "dram_write_bytes", "cycles"]].tolist() == [2400, 800, 320]
    # pool: 800 words to 200. fc: 200 + 2000 words to 10, 2000 MACs.
    assert layers.loc["pool", ["dram_read_bytes", "dram_write_bytes", "cycles"]].tolist() == [800, 200, 100]
    assert layers.loc["fc", ["macs", "compute_cycles", "dram_read_bytes", "cycles"]].tolist() == [2000, 2, 2200, 221]
    assert layers.loc["flat", "cycles"] == 0
    assert layers["start_cycle"].dropna().tolist() == [0, 218, 538, 638]


def test_a_batch_reads_weights_once() -> None:
    layers = simulate(small_network(batch=3), roofline()).layers.set_index("layer")
    assert layers.loc["fc", "dram_read_bytes"] == 3 * 200 + 2000
    assert layers.loc["fc", "dram_write_bytes"] == 30


def test_bound_by_compute_the_peak_and_the_efficiency_decide() -> None:
    point = {"percent": 12.8, "kind": "measured", "source": "a test"}
    slow = roofline(peak_macs_per_s={"one_byte": 10**11}, efficiency={"conv": point})
    layer = simulate(small_network(), slow, layers="conv").layers.iloc[0]
    assert layer["cycles"] == layer["compute_cycles"] == 57_600 / 100 / 0.128 == 4500


def test_an_efficiency_is_the_decimal_number_that_was_written() -> None:
    point = {"percent": 64.2, "kind": "measured", "source": "a test"}
    slow = roofline(peak_macs_per_s={"one_byte": 10**9}, efficiency={"conv": point})
    cycles = simulate(small_network(), slow, layers="conv").cycles
    assert cycles == ceil(Fraction(57_600 * 1000, 642))


def test_vector_layers_reach_their_share_of_the_bandwidth() -> None:
    point = {"percent": 50, "kind": "assumed", "source": "a test"}
    layers = simulate(small_network(), roofline(efficiency={"vector": point})).layers.set_index("layer")
    assert layers.loc[["conv", "sum", "pool", "fc"], "cycles"].tolist() == [218, 640, 200, 221]


def test_words_without_a_peak_run_at_that_of_the_next_wider() -> None:
    halves = {"ifmap_bytes": 2, "filter_bytes": 1}
    wider = roofline(words=halves, peak_macs_per_s={"one_byte": 10**12, "four_bytes": 10**9})
    assert simulate(small_network(), wider, layers="conv").cycles == 57_600


def test_vgg16_on_a_titan_xp_by_hand() -> None:
    found = printed_json("run", "vgg16", "--system", "titan-xp")
    assert (found["kind"], found["system"], found["engine"]) == ("roofline", "titan-xp", "formula")
    layers = {layer["name"]: layer for layer in found["layers"]}
    # 224 x 224 pixels, 64 filters of 576 taps; 3840 multiply-accumulates a cycle, 64.2 % of them.
    macs = 224 * 224 * 64 * 576
    assert layers["conv1_2"]["cycles"] == layers["conv1_2"]["compute_cycles"] == ceil(Fraction(macs * 1000, 3840 * 642))
    # 4096 x 4096 weights of 4 bytes and 2 x 4096 activations at 547.7 GB/s, in cycles of 1582 MHz.
    moved = 4 * (4096 * 4096 + 2 * 4096)
    assert layers["fc7"]["cycles"] == ceil(Fraction(moved * 1582, 547_700))
    assert layers["fc7"]["compute_cycles"] == ceil(Fraction(4096 * 4096, 3840))
    assert layers["fc7"]["stall_cycles"]["dram_wait"] == layers["fc7"]["cycles"] - layers["fc7"]["compute_cycles"]
    assert sum(layer["cycles"] for layer in found["layers"]) == found["cycles"]
    assert (found["banks"], found["energy_pj"], found["leakage_class"]) == ([], {}, None)
    assert all(row["energy_pj"] is None for row in found["passes"])


def test_vgg16_on_an_ideal_machine_by_hand() -> None:
    found = printed_json("run", "vgg16", "--system", "ideal-ddr4-2400")
    layers = {layer["name"]: layer for layer in found["layers"]}
    # 25088 x 4096 weights of a byte, 64 bytes in 4 cycles of 833 ps; the weights of VGG16 alone take 138.3 M / 19.2 G = 7.2 ms.
    assert layers["fc6"]["cycles"] == ceil(Fraction((25088 * 4096 + 25088 + 4096) * 4 * 833, 64 * 1000))
    assert layers["fc6"]["compute_cycles"] == 0
    assert 7_200_000 < found["cycles"] < 9_500_000
    moved = sum(layer["dram_reads_bytes"] + layer["dram_writes_bytes"] for layer in found["layers"])
    assert found["energy_pj"] == {"dram": pytest.approx(162.5 * moved)}


def test_the_bandwidth_of_a_standard_is_its_peak() -> None:
    for overrides in ({}, {"channel": 2}):
        memory = {"standard": "ddr4_2400r", "overrides": overrides}
        bandwidth = roofline(memory=memory).memory.bytes_per_second()
        assert float(bandwidth) == pytest.approx(peak_bandwidth_bytes_per_s(load_dram("ddr4_2400r", overrides)))


# What adds up, and what bounds what --------------------------------------------------------------------------------------------


def require_conserved(results: Results) -> None:
    layers = results.layers
    causes = layers[[column for column in layers.columns if column.startswith("stall_")]].sum(axis=1)
    assert (layers["compute_cycles"] + causes == layers["cycles"]).all()
    assert layers["cycles"].sum() == results.cycles == results.passes["cycles"].sum()
    totals = results.totals.set_index("metric")["value"]
    assert totals["cycles"] == results.cycles
    assert results.stalls["cycles"].sum() == totals["stall_cycles"]


@pytest.mark.parametrize("system", YARDSTICKS)
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_every_network_runs_and_its_cycles_are_conserved(network: str, system: str) -> None:
    require_conserved(simulate(network, system, batch=2))


@pytest.mark.parametrize("system", ["titan-xp", "ideal-ddr4-2400"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_training_step_runs_and_its_cycles_are_conserved(system: str, optimizer: str) -> None:
    results = simulate("resnet18", system, batch=4, training=optimizer)
    require_conserved(results)
    assert list(results.passes["pass"]) == ["forward", "input_gradient", "weight_gradient", "update"]


@st.composite
def rooflines(draw: st.DrawFn) -> RooflineSpec:
    rates = st.integers(10**8, 10**15)
    percent = {"percent": draw(st.floats(1, 200)), "kind": "assumed", "source": "drawn"}
    return roofline(
        core_clock_hz=draw(st.integers(10**6, 10**10)),
        words={name: draw(st.sampled_from([1, 2, 4])) for name in ("ifmap_bytes", "filter_bytes", "ofmap_bytes")},
        peak_macs_per_s={"one_byte": draw(rates), "four_bytes": draw(rates)},
        memory={"bytes_per_s": draw(rates)},
        efficiency={draw(st.sampled_from(["conv", "linear", "matmul"])): percent},
        fuse=draw(st.booleans()),
    )


def cycles_by_layer(network: Network, system: Any) -> list[int]:
    return simulate(network, system).layers["cycles"].tolist()


@pytest.mark.slow
@settings(max_examples=40)
@given(system=rooflines(), batch=st.integers(1, 5))
def test_an_ideal_machine_is_never_slower_than_a_roofline_of_its_bandwidth(system: RooflineSpec, batch: int) -> None:
    network = small_network(batch)
    require_conserved(simulate(network, system))
    best = cycles_by_layer(network, ideal_like(system))
    assert all(ideal <= real for ideal, real in zip(best, cycles_by_layer(network, system), strict=True))


@pytest.mark.slow
@settings(max_examples=40)
@given(system=rooflines(), factor=st.integers(1, 50))
def test_more_bandwidth_or_a_higher_peak_never_costs_a_cycle(system: RooflineSpec, factor: int) -> None:
    network, before = small_network(), cycles_by_layer(small_network(), system)
    peaks = {name: rate * factor for name, rate in system.peak_macs_per_s.model_dump(exclude_none=True).items()}
    memory = {"bytes_per_s": int(system.memory.bytes_per_second()) * factor}
    for keys in ({"memory": memory}, {"peak_macs_per_s": peaks}):
        faster = RooflineSpec.model_validate(system.model_dump() | keys)
        assert all(after <= old for after, old in zip(cycles_by_layer(network, faster), before, strict=True))


def test_calibrated_times_stand_beside_the_measured_ones_as_the_preset_says() -> None:
    """jcjohnson/cnn-benchmarks, Pascal Titan X with cuDNN 5.1, batch 16, forward: milliseconds."""
    measured = {"alexnet": (5.04, 0.70), "vgg16": (41.59, 1.73), "resnet18": (10.14, 0.86)}
    product = 1.0
    for network, (time_ms, ratio) in measured.items():
        cycles = simulate(network, "pascal-titan-x", batch=16).cycles
        found = cycles / 1531e3 / time_ms
        assert found == pytest.approx(ratio, abs=0.005)
        product *= found
    assert 0.95 < product ** (1 / 3) < 1.05


# Forms -------------------------------------------------------------------------------------------------------------------------


def test_tables_are_those_of_every_kind_and_the_bounds(tmp_path: Path) -> None:
    results = simulate("lenet5", "titan-xp")
    assert set(results.tables()) == {*TABLES, "bounds"}
    assert all(len(results.tables()[name]) == 0 for name in ("banks", "bank_layers", "timeline"))
    assert list(results.banks.columns) == list(simulate("lenet5", "edge-sram", layers="output").banks.columns)
    columns = {str(column) for table in results.tables().values() for column in table.columns} - {"metric", "value", "unit"}
    assert columns <= set(all_terms())
    saved = results.save(tmp_path / "run")
    assert (saved / "bounds.parquet").is_file()
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["kind"] == manifest["system"]["kind"] == "roofline"


def test_bounds_say_which_time_is_the_longer() -> None:
    bounds = simulate("vgg16", "titan-xp").tables()["bounds"].set_index("layer")
    assert bounds.loc["conv1_2", "bound_by"] == "compute"
    assert bounds.loc["fc6", ["operator", "bound_by", "word_bytes"]].tolist() == ["linear", "memory", 4]
    longer = bounds[["compute_time_ns", "memory_time_ns"]].max(axis=1)
    layers = simulate("vgg16", "titan-xp").layers.set_index("layer")
    assert (layers.loc[bounds.index, "cycles"] >= longer * 1.582 - 1e-6).all()
    assert (layers.loc[bounds.index, "cycles"] < longer * 1.582 + 1).all()


def test_run_prints_bounds_and_where_the_efficiency_is_from() -> None:
    told = invoke("run", "vgg16", "--system", "pascal-titan-x").stdout
    assert "bound by" in told
    assert "Efficiency: conv reaches 64.2 % of its roof (derived: geometric mean" in " ".join(told.split())
    assert "Energy: unknown" in told


def test_the_same_run_is_rated_with_another_energy_but_not_with_another_bandwidth() -> None:
    results = simulate("lenet5", "ideal-ddr4-2400")
    dearer = override_system(load_system("ideal-ddr4-2400"), ["memory.pj_per_byte.value=325.0"])
    assert results.rated(dearer).layers["energy_pj"].sum() == pytest.approx(2 * results.layers["energy_pj"].sum())
    with pytest.raises(InputError, match="differs in more than costs"):
        results.rated(override_system(load_system("ideal-ddr4-2400"), ["memory.overrides.channel=2"]))
    with pytest.raises(InputError, match="differs in more than costs"):
        results.rated(load_system("ideal-titan-xp"))


def test_scale_sim_files_run(tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text("Layer, M, N, K,\nproduct, 20, 30, 40,\n")
    layer = printed_json("run", str(tmp_path / "net.csv"), "--system", "ideal-ddr4-2400")["layers"][0]
    assert layer["macs"] == 20 * 30 * 40
    assert (layer["dram_reads_bytes"], layer["dram_writes_bytes"]) == (20 * 40 + 40 * 30, 20 * 30)


def test_onnx_files_run(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "net",
        [onnx.helper.make_tensor_value_info("x", 1, [1, 6])],
        [onnx.helper.make_tensor_value_info("y", 1, [1, 4])],
        [onnx.helper.make_tensor("w", 1, [6, 4], [0.0] * 24)],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "net.onnx")
    layer = printed_json("run", str(tmp_path / "net.onnx"), "--system", "titan-xp")["layers"][0]
    assert (layer["macs"], layer["dram_reads_bytes"], layer["dram_writes_bytes"]) == (24, 4 * 30, 4 * 4)


# Bad input ---------------------------------------------------------------------------------------------------------------------

GOOD = """\
kind: roofline
core_clock_hz: 1 GHz
peak_macs_per_s: {one_byte: 1 TMAC/s}
memory: {bytes_per_s: 100 GB/s}
"""

BAD_FILES = {
    "unknown kind": ("kind: rooflin", ":1: kind: expected a kind of machine, got 'rooflin'; did you mean 'roofline'?"),
    "kind is no text": ("kind: 7", ":1: kind: expected the name of a kind of machine, got 7"),
    "no bandwidth": ("memory: {}", ":4: memory: expected either bytes_per_s or standard, got neither"),
    "two bandwidths": (
        "memory: {bytes_per_s: 1 GB/s, standard: ddr4_2400r}",
        ":4: memory: expected either bytes_per_s or standard, got both; remove one with null",
    ),
    "unknown standard": ("memory: {standard: ddr4_2400x}", ":4: memory.standard: "),
    "overrides without a standard": (
        "memory: {bytes_per_s: 1 GB/s, overrides: {channel: 2}}",
        ":4: memory.overrides: expected overrides only with a standard, got overrides without one",
    ),
    "unknown override": ("memory: {standard: ddr4_2400r, overrides: {chanel: 2}}", ":4: memory.overrides"),
    "misspelt unit": (
        "memory: {bytes_per_s: 100 Gb/s}",
        ":4: memory.bytes_per_s: expected a bandwidth such as '480 GB/s', got '100 Gb/s'; did you mean 'GB/s'?",
    ),
    "no rate": (
        "peak_macs_per_s: {one_byte: 0}",
        ":3: peak_macs_per_s.one_byte: expected at least 1, got 0",
    ),
    "unknown word size": ("peak_macs_per_s: {one_bite: 1 TMAC/s}", ":3: unknown key 'one_bite' in peak_macs_per_s; did you mean"),
    "no peak for the words": (
        "words: {ifmap_bytes: 2}",
        ":3: peak_macs_per_s: expected a peak for words of 2 bytes (words.ifmap_bytes) or wider, got none",
    ),
    "a key of another kind": ("array: {rows: 4}", ":5: unknown key 'array'; known: name,"),
    "efficiency without a source": (
        "efficiency: {conv: {percent: 50, kind: measured}}",
        ":5: missing key 'source' in efficiency.conv",
    ),
    "efficiency of nothing": (
        "efficiency: {conv: {percent: 0, kind: measured, source: a test}}",
        ":5: efficiency.conv.percent: expected a number above 0",
    ),
    "unknown operator": (
        "efficiency: {pool: {percent: 50, kind: measured, source: a test}}",
        ":5: unknown key 'pool' in efficiency",
    ),
    "extends another kind": (
        "extends: edge-sram",
        ":5: extends: expected a system of kind 'roofline', got 'edge-sram' of kind 'systolic'",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_reported_once_at_their_line(case: str, tmp_path: Path) -> None:
    change, expected = BAD_FILES[case]
    key = change.partition(":")[0]
    lines = GOOD.splitlines()
    kept = [change if line.startswith(f"{key}:") else line for line in lines]
    path = tmp_path / "machine.yaml"
    path.write_text("\n".join(kept if kept != lines else [*lines, change]) + "\n")
    for command in (("validate", str(path)), ("run", "lenet5", "--system", str(path))):
        result = invoke(*command)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"simcore: {path}{expected}"), result.stderr
        assert result.stderr.count("simcore: ") == 1


BAD_COMMANDS = {
    "an engine of another kind": (
        ("run", "lenet5", "--system", "titan-xp", "--engine", "simpy"),
        "no engine named 'simpy'; kind 'roofline' has one engine, 'formula'",
    ),
    "a dataflow": (
        ("run", "lenet5", "--system", "ideal-ddr4-2400", "--dataflow", "ws"),
        "a machine of kind 'ideal' has no dataflows, got 'ws'; choose none",
    ),
    "values": (
        ("run", "lenet5", "--system", "titan-xp", "--check-values"),
        "a machine of kind 'roofline' computes no values to check; do not ask for a check of values",
    ),
    "banks": (
        ("banks", "lenet5", "--system", "titan-xp"),
        "a machine of kind 'roofline' has no banks; 'simcore run' prints the tables of this kind",
    ),
    "another kind by --set": (
        ("run", "lenet5", "--system", "titan-xp", "--set", "kind=ideal"),
        "--set kind=ideal: kind: expected 'roofline', the kind of the system, got 'ideal'; 'simcore list systems' shows the "
        "systems of each kind",
    ),
    "an unknown kind by --set": (
        ("run", "lenet5", "--set", "kind=systolik"),
        "--set kind=systolik: kind: expected a kind of machine, got 'systolik'; did you mean 'systolic'?",
    ),
    "an engine that no kind has": (("run", "lenet5", "--engine", "simpi"), "no engine named 'simpi'; did you mean 'simpy'?"),
    "more cycles than can be counted": (
        ("run", "vgg16", "--system", "ideal-titan-xp", "--set", "memory.bytes_per_s=1", "--set", "core_clock_hz=1000 GHz"),
        "layer 'conv1_1': expected at most 1e+18 core cycles in all, got more; "
        "a higher bandwidth or peak, or a slower core clock?",
    ),
    "SCALE-Sim's shapes in training": (
        ("run", "lenet5", "--system", "titan-xp", "--training", "--set", "shapes=scale-sim"),
        "shapes: expected shapes: standard for a training step, whose gradients have the shapes that everybody uses, got "
        "scale-sim; set shapes=standard",
    ),
    "a layer that joins another": (
        ("run", "lenet5", "--system", "titan-xp", "--layers", "tanh1"),
        "none of the layers tanh1 runs by itself; choose the layer that they join, or set fuse=false",
    ),
}


@pytest.mark.parametrize("case", BAD_COMMANDS)
def test_what_makes_no_sense_for_a_kind_is_one_clear_error(case: str) -> None:
    command, expected = BAD_COMMANDS[case]
    result = invoke(*command)
    assert (result.exit_code, result.stderr) == (2, f"simcore: {expected}\n")


def test_a_loader_that_needs_one_kind_refuses_another() -> None:
    with pytest.raises(InputError, match=r"^system titan-xp: expected a system of kind 'ideal', got one of kind 'roofline'$"):
        load_system("titan-xp", of=IdealSpec)


def test_a_null_takes_the_kind_back_so_that_the_default_holds(tmp_path: Path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text("kind: null\nextends: titan-xp\n")
    assert "expected a system of kind 'systolic', got 'titan-xp' of kind 'roofline'" in invoke("validate", str(path)).stderr
