"""Both engines on the same small machine: what the readable engine costs."""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row
from simcore import load_system
from simcore.engine import run_programs
from workloads.dataflow import lower_network
from workloads.networks import lenet5

SMALL = ("array.rows=8", "array.columns=8")


@pytest.mark.parametrize("system", ["edge-sram", "edge-stt"])
@pytest.mark.benchmark(group="engines", timer=time.process_time)
def test_compiled_engine_is_faster_with_equal_tables(benchmark: BenchmarkFixture, system: str) -> None:
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
            cycles=f"{fast.cycles:,}",
            CPU_s=f"{cpu_s:.4f}",
            cycles_per_CPU_s=f"{fast.cycles / cpu_s:,.0f}",
        )
    assert fast.differences(readable) == []
    assert fast_s < readable_s
