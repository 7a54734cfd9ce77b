"""The compiled kernels on random machines with every index checked: nothing is read or written out of bounds (``make bounds``).

Compiled code does not check its indices, and a cache holds code that was compiled without checks. The test therefore uses a
process and a cache of its own, with NUMBA_BOUNDSCHECK=1. Views that are made from addresses (``int64_view``, for the parameters
and states of bank timings, and for the tables of a DRAM as main memory) carry the size that they are given, and are checked
against that size. The code is optimised less than for users: that takes less time and checks the same indices.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: The kernels of layers, with simple memories and with DRAMs.
LAYERS = """
import random
from equality import Case, run_compiled
from machines import ANY, CALM, CONTENDED, draw_dram, draw_folded_layer, draw_layer, draw_system

pick = random.Random(31).choice
for number in range(400):
    options, draw = pick(((ANY, draw_layer), (CONTENDED, draw_layer), (CALM, draw_folded_layer)))
    run_compiled(Case(draw_system(pick, options), (draw(pick), draw(pick))))
for number in range(100):
    run_compiled(Case(draw_dram(pick, draw_system(pick, ANY)), (draw_layer(pick), draw_layer(pick))))
"""
#: The kernel that repeats blocks, on layers that repeat, some with folds at uneven distances, and on random Programs.
REPLAY = """
from functools import partial
import replay_cases

for first in (700_000, -700_300, replay_cases.FIRST_PROGRAM + 700_000):
    assert replay_cases.main(first, 300, partial(replay_cases.replayed, shadow=False)) == 0
"""
#: The kernel of a scratchpad's traffic.
TRAFFIC = """
import random
from test_traffic_equal import draw_case
from simcore.engine import run_traffic

pick = random.Random(32).choice
for number in range(120):
    machine, traffic = draw_case(pick)
    run_traffic(machine, "unified", traffic)
"""
#: The kernels of a DRAM's trace and of micro-programs.
DRAMS = """
import numpy as np
from test_dram_engines_equal import STANDARDS
from test_pim_dram import random_work
from simcore.dram.controller import ControllerSpec
from simcore.dram.resolve import load_dram
from simcore.dram.trace import DramTrace
from simcore.engine.dram_traces import run_trace
from simcore.engine.micro_programs import run_work

for seed in range(40):
    random = np.random.default_rng(seed)
    dram = load_dram(STANDARDS[seed % len(STANDARDS)])
    trace = DramTrace(np.cumsum(random.integers(0, 3, 300)), random.integers(0, 2, 300), random.integers(0, 1 << 20, 300) & ~63)
    controller = ControllerSpec(read_queue=int(random.integers(1, 9)), write_queue=int(random.integers(1, 9)))
    run_trace(dram, trace, controller, record_commands=bool(seed % 2))
for seed in range(60):
    run_work(random_work(seed), record_commands=bool(seed % 2))
"""
#: The kernel that places tiles in slots, and the loops over uses.
PLACEMENTS = """
from test_dataflow_planner import drawn_placement
from test_use_loops import drawn_uses, planned
from workloads.dataflow import plan_kernels, planner

plan_kernels.COMPILED_FROM_USES = 0
for seed in range(400):
    planner.place(*drawn_placement(seed))
for seed in range(300):
    planned(seed)
    uses, starts = drawn_uses(seed)
    uses.of_two_runs(starts)
"""
#: The loops over bits at which writes may fail, those of partial sums included.
ERRORS = """
from test_error_kernels import added, drawn_sums_of, drawn_write
from workloads.faults import error_kernels
from workloads.faults.injection import write_words
import numpy as np

error_kernels.COMPILED_FROM_WORDS = 0
for seed in range(300):
    write_words(*drawn_write(seed), np.random.default_rng(seed))
    added(drawn_sums_of(seed), np.random.default_rng(seed))
"""


def run_checked(script: str, package_root: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_OPT": "1",
        "SIMCORE_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join([str(package_root), str(ROOT), str(ROOT / "tests")]),
    }
    command = [sys.executable, "-P", "-c", script]
    return subprocess.run(command, env=environment, cwd=package_root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "scripts",
    [LAYERS + REPLAY, TRAFFIC + DRAMS + PLACEMENTS + ERRORS],
    ids=["layers, with blocks that repeat", "traffic, DRAM traces, micro-programs, placements and write errors"],
)
def test_nothing_is_out_of_bounds_on_random_machines(scripts: str, tmp_path: Path) -> None:
    done = run_checked(scripts, ROOT, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_planted_overrun_is_found(tmp_path: Path) -> None:
    """The same traffic, in a copy of the package in which the busy time of a bank is noted behind the table."""
    for package in ("simcore", "models"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "simcore" / "engine" / "compiled" / "banks.py"
    source = file.read_text(encoding="utf-8")
    planted = source.replace("counts[bank, c.COUNT_BUSY] +=", "counts[bank + counts.shape[0], c.COUNT_BUSY] +=")
    assert planted != source
    file.write_text(planted, encoding="utf-8")
    done = run_checked(TRAFFIC, tmp_path, tmp_path / "cache")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "IndexError" in done.stderr
