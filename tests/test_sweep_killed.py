"""A sweep that is killed, or whose processes are, loses no point that was done and simulates none twice."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.spawn
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simcore import sweep
from simcore.errors import InputError
from simcore.sweeps import simulating, workers
from simcore.sweeps.reading import read_space
from simcore.sweeps.simulating import Settings
from simcore.sweeps.workers import local_workers

ROOT = Path(__file__).parents[1]
SPACE = """
networks: [lenet5]
systems: [ideal-titan-xp]
product:
  core_clock_hz: {from: 1000000, to: 6000000, step: 10000}
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_session_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("killed_sweep.py")), str(tmp_path)]
    done = subprocess.run(program, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = [int(line) for line in done.stdout.splitlines()]
    assert counts == sorted(counts), "a later kill finds no fewer points"
    assert set(counts) == {0, 1, 2, 3}
    assert len(counts) > 30


def begun_sweep(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from simcore.cli import main; main()", "sweep", "space.yaml", "--out", "out", "--jobs", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def answered(folder: Path) -> list[str]:
    """The points in the log, whole lines alone."""
    log = folder / "out" / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    return [json.loads(line)["point"] for line in lines if line.endswith("\n") and '"point"' in line]


def wait_for(folder: Path, points: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while len(answered(folder)) < points:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_sweep_that_is_killed_and_interrupted_ends_with_the_table_of_a_serial_one(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    first = begun_sweep(tmp_path)
    wait_for(tmp_path, 60, first)
    first.kill()
    first.communicate()
    killed = len(answered(tmp_path))
    second = begun_sweep(tmp_path)
    wait_for(tmp_path, killed + 60, second)
    began = time.monotonic()
    os.killpg(second.pid, signal.SIGINT)
    assert second.communicate()[1] == "simcore: interrupted\n"
    assert time.monotonic() - began < 2
    assert second.returncode == 130
    known = answered(tmp_path)
    assert len(set(known)) == len(known) < 501
    found = sweep(tmp_path / "space.yaml", tmp_path / "out", jobs=1)
    assert found.counts["simulated"] == 501 - len(known)
    assert sorted(answered(tmp_path)) == sorted(found.table["point"])
    sweep(tmp_path / "space.yaml", tmp_path / "serial", jobs=1)
    assert (tmp_path / "out/points.parquet").read_bytes() == (tmp_path / "serial/points.parquet").read_bytes()


def tasks(count: int) -> list[simulating.Task]:
    """Made-up tasks of one point each, whose machine is a text that `made_up_answers` obeys."""
    from simcore.sweeps.resolve import Resolver
    from simcore.sweeps.session import tasks_of

    space = read_space(
        {"networks": "lenet5", "systems": "ideal-titan-xp", "product": {"core_clock_hz": {"from": 1, "to": count}}}
    )
    resolver = Resolver(None)
    return tasks_of(resolver.point(choice) for choice in space.choices())


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")
def test_the_points_of_a_worker_that_is_killed_are_simulated_by_others() -> None:
    names = [task.points[0][0] for task in tasks(300)]
    found = []
    with local_workers(2, Settings()) as run:
        for answer in run(tasks(300)):
            found.append(answer.name)
            if len(found) in (20, 120):
                os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
    assert sorted(found) == sorted(names)
    assert multiprocessing.active_children() == []


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")
def test_a_point_at_which_processes_keep_ending_fails_and_the_others_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST_ENDS", 2)
    model = tmp_path / "deadly.py"
    model.write_text(
        "import os, signal\nfrom simcore import BankTiming\n\nclass Deadly(BankTiming):\n"
        "    parameters = {'kills': 0}\n\n    def __init__(self, **values):\n        super().__init__(**values)\n"
        "        if self.values['kills'] and os.getpid() != int(os.environ['SIMCORE_TEST_PARENT']):\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n\n"
        "    @staticmethod\n    def serve(params, bank, shared, now, op, row):\n        return now + 1, now + 1\n"
    )
    monkeypatch.setenv("SIMCORE_TEST_PARENT", str(os.getpid()))
    timings = [{"model": f"{model}:Deadly", "parameters": {"kills": kills}} for kills in (0, 1)]
    space = {
        "networks": "lenet5",
        "systems": "edge-sram",
        "run": {"layers": "c1", "engine": "simpy"},
        "product": {"scratchpads.ifmap.timing": timings, "array.rows": [32]},
    }
    table = sweep(space, jobs=2).table
    assert table["error"].isna().tolist() == [True, False]
    expected = "its process ended 2 times (killed by signal 9, perhaps for lack of memory)"
    assert table["error"].dropna().tolist() == [expected]


@pytest.mark.skipif(not Path("/bin/false").exists(), reason="needs a program that ends at once")
def test_processes_that_cannot_begin_are_one_error_that_names_the_guard() -> None:
    python = multiprocessing.spawn.get_executable()
    multiprocessing.spawn.set_executable("/bin/false")
    try:
        with pytest.raises(InputError, match=r"the processes of the sweep end before they begin \(exit code 1\)") as caught:
            sweep({"networks": "lenet5", "systems": "ideal-titan-xp"}, jobs=2)
    finally:
        multiprocessing.spawn.set_executable(python)
    assert "a script that calls sweep() needs the guard: if __name__ == '__main__'" in str(caught.value)


def test_less_than_one_process_is_refused() -> None:
    with pytest.raises(InputError, match="--jobs: expected at least 1 process, got 0"):
        sweep({"networks": "lenet5"}, jobs=0)
