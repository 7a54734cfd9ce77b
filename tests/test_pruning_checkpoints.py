"""Checkpoints of training with pruning: a run that was ended goes on to the same result; a wrong file is told. Needs torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simcore.errors import InputError
from tests.pruning_setups import noise, setup

torch = pytest.importorskip("torch", reason="torch (extra train) is not installed")

from workloads.learning.pruning.checkpoint import packed, unpacked  # noqa: E402
from workloads.learning.pruning.resumable import identity_of, train_resumable  # noqa: E402
from workloads.learning.pruning.run import Training  # noqa: E402


class Folder:
    """Keeps files in memory, and raises KeyboardInterrupt after so many checkpoints."""

    def __init__(self, ends_after: int = 100) -> None:
        self.files: dict[str, bytes] = {}
        self.target, self._left = Path("folder"), ends_after

    def put(self, name: str, fill: object) -> None:
        written: list[bytes] = []

        class Into:
            write_bytes = staticmethod(written.append)

        fill(Into)  # type: ignore[operator]
        self.files[name] = written[0]
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)


@pytest.mark.slow
@pytest.mark.parametrize("procedure", ["while-training", "iterative"])
def test_a_run_that_was_ended_goes_on_to_the_same_weights(procedure: str) -> None:
    def training() -> Training:
        return Training(noise(), setup(procedure=procedure, epochs=3, retrain_epochs=2, rounds=2, ranking="random"), 4)

    whole, ended = Folder(), Folder(ends_after=2)
    expected = train_resumable(training(), whole)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        train_resumable(training(), ended)  # type: ignore[arg-type]
    torch.manual_seed(99)
    found = train_resumable(training(), ended)  # type: ignore[arg-type]
    assert found.rows == expected.rows
    assert ended.files == whole.files  # the checkpoints hold weights, momentum and random states


def test_a_damaged_or_foreign_checkpoint_is_reported() -> None:
    training = Training(noise(), setup(), 0)
    folder = Folder(ends_after=1)
    with pytest.raises(KeyboardInterrupt):
        train_resumable(training, folder)  # type: ignore[arg-type]
    whole = folder.files["checkpoint-0.bin"]
    for content, message in (
        (whole[:10], "cut or damaged"),
        (
            whole[: len(whole) // 2],
            "folder/checkpoint-0.bin: the checkpoint is cut or damaged: its .* begin again without --resume",
        ),
        (whole[:-1] + b"x", "cut or damaged"),
        (b"", "is no checkpoint of simcore"),
        (b"PK\x03\x04 something else", "is no checkpoint of simcore"),
    ):
        folder.files["checkpoint-0.bin"] = content
        with pytest.raises(InputError, match=message):
            train_resumable(training, folder)  # type: ignore[arg-type]
    folder.files["checkpoint-0.bin"] = whole
    for changed, message in (
        ({"epochs": 3}, r"is the checkpoint of another run: it has epochs = 2, this run has 3 \(and 1 more\)"),
        ({"ranking": "random"}, "it has ranking = l1, this run has random;"),
    ):
        with pytest.raises(InputError, match=message):
            train_resumable(Training(noise(), setup(**changed), 0), folder)  # type: ignore[arg-type]


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> object:
            return os.mkdir, (str(tmp_path / "trace"),)

    training = Training(noise(), setup(), 0)
    state = training.begun()
    state.to_plain = lambda: {"weights": Hostile()}  # type: ignore[method-assign]
    content = packed(state, identity_of(training))
    with pytest.raises(InputError, match="expected tensors and numbers, got UnpicklingError"):
        unpacked(content, identity_of(training), training.start, training.optimiser_settings, "checkpoint")
    assert not (tmp_path / "trace").exists()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_run_killed_at_any_step_goes_on_to_the_same_files(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    program = [sys.executable, str(Path(__file__).with_name("killed_while_training.py")), str(tmp_path)]
    done = subprocess.run(program, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    epochs = [int(line.split()[1]) for line in done.stdout.splitlines()]
    assert {-1, 2} <= set(epochs)
    assert len(epochs) >= 3
