"""A program that saves once for every file-system step of a save, and is killed at that step.

Its arguments are an empty folder, and ``exchange`` or ``aside`` for the way in which names change. It has no threads and loads no
compiler, so it can fork. Each line of its output is a step at which the save was killed. It raises AssertionError if a rule is
broken.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from simcore.errors import InputError
from simcore.saving import directory as saving
from simcore.saving import results_directory
from simcore.saving.mark import foreign_entries

STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "shutil.rmtree", "ctypes.dlsym")


def fill(content: str):
    def write(folder: Path) -> None:
        for name in ("results.json", "layers.csv"):
            (folder / name).write_text(content)

    return write


def save(out: Path, content: str) -> None:
    with results_directory(out, overwrite=True) as save_now:
        save_now(fill(content))


def killed_at(step: int, out: Path) -> bool:
    """Save "new" in another process that is killed before its ``step``-th step. Return False if the process ended first."""
    child = os.fork()
    if child == 0:
        steps = iter(range(1, step))

        def hook(event: str, _: object) -> None:
            if event in STEPS and next(steps, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        save(out, "new")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def check_whole(folder: Path) -> str:
    """Assert that the results are complete and come from one run. Return which run."""
    assert foreign_entries(folder) == []
    contents = {(folder / name).read_text() for name in ("results.json", "layers.csv")}
    assert len(contents) == 1, contents
    return contents.pop()


def check_after_a_kill(out: Path, was_there: bool) -> str:
    """Assert that the results are whole, absent, or moved aside, and return which.

    They may be absent only if there were none before. If they were moved aside, the next run must bring them back.
    """
    state = check_whole(out) if out.exists() else "absent"
    if state == "absent" and was_there:
        check_whole(out.parent / f".{out.name}.simcore" / "old")
        with suppress(InputError), results_directory(out):
            raise AssertionError("results that came back were to be replaced unasked")
        assert check_whole(out) == "old"
        state = "aside"
    save(out, "next")
    assert check_whole(out) == "next"
    assert os.listdir(out.parent) == [out.name], os.listdir(out.parent)
    return state


def main() -> None:
    base, way = Path(sys.argv[1]), sys.argv[2]
    if way == "aside":
        saving.exchange = lambda one, other: False
    for was_there in (True, False):
        for step in range(1, 1000):
            parent = base / f"{way}-{was_there}-{step}"
            parent.mkdir()
            out = parent / "out"
            if was_there:
                save(out, "old")
            if not killed_at(step, out):
                break
            print(was_there, step, check_after_a_kill(out, was_there))
        assert check_whole(out) == "new"


if __name__ == "__main__":
    main()
