"""The kinds `roofline` and `ideal`: cycles computed by hand, sums and bounds."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from command_line import printed_json
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import simulate
from simcore.dram.resolve import load_dram
from simcore.dram.statistics import peak_bandwidth_bytes_per_s
from simcore.results import Results
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
