"""Kernels run in slices: tables do not depend on the cuts, progress is reported between them, and Ctrl-C ends a run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from equality import Case, run_compiled
from line_write_cases import spilling_case
from machines import ANY, CONTENDED, draw_dram, draw_folded_layer, draw_system

from simcore.engine import run_programs, run_traffic
from simcore.engine.compiled import slices
from simcore.machine.traffic import bursts
from simcore.spec import load_system
from workloads.dataflow import lower
from workloads.layers import MatMul
from workloads.network import LayerInstance

#: Something that takes long, once everything is loaded and compiled.
LONG = """
from dataclasses import replace
from simcore.engine import run_programs, run_traffic
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.traffic import bursts
from simcore.spec import load_system
from workloads.dataflow import lower
from workloads.layers import MatMul
from workloads.network import LayerInstance
{setting}
print("begins", flush=True)
{run}
"""
LAYER_SETTING = """
system = load_system("edge-sram")
program = lower(LayerInstance("short", MatMul("short"), ((1, 2), (2, 2)), (1, 2), 1, ("a", "b")), system)
run_programs(system, [program])
"""
#: A billion steps, none of them skipped.
LAYER_RUN = "run_programs(system, [replace(program, steps=10**9)], shortcuts=Shortcuts(idle_skipping=False))"
TRAFFIC_SETTING = """
system = load_system("edge-stt")
run_traffic(system, "ofmap", bursts(100, seed=1, banks=16, rows=8, pauses=(0, 1)))
traffic = bursts(20_000_000, seed=1, banks=16, rows=8, pauses=(0, 1))
"""


def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut at every chance from here on."""
    monkeypatch.setattr(slices, "SLICE_US", 0)


@pytest.mark.slow
def test_tables_do_not_depend_on_where_a_run_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(12).choice
    machines = [draw_system(pick, pick((ANY, CONTENDED))) for _ in range(12)]
    cases = [
        Case(system, (draw_folded_layer(pick),) * 2) for system in [*machines, *(draw_dram(pick, each) for each in machines[:3])]
    ]
    whole = [run_compiled(case) for case in [*cases, spilling_case()]]
    cut(monkeypatch)
    for case, expected in zip([*cases, spilling_case()], whole, strict=True):
        found = run_compiled(case)
        assert not [name for a, b in zip(expected.outcomes, found.outcomes, strict=True) for name in a.differences(b)]
        assert np.array_equal(expected.line_writes.flat, found.line_writes.flat)


def test_traffic_does_not_depend_on_where_a_run_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = bursts(3000, seed=4, banks=16, rows=8, pauses=(0, 1, 2))
    systems = [load_system(name) for name in ("edge-stt", "edge-stt-buffered", "edge-sram")]
    whole = [run_traffic(system, "ofmap", traffic) for system in systems]
    cut(monkeypatch)
    for system, expected in zip(systems, whole, strict=True):
        assert not expected.differences(run_traffic(system, "ofmap", traffic))


def test_progress_is_told_within_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    system = load_system("edge-sram", ["array.rows=2", "array.columns=2"])
    program = lower(LayerInstance("product", MatMul("product"), ((8, 64), (64, 64)), (8, 64), 1, ("a", "b")), system)
    assert program is not None
    cut(monkeypatch)
    told: list[tuple[int, int]] = []
    run_programs(system, [program], on_step=lambda index, step: told.append((index, step)))
    steps = [step for _, step in told]
    assert len(steps) > 20
    assert {index for index, _ in told} == {0}
    assert steps == sorted(steps)
    assert steps[-1] <= program.steps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "run"),
    [
        (LAYER_SETTING, LAYER_RUN),
        (TRAFFIC_SETTING, 'run_traffic(system, "ofmap", traffic)'),
    ],
    ids=["layer", "traffic"],
)
def test_ctrl_c_ends_a_long_run(setting: str, run: str) -> None:
    """It would come through when the kernel is done, after half a minute; the CPU time that it takes is held to 2 s."""
    command = [sys.executable, "-c", LONG.format(setting=setting, run=run)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begins\n", process.stderr.read()
        time.sleep(1)
        assert process.poll() is None
        before_s = cpu_s(process.pid)
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        _, _, used = os.wait4(process.pid, 0)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in errors
    assert used.ru_utime + used.ru_stime - before_s < 2


def cpu_s(process: int) -> float:
    """CPU seconds that a process has used (Linux)."""
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
