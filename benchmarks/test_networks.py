"""Whole networks, each in a fresh process: CPU seconds from process start to exit, and the most memory held."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row, speed_cells
from benchmarks.fresh import children_cpu_s, run_simcore

#: CPU seconds and bytes a network may take, and CPU seconds where a DRAM is simulated command by command.
LIMITS = {"resnet18": (3.0, 10**9), "vgg16": (15.0, 10**9)}
LIMITS_WITH_DRAM = {"resnet18": 4.0, "vgg16": 20.0}


@pytest.mark.parametrize("system", ["edge-sram", "edge-stt", "edge-sram-ddr4", "edge-stt-ddr4"])
@pytest.mark.parametrize("network", LIMITS)
@pytest.mark.benchmark(group="whole networks", timer=children_cpu_s)
@pytest.mark.usefixtures("_warm_kernel")
def test_whole_network_stays_within_its_cpu_seconds_and_memory(benchmark: BenchmarkFixture, network: str, system: str) -> None:
    """A whole process, kernels cached, stays below the limits of the network and system."""
    fresh = benchmark.pedantic(run_simcore, ("run", network, "--system", system, "--json"), rounds=1)
    run, peak_rss_bytes = fresh.first_json, fresh.last_json["peak_rss_bytes"]
    benchmark.extra_info |= {"cycles": run["cycles"], "cpu_s": fresh.cpu_s, "peak_rss_bytes": peak_rss_bytes}
    add_row(
        "Whole networks, process start included",
        network=network,
        system=system,
        **speed_cells(run["cycles"], fresh.cpu_s),
        peak_MB=f"{peak_rss_bytes / 1e6:.0f}",
    )
    most_cpu_s, most_bytes = LIMITS[network]
    if "dram" in run:
        most_cpu_s = LIMITS_WITH_DRAM[network]
    assert fresh.cpu_s < most_cpu_s
    assert peak_rss_bytes < most_bytes
