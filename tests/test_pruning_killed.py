"""A pruned training that is killed goes on where it was, and two that run together share the work; nothing is simulated twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = str(Path(__file__).with_name("killed_while_pruning.py"))


def started(folder: Path, way: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, PROGRAM, str(folder), way]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_killed_at_any_step_the_next_run_gives_the_same_and_simulates_only_what_is_missing(tmp_path):
    run = started(tmp_path, "kill")
    kept, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    counts = [int(line) for line in kept.split()]
    # Killed early nothing was kept, killed late all three networks were.
    assert (counts[0], counts[-1], sorted(counts)) == (0, 3, counts)
    assert len(counts) > 15


@pytest.mark.slow
def test_two_runs_at_a_time_simulate_each_network_once(tmp_path):
    runs = [started(tmp_path, "beside") for _ in range(2)]
    done = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], done
    assert sum(int(out) for out, _ in done) == 3
