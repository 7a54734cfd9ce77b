"""A program that trains with pruning, is killed at a file-system step, and goes on, for steps all over the run.

Its argument is an empty folder. The first process only forks: it never trains, so no thread is lost. Each line of its output is a
step at which the run was killed and the number of epochs in the checkpoint that was left. It raises AssertionError if a run that
goes on leaves other files than one that was never killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pandas  # noqa: F401  pyarrow would import it in each child

from simcore.saving.content import MARK
from simcore.saving.mark import foreign_entries
from simcore.saving.run_folder import run_folder
from workloads.learning.data import Dataset
from workloads.learning.pruning import checkpoint
from workloads.learning.pruning.resumable import checkpoint_name, train_resumable
from workloads.learning.pruning.run import Training
from workloads.learning.pruning.setup import PrunedTraining
from workloads.pruning.log_file import write_log

STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "shutil.rmtree")
SETUP = PrunedTraining(net="small-cnn", schedule="linear:0.5", ranking="random", epochs=2, batch=8)
NAMES = (checkpoint_name(5), "log.parquet")
#: So that kills fall on different steps of an epoch.
STRIDE = 11


def data() -> Dataset:
    draw = np.random.default_rng(0)
    images, labels = draw.normal(size=(32, 1, 8, 8)).astype(np.float32), draw.integers(0, 3, 32)
    return Dataset("noise", 3, images[:24], labels[:24], images[24:], labels[24:])


def train(out: Path, resume: bool) -> None:
    with run_folder(out, NAMES, resume=resume) as folder:
        run = train_resumable(Training(data(), SETUP, 5), folder)
        folder.put(NAMES[1], lambda path: write_log(run.log(), path))
        folder.finish()


def killed_at(step: int, out: Path, resume: bool) -> bool:
    """Train in another process that is killed before its ``step``-th step; 0 lets it live. Return False if it ended by itself."""
    child = os.fork()
    if child == 0:
        steps = iter(range(1, step))

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            ours = event in STEPS and str(arguments[0]).startswith(str(out.parent))
            if ours and next(steps, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        if step:
            sys.addaudithook(hook)
        train(out, resume)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def files_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def epochs_in(out: Path) -> int:
    """Return the epochs in the checkpoint, which is whole wherever the run was killed; -1 if there is none."""
    path = out / NAMES[0]
    return len(json.loads(checkpoint._loaded(path.read_bytes(), str(path))["rows"])) if path.exists() else -1


def warm_up() -> None:
    """Let torch import what the children need, without the backward pass, which would begin threads."""
    training = Training(data(), SETUP, 5)
    state = training.begun()
    training.pruner.prune(state, training.data, 1, training.epochs[-1].live)
    checkpoint.unpacked(checkpoint.packed(state, {}), {}, training.start, training.optimiser_settings, "warm-up")


def main() -> None:
    base = Path(sys.argv[1])
    warm_up()
    assert not killed_at(0, base / "whole", resume=False)
    expected = files_of(base / "whole")
    assert sorted(expected) == sorted([MARK, *NAMES])
    for step in range(1, 200, STRIDE):
        parent = base / str(step)
        parent.mkdir()
        out = parent / "out"
        if not killed_at(step, out, resume=False):
            return
        print(step, epochs_in(out))
        assert not killed_at(0, out, resume=out.exists())
        assert files_of(out) == expected, step
        assert foreign_entries(out) == []
        assert os.listdir(parent) == ["out"]


if __name__ == "__main__":
    main()
