"""Simulated cycles per CPU second beside SCALE-Sim 3.0.0's: the same layer from the same two files, on the same machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import scale_sim
from benchmarks.conftest import add_row, speed_cells
from benchmarks.fresh import run_simcore
from benchmarks.scale_sim import CannotInstall, ScaleSimFiles, ScaleSimRun
from simcore import load_system, simulate
from simcore.engine import run_programs
from simcore.engine.compiled.kernels import RUN_BLOCKS
from simcore.results import Results
from workloads.dataflow import lower_network
from workloads.load import load_network

#: On every system: of the whole of ``simulate``, and of the engine alone.
LEAST_RATIO = {"resnet18_l2_0_conv1": 400, "conv_16x16x256_to_256": 800}
LEAST_ENGINE_RATIO = {"resnet18_l2_0_conv1": 600, "conv_16x16x256_to_256": 2000}


@pytest.fixture(scope="module", autouse=True)
def _kernel_of_replay() -> None:
    """Compile the kernel of block replay now; runs as short as these go without it otherwise."""
    RUN_BLOCKS.load()


@pytest.fixture(scope="module", params=scale_sim.LAYERS)
def files(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> ScaleSimFiles:
    return scale_sim.write_files(tmp_path_factory.mktemp("scale-sim"), request.param)


@pytest.fixture(scope="module")
def theirs(files: ScaleSimFiles, request: pytest.FixtureRequest) -> ScaleSimRun:
    """One run of SCALE-Sim. Its virtual environment stays in pytest's cache folder."""
    try:
        python = scale_sim.install(Path(request.config.cache.mkdir("scalesim-3.0.0")))
    except CannotInstall as reason:
        pytest.skip(str(reason))
    run = scale_sim.run(python, files)
    _show(files.layer, "SCALE-Sim", run.cycles, run.compute_cycles, run.cpu_s, None, run.process_cpu_s, run)
    return run


# SCALE-Sim rounds sizes up; presets do so only where they are told to, and simulate the same layer then.
@pytest.mark.parametrize(
    ("name", "overrides"),
    [("scale.cfg", ()), ("edge-sram", ("shapes=scale-sim",)), ("edge-stt", ("shapes=scale-sim",))],
    ids=["scale-sim-cfg", "edge-sram", "edge-stt"],
)
@pytest.mark.benchmark(group="scale-sim", timer=time.process_time)
def test_cycles_per_cpu_second_are_hundreds_of_times_scale_sims(
    benchmark: BenchmarkFixture, name: str, overrides: tuple[str, ...], files: ScaleSimFiles, theirs: ScaleSimRun
) -> None:
    """One convolution in both simulators in one run: cycles simulated per CPU second."""
    system = files.configuration if name == "scale.cfg" else name
    results: Results = benchmark.pedantic(
        simulate, (files.topology, system), {"overrides": overrides}, rounds=5, warmup_rounds=1, iterations=1
    )
    sets = [part for override in overrides for part in ("--set", override)]
    process_cpu_s = run_simcore("run", files.topology, "--system", system, *sets, "--quiet").cpu_s
    cpu_s, compute_cycles = benchmark.stats.stats.median, int(results.layers["compute_cycles"].sum())
    benchmark.extra_info |= {f"scale_sim_{key}": value for key, value in vars(theirs).items()}
    engine_cpu_s = _engine_cpu_s(files, system, overrides)
    ratio = _show(files.layer, f"simcore, {name}", results.cycles, compute_cycles, cpu_s, engine_cpu_s, process_cpu_s, theirs)
    benchmark.extra_info |= {"cycles": results.cycles, "compute_cycles": compute_cycles, "ratio": ratio}
    benchmark.extra_info |= {"cpu_s": cpu_s, "engine_cpu_s": engine_cpu_s, "process_cpu_s": process_cpu_s}
    assert compute_cycles == theirs.compute_cycles
    assert ratio >= LEAST_RATIO[files.layer]
    assert (results.cycles / engine_cpu_s) / (theirs.cycles / theirs.cpu_s) >= LEAST_ENGINE_RATIO[files.layer]


def _engine_cpu_s(files: ScaleSimFiles, system: str | Path, overrides: tuple[str, ...]) -> float:
    """The engine's share of ``simulate``, without reading files, lowering the layer and making tables: the least of three."""
    machine = load_system(system, overrides)
    programs = [program for _, program, _ in lower_network(load_network(files.topology), machine) if program is not None]
    taken_s = []
    for _ in range(3):
        began_s = time.process_time()
        run_programs(machine, programs)
        taken_s.append(time.process_time() - began_s)
    return min(taken_s)


def _show(
    layer: str,
    tool: str,
    cycles: int,
    compute_cycles: int,
    cpu_s: float,
    engine_cpu_s: float | None,
    process_cpu_s: float,
    theirs: ScaleSimRun,
) -> float:
    """Add a row to the table; returns the ratio of simulated cycles per CPU second."""
    ratio = (cycles / cpu_s) / (theirs.cycles / theirs.cpu_s)
    add_row(
        f"{layer}, 32x32 weight-stationary: simcore and SCALE-Sim 3.0.0",
        tool=tool,
        **speed_cells(cycles, cpu_s, 4),
        compute_cycles=f"{compute_cycles:,}",
        ratio=f"{ratio:.0f}",
        ratio_of_CPU_s=f"{theirs.cpu_s / cpu_s:.0f}",
        engine_alone_CPU_s="-" if engine_cpu_s is None else f"{engine_cpu_s:.4f}",
        ratio_of_engine="-" if engine_cpu_s is None else f"{(cycles / engine_cpu_s) / (theirs.cycles / theirs.cpu_s):.0f}",
        CPU_s_with_process_start=f"{process_cpu_s:.2f}",
    )
    return ratio
