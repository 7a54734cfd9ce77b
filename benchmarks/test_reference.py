"""Both engines on the same small machine: the CPU time of the readable engine, and of its PEs when they multiply."""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row, speed_cells
from simcore import load_system, simulate
from simcore.engine import run_programs
from workloads.dataflow import lower_network
from workloads.networks import lenet5

SMALL = ("array.rows=8", "array.columns=8")


@pytest.mark.parametrize("system", ["edge-sram", "edge-stt"])
@pytest.mark.benchmark(group="engines", timer=time.process_time)
def test_compiled_engine_is_faster_with_equal_tables(benchmark: BenchmarkFixture, system: str) -> None:
    """One layer of LeNet-5 in both engines: equal outcomes, and the ratio of their CPU seconds."""
    machine = load_system(system, SMALL)
    (program,) = [program for item, program, _ in lower_network(lenet5(), machine) if program is not None and item.name == "c1"]
    (fast,) = benchmark.pedantic(run_programs, (machine, [program]), rounds=5, warmup_rounds=1)
    fast_s = benchmark.stats.stats.median
    began_s = time.process_time()
    (readable,) = run_programs(machine, [program], engine="simpy")
    readable_s = time.process_time() - began_s
    benchmark.extra_info |= {"cycles": fast.cycles, "simpy_cpu_s": readable_s}
    for engine, cpu_s in (("compiled", fast_s), ("simpy", readable_s)):
        add_row(
            "Both engines alone: LeNet5's c1 on an 8x8 array",
            engine=engine,
            system=system,
            **speed_cells(fast.cycles, cpu_s, 4),
        )
    assert fast.differences(readable) == []
    assert fast_s < readable_s


@pytest.mark.parametrize(("layers", "side"), [(None, 8), ("f6,output", 32)])
@pytest.mark.benchmark(group="values", timer=time.process_time)
def test_checking_values_costs_time_and_changes_no_cycle(benchmark: BenchmarkFixture, layers: str | None, side: int) -> None:
    """The SimPy engine with and without PEs that compute: equal cycles, and the ratio of their CPU seconds."""
    options = {"layers": layers, "engine": "simpy", "overrides": [f"array.rows={side}", f"array.columns={side}"]}
    began_s = time.process_time()
    plain = simulate("lenet5", "edge-sram", **options)
    plain_s = time.process_time() - began_s
    checked = benchmark.pedantic(simulate, ("lenet5", "edge-sram"), {**options, "check_values": True}, rounds=1)
    checked_s = benchmark.stats.stats.median
    add_row(
        "The simpy engine without and with values, lenet5 on edge-sram",
        layers=layers or "all",
        array=f"{side}x{side}",
        cycles=f"{checked.cycles:,}",
        CPU_s=f"{plain_s:.2f}",
        with_values_CPU_s=f"{checked_s:.2f}",
    )
    assert checked.cycles == plain.cycles
    assert "equal" in checked.values.values()
    assert checked_s > plain_s
