"""Processes of a study end with it, at once where it is interrupted."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from simcore.studies.form.processes import processes


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
