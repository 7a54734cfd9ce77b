"""A program that sums up a pruned training, with its steps kept on disk, while something else happens to it.

Its arguments are a folder and a way. With ``kill`` it forks a process for every file-system step of a run, which is killed there,
and starts again after each. It prints how many training steps each killed run had kept. With ``beside`` it simulates slowly, so
that another such process finds steps in progress, and prints how many it simulated. It raises AssertionError if a rule is broken.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from simcore.pruning import claims
from simcore.pruning.result import PruneOrder, prune
from simcore.pruning.step_store import SUFFIX, StepStore
from simcore.saving.cache_folder import UNFINISHED

ORDER = PruneOrder(network="small-cnn-8", samples=64, batch=8, schedule="linear:0.75", epochs=2, systems=["titan-xp"])
EVENTS = ("open", "os.rename", "os.remove", "os.utime", "fcntl.flock")


def kill_at(step: int, folder: Path) -> None:
    """Kill this process at its ``step``-th file-system step that concerns the folder."""
    left = [step]

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and (event == "fcntl.flock" or str(folder) in str(arguments[0])):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)


def killed(step: int, folder: Path) -> bool:
    """Run in another process that is killed at a step. Return False if it ended first."""
    child = os.fork()
    if child == 0:
        kill_at(step, folder)
        prune(ORDER, store=StepStore(folder))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def kill_at_every_step(base: Path) -> None:
    """Kill a run at each of its steps, and check that the next one gives the same result and simulates only what is missing."""
    whole = prune(ORDER, store=StepStore(None))
    for step in range(1000):
        folder = base / str(step)
        folder.mkdir()
        was_killed = killed(step, folder)
        kept = len(list(folder.glob(f"*{SUFFIX}")))
        again = prune(ORDER, store=StepStore(folder))
        assert again.simulated == whole.simulated - kept, (step, again.simulated, kept)
        assert json.dumps(again.to_json()) == json.dumps(whole.to_json()), step
        assert prune(ORDER, store=StepStore(folder)).simulated == 0
        assert not list(folder.glob(f"*{UNFINISHED}")), step
        if not was_killed:
            return
        print(kept)


def simulate_slowly() -> None:
    """Let every simulation take another tenth of a second."""
    simulate = claims.simulate_step

    def slowly(*arguments, **options):
        time.sleep(0.1)
        return simulate(*arguments, **options)

    claims.simulate_step = slowly


def main() -> None:
    folder, way = Path(sys.argv[1]), sys.argv[2]
    if way == "kill":
        kill_at_every_step(folder)
        return
    simulate_slowly()
    print(prune(ORDER, store=StepStore(folder)).simulated)


if __name__ == "__main__":
    main()
