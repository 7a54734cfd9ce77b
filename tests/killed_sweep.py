"""A program that runs a sweep of made-up points once for every file-system step of it, and is killed at that step.

Its argument is an empty folder. It has no threads and loads no compiler, so it can fork. After each kill the sweep is run again
to its end. Each line of its output says how many points the killed session had written down. It raises AssertionError if a point
is lost or doubled.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from simcore.sweeps.folder import TABLE, sweep_folder
from simcore.sweeps.simulating import Answer

STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.truncate", "shutil.rmtree")
NAMES = [f"point{number}" for number in range(3)]


def session(out: Path) -> list[str]:
    """What a session does with its directory. Return the points that it simulated."""
    simulated = []
    with sweep_folder(out) as folder:
        for number, name in enumerate(NAMES):
            if name not in folder.log.done:
                # Errors of a point come before its result, and the columns change: both write lines of their own.
                folder.log.add(Answer(name, {}, None, "not yet"))
                folder.log.add(Answer(name, {"cycles": number, f"more{number % 2}": 0.5}))
                simulated.append(name)
        folder.put_text(TABLE, "".join(f"{name} {dict(folder.log.done[name].metrics)}\n" for name in NAMES))
    return simulated


def killed_at(step: int, out: Path) -> bool:
    """Run a session in another process that is killed before its ``step``-th step. Return False if the process ended first."""
    child = os.fork()
    if child == 0:
        steps = iter(range(1, step))
        write = os.write

        def hook(event: str, _: object) -> None:
            if event in STEPS and next(steps, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        def half(descriptor: int, data: bytes) -> int:
            """Write half, after which the process may be killed, then the rest."""
            if len(data) > 1:
                write(descriptor, bytes(data)[: len(data) // 2])
                hook("open", None)
                return len(data) // 2
            return write(descriptor, data)

        os.write = half
        sys.addaudithook(hook)
        session(out)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def main() -> None:
    base = Path(sys.argv[1])
    (base / "whole").mkdir()
    session(base / "whole" / "out")
    expected = (base / "whole" / "out" / TABLE).read_text()
    for step in range(1, 1000):
        parent = base / str(step)
        parent.mkdir()
        out = parent / "out"
        if not killed_at(step, out):
            break
        table = out / TABLE
        assert not table.exists() or table.read_text() == expected
        begun = session(out)
        assert table.read_text() == expected
        assert NAMES[len(NAMES) - len(begun) :] == begun, "what was written down was simulated again, or not all of the rest"
        log = (out / "log.jsonl").read_text()
        assert all(log.count(f'"point":"{name}","wall_s":0.0,"names"') == 1 for name in NAMES), log
        assert os.listdir(parent) == ["out"], os.listdir(parent)
        print(len(NAMES) - len(begun))


if __name__ == "__main__":
    main()
