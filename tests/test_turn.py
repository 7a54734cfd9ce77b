"""One process at a time makes a file; nothing that happens to it makes the others wait for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import simcore.saving.turn as turn
from simcore.saving.turn import turn_at

ROOT = Path(__file__).parents[1]

#: Takes a turn, says so, and holds it until its input ends.
HOLDS = """
import sys
from pathlib import Path
from simcore.saving.turn import turn_at
with turn_at(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def started(path: Path) -> subprocess.Popen[str]:
    own = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLDS, str(path)]
    return subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def held(path: Path) -> subprocess.Popen[str]:
    """A process that has its turn at ``path``."""
    process = started(path)
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


@pytest.mark.slow
def test_a_second_process_has_its_turn_when_the_first_has_ended_its_own(tmp_path):
    first = held(tmp_path / "file")
    second = started(tmp_path / "file")
    said = []
    reader = threading.Thread(target=lambda: said.append(second.stdout.readline()))
    reader.start()
    reader.join(1.0)
    assert reader.is_alive()
    first.communicate()
    reader.join(60)
    assert said == ["mine\n"]
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert not list(tmp_path.iterdir())


def test_turns_at_two_files_do_not_wait_for_each_other(tmp_path):
    first = held(tmp_path / "first")
    with turn_at(tmp_path / "first", wait_s=0.0) as waited:
        assert waited
    with turn_at(tmp_path / "second", wait_s=0.0) as waited:
        assert not waited
    first.communicate()


def test_a_killed_process_gives_up_its_turn(tmp_path):
    first = held(tmp_path / "file")
    first.kill()
    first.wait()
    assert len(list(tmp_path.iterdir())) == 1
    held(tmp_path / "file").communicate()
    assert not list(tmp_path.iterdir())


def test_a_process_that_waits_is_interrupted(tmp_path):
    begins = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    waits = begins + HOLDS.replace("mine", "too early").replace("with turn_at", "print('waits', flush=True)\nwith turn_at")
    first = held(tmp_path / "file")
    own = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", waits, str(tmp_path / "file")]
    second = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert second.stdout is not None
    assert second.stdout.readline() == "waits\n"
    time.sleep(0.5)
    second.send_signal(signal.SIGINT)
    out, err = second.communicate(timeout=2)
    assert out == ""
    assert "KeyboardInterrupt" in err
    assert len(list(tmp_path.iterdir())) == 1  # the lock of the first
    first.communicate()


def test_nobody_waits_for_a_stopped_process_for_ever(tmp_path):
    first = held(tmp_path / "file")
    first.send_signal(signal.SIGSTOP)
    with turn_at(tmp_path / "file", wait_s=0.2):
        entered = True
    assert entered
    assert len(list(tmp_path.iterdir())) == 1  # which is not removed under the first one
    first.send_signal(signal.SIGCONT)
    first.communicate()


def test_an_error_ends_the_turn(tmp_path):
    with pytest.raises(ValueError, match="in turn"), turn_at(tmp_path / "file"):
        raise ValueError("in turn")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["folder", "locks"])
def test_where_nothing_can_be_locked_nobody_waits(tmp_path, monkeypatch, missing):
    def no_locks(descriptor: int) -> bool:
        raise OSError("the file system gives no lock")

    if missing == "locks":
        monkeypatch.setattr(turn, "try_lock", no_locks)
    with turn_at(tmp_path / ("file" if missing == "locks" else "none/file")):
        entered = True
    assert entered
    assert not list(tmp_path.iterdir())


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    theirs = tmp_path / "theirs"
    (tmp_path / f"file.lock{turn.UNFINISHED}").symlink_to(theirs)
    with turn_at(tmp_path / "file"):
        assert not theirs.exists()
