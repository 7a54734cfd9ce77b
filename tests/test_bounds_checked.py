"""The compiled kernels on random machines with every index checked: nothing is read or written out of bounds.

Compiled code does not check its indices, and a cache holds code that was compiled without checks. The test therefore uses a
process and a cache of its own, with NUMBA_BOUNDSCHECK=1. Views that are made from addresses (``int64_view``, for the parameters
and states of bank timings, and for the tables of a DRAM as main memory) carry the size that they are given, and are checked
against that size.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Layers on random machines, then random traffic, in one process.
RUN = """
import random
from equality import Case, run_compiled
from machines import ANY, CALM, CONTENDED, draw_folded_layer, draw_layer, draw_system
from test_traffic_equal import draw_case
from simcore.engine import run_traffic

pick = random.Random(31).choice
for number in range(MACHINES):
    options, draw = pick(((ANY, draw_layer), (CONTENDED, draw_layer), (CALM, draw_folded_layer)))
    run_compiled(Case(draw_system(pick, options), (draw(pick), draw(pick))))
for number in range(MACHINES):
    machine, traffic = draw_case(pick)
    run_traffic(machine, "unified", traffic)
"""
DRAM_RUN = """
import random
from equality import Case, run_compiled
from machines import ANY, draw_dram, draw_layer, draw_system

pick = random.Random(32).choice
for number in range(MACHINES):
    run_compiled(Case(draw_dram(pick, draw_system(pick, ANY)), (draw_layer(pick), draw_layer(pick))))
"""


def run_checked(script: str, machines: int, package_root: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "NUMBA_BOUNDSCHECK": "1",
        "SIMCORE_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join([str(package_root), str(ROOT), str(ROOT / "tests")]),
    }
    command = [sys.executable, "-P", "-c", f"MACHINES = {machines}\n{script}"]
    return subprocess.run(command, env=environment, cwd=package_root, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(("script", "machines"), [(RUN, 120), (DRAM_RUN, 40)], ids=["simple-memory", "dram"])
def test_nothing_is_out_of_bounds_on_random_machines(script: str, machines: int, tmp_path: Path) -> None:
    done = run_checked(script, machines, ROOT, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_planted_overrun_is_found(tmp_path: Path) -> None:
    """The same machines, in a copy of the package in which the lines of an output element are noted behind the table."""
    shutil.copytree(ROOT / "simcore", tmp_path / "simcore", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "simcore" / "engine" / "compiled" / "array.py"
    source = file.read_text(encoding="utf-8")
    planted = source.replace("posted[i] = post_write(", "posted[i + posted.shape[0]] = post_write(")
    assert planted != source
    file.write_text(planted, encoding="utf-8")
    done = run_checked(RUN, 20, tmp_path, tmp_path / "cache")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "IndexError" in done.stderr
