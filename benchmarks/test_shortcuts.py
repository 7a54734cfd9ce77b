"""The gain from each of the compiled engine's shortcuts on the whole of ResNet18, with equal tables without it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, fields, replace

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row, speed_cells
from simcore import System, load_system
from simcore.engine import run_programs
from simcore.engine.shortcuts import Shortcuts
from simcore.program.outcome import Outcome
from simcore.program.program import Program
from workloads.dataflow import lower_network
from workloads.networks import resnet18

#: The shortcuts of layers; `benchmarks/test_pim_speed.py` has that of micro-programs.
NAMES = [field.name for field in fields(Shortcuts) if field.name != "pim_replay"]
ALL_OFF = Shortcuts(**dict.fromkeys(NAMES, False))

#: One shortcut less, one alone, none.
VARIANTS = {
    **{f"without {name}": replace(Shortcuts(), **{name: False}) for name in NAMES},
    **{f"{name} alone": replace(ALL_OFF, **{name: True}) for name in NAMES},
    "none": ALL_OFF,
}


@pytest.mark.parametrize("name", ["edge-sram", "edge-stt"])
@pytest.mark.benchmark(group="shortcuts", timer=time.process_time)
def test_tables_are_equal_without_each_shortcut(benchmark: BenchmarkFixture, name: str) -> None:
    """ResNet18 with each shortcut switched off: equal outcomes, and what the shortcut saves."""
    system = load_system(name)
    programs = [program for _, program, _ in lower_network(resnet18(), system) if program is not None]
    expected = benchmark.pedantic(_run, (system, programs, Shortcuts()), rounds=1, warmup_rounds=1)
    shortest_s = benchmark.stats.stats.median
    _show(name, "all", shortest_s, shortest_s, expected)
    for variant, shortcuts in VARIANTS.items():
        began_s = time.process_time()
        found = _run(system, programs, shortcuts)
        cpu_s = time.process_time() - began_s
        benchmark.extra_info[variant] = {"cpu_s": cpu_s, "shortcuts": asdict(shortcuts)}
        _show(name, variant, cpu_s, shortest_s, found)
        assert [program.name for program, a, b in zip(programs, expected, found, strict=True) if a.differences(b)] == []


def _run(system: System, programs: Sequence[Program], shortcuts: Shortcuts) -> list[Outcome]:
    return run_programs(system, programs, shortcuts=shortcuts)


def _show(system: str, variant: str, cpu_s: float, shortest_s: float, outcomes: Sequence[Outcome]) -> None:
    cycles = sum(outcome.cycles for outcome in outcomes)
    add_row(
        "The compiled engine's shortcuts, ResNet18 whole (engine alone)",
        system=system,
        shortcuts=variant,
        **speed_cells(cycles, cpu_s),
        times_as_long_as_with_all=f"{cpu_s / shortest_s:.2f}",
    )
