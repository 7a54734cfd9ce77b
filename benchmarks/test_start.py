"""CPU seconds before anything is simulated: commands that answer at once, a small network, the compiler on first use."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row
from benchmarks.fresh import children_cpu_s, run_simcore

TITLE = "Process start to exit"
#: The most CPU seconds that a command may take on a quiet machine.
MOST_CPU_S = {"simcore --help": 0.2, "simcore run lenet5": 1.1}
COMMANDS = {"simcore --help": ["--help"], "simcore list systems": ["list", "systems"], "simcore run lenet5": ["run", "lenet5"]}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.benchmark(group="start", timer=children_cpu_s)
@pytest.mark.usefixtures("_warm_kernel")
def test_command_starts_and_ends(benchmark: BenchmarkFixture, command: str) -> None:
    benchmark.pedantic(run_simcore, COMMANDS[command], rounds=3, warmup_rounds=1)
    add_row(TITLE, command=command, CPU_s=f"{benchmark.stats.stats.median:.2f}")
    assert benchmark.stats.stats.median <= MOST_CPU_S.get(command, float("inf"))


@pytest.mark.benchmark(group="start", timer=children_cpu_s)
def test_first_run_compiles_the_kernel(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    benchmark.pedantic(run_simcore, ("run", "lenet5"), {"env": {"SIMCORE_CACHE_DIR": str(tmp_path)}}, rounds=1)
    add_row(TITLE, command="simcore run lenet5, first run after installation", CPU_s=f"{benchmark.stats.stats.median:.2f}")
    assert any(tmp_path.rglob("*.kernel")), "the kernel was not compiled into the empty folder"
