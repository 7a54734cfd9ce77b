"""Processes of a study end with it, and at once if it is interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simcore.errors import InputError
from simcore.studies.form.processes import processes
from simcore.studies.form.spread import processes_for, processes_kept, spread

ROOT = Path(__file__).parents[1]


def slow_work(directory: str) -> None:
    """Says that it began, and after a while that it ended."""
    (Path(directory) / "began").touch()
    time.sleep(15)
    (Path(directory) / "ended").touch()


def begin(name: str, value: str) -> None:
    os.environ[name] = value


def test_processes_begin_as_told_and_do_the_work():
    with processes(2, begin, "SIMCORE_TEST_BEGUN", "yes") as pool:
        assert list(pool.map(os.getenv, ["SIMCORE_TEST_BEGUN"] * 3)) == ["yes"] * 3
    assert multiprocessing.active_children() == []


def interrupted(directory: Path) -> None:
    with processes(1) as pool:
        pool.submit(slow_work, str(directory))
        while not (directory / "began").exists():
            time.sleep(0.05)
        raise KeyboardInterrupt


def test_an_interrupt_ends_work_under_way(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path)
    assert multiprocessing.active_children() == []
    assert not (tmp_path / "ended").exists()


def begun_study(pipe: Path, how: str) -> subprocess.Popen[str]:
    """A study in a process group of its own, whose processes write into the pipe."""
    os.mkfifo(pipe)
    command = [sys.executable, str(Path(__file__).with_name("study_of_processes.py")), str(pipe), how]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True, **streams)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
@pytest.mark.parametrize("how", ["compiled", "portable"])
def test_kill_9_of_a_study_leaves_no_processes(tmp_path, how):
    study = begun_study(tmp_path / "pipe", how)
    with open(tmp_path / "pipe") as told:
        assert [told.readline(), told.readline()] == ["began\n"] * 2
        study.kill()
        # The pipe ends when no process holds it any more; a process that goes on would tell of its end.
        assert told.read() == ""
    study.communicate()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.parametrize("how", ["compiled", "idle"])
def test_ctrl_c_ends_every_process_and_only_the_first_one_tells(tmp_path, how):
    study = begun_study(tmp_path / "pipe", how)
    with open(tmp_path / "pipe") as told:
        assert [told.readline(), told.readline()] == ["began\n"] * 2
        os.killpg(study.pid, signal.SIGINT)
        assert told.read() == ""
    assert study.communicate() == ("started\ninterrupted\n", "")


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_ctrl_c_while_processes_begin_is_reported_by_the_first_one_alone(tmp_path):
    study = begun_study(tmp_path / "pipe", "idle")
    assert study.stdout.readline() == "started\n"
    os.killpg(study.pid, signal.SIGINT)
    assert study.communicate() == ("interrupted\n", "")


def kill_one() -> None:
    with processes(1) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
        pool.submit(os.getpid).result()


def test_a_process_that_is_killed_is_reported_in_one_line():
    with pytest.raises(InputError, match="a process of the study ended unexpectedly, perhaps for lack of memory"):
        kill_one()


# Processes that several pieces of a study share


def process_of(_: int) -> int:
    return os.getpid()


def killed(is_last: bool) -> None:
    if is_last:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_kept_processes_do_all_the_work_of_a_block_and_end_with_it():
    with processes_kept():
        found = [spread(process_of, range(6), 2, "numbers") for _ in range(3)]
        assert len({process for each in found for process in each}) <= 2
        assert len(multiprocessing.active_children()) <= 2
    assert multiprocessing.active_children() == []
    assert not set(spread(process_of, range(2), 2, "numbers")) & set(found[0])


def interrupted_after_a_piece() -> None:
    with processes_kept():
        spread(process_of, range(2), 2, "numbers")
        raise KeyboardInterrupt


def killed_in_the_second_piece() -> None:
    with processes_kept():
        spread(process_of, range(2), 2, "numbers")
        spread(killed, (False, True), 2, "killed")


def test_kept_processes_end_where_the_block_raises():
    with pytest.raises(KeyboardInterrupt):
        interrupted_after_a_piece()
    assert multiprocessing.active_children() == []
    with pytest.raises(InputError, match="a process of the study ended unexpectedly, perhaps for lack of memory"):
        killed_in_the_second_piece()
    assert multiprocessing.active_children() == []


def test_trainings_share_the_processes_that_are_kept():
    pytest.importorskip("torch")
    from simcore.studies.write_errors.training_runs import DataSource, running

    with processes_kept(), processes_for(2, 5) as pool, running(DataSource(images=20), jobs=2) as runner:
        assert runner._pool is pool
