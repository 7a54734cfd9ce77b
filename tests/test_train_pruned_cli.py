"""``simcore train-pruned``: what it prints and saves, data of the user's own, and the input that it rejects. Needs torch."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from simcore.cli import app
from simcore.saving.content import saved_content
from workloads.learning import cifar
from workloads.load import load_network
from workloads.networks import NETWORKS
from workloads.pruning.log_file import read_log

pytest.importorskip("torch", reason="torch (extra train) is not installed")
pytest.importorskip("sklearn", reason="scikit-learn (extra train) is not installed")

PIXELS = 3 * 32 * 32


def train(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["train-pruned", *arguments])


def quick(*arguments: str) -> Result:
    """Train the smallest network on a few digits."""
    return train("small-cnn", "--images", "64", "--epochs", "2", "--batch", "32", "--schedule", "linear:0.5", *arguments)


def told(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("simcore: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_run_is_saved_with_a_log_that_simcore_prune_reads(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = quick("--seeds", "2", "--seed", "3", "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found == json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert [run["seed"] for run in found["runs"]] == [3, 4]
    assert found["settings"]["net"] == "small-cnn"
    assert found["data"] == {"name": "digits", "train_images": 64, "test_images": 64}
    # 8 and 16 filters; half of each is left. conv1: 64 pixels x 4 x 9; conv2: 16 x 8 x 4 x 9; fc: 8 x 4 x 10.
    assert found["runs"][0]["macs_per_image"] == 64 * 4 * 9 + 16 * 8 * 4 * 9 + 8 * 4 * 10
    accuracies = [run["accuracy_percent"] for run in found["runs"]]
    assert found["accuracy_percent"]["mean"] == pytest.approx(sum(accuracies) / 2)
    log = read_log(out / "live-filters-3.parquet", NETWORKS["small-cnn"]())
    assert [dict(live) for live in log.live] == [{"conv1": 6, "conv2": 12}, {"conv1": 4, "conv2": 8}]
    saved_content(out).require_whole()


def test_what_is_printed_says_accuracy_and_what_is_left() -> None:
    result = quick("--procedure", "prune-retrain", "--retrain-epochs", "1")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "small-cnn on digits, seed 0"
    assert [line.split()[:3] for line in lines if line[:1].isdigit() and "train" in line.split()[1]] == [
        ["1", "train", "24"],
        ["2", "train", "24"],
        ["3", "retrain", "12"],
    ]
    assert "50.0 % of the filters pruned" in " ".join(result.stdout.split())
    only = quick("--quiet").stdout
    assert only.startswith(tuple("0123456789"))
    assert "epoch" not in only


def test_a_training_that_diverged_says_so_beside_its_accuracy() -> None:
    told = " ".join(quick("--learning-rate", "1e30", "--quiet").stdout.split())
    assert told.startswith("diverged in epoch 1, so the accuracy is that of no trained network: ")
    told = " ".join(quick("--learning-rate", "1e30", "--seeds", "2", "--quiet").stdout.split())
    assert told.startswith("2 of 2 runs diverged (seed 0 in epoch 1, seed 1 in epoch 1), which spoils the mean: ")
    assert "diverged" not in quick("--quiet").stdout


def test_the_log_of_a_training_that_retrains_is_refused_by_prune(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert quick("--procedure", "prune-retrain", "--retrain-epochs", "1", "--out", str(out)).exit_code == 0
    assert read_log(out / "live-filters-0.parquet", NETWORKS["small-cnn"]()).procedure == "prune-retrain"


def test_a_finished_run_is_resumed_to_the_same_results(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert quick("--out", str(out)).exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert quick("--out", str(out), "--resume").exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def cifar10(folder: Path, binary: bool) -> Path:
    """Files of CIFAR-10 as they are distributed, but of 4 images each."""
    draw = np.random.default_rng(0)
    for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
        labels, pixels = draw.integers(0, 10, 4), draw.integers(0, 256, (4, PIXELS), np.uint8)
        if binary:
            (folder / f"{name}.bin").write_bytes(np.hstack([labels[:, None].astype(np.uint8), pixels]).tobytes())
        else:
            batch = {b"batch_label": name.encode(), b"labels": labels.tolist(), b"data": pixels, b"filenames": [b"a.png"] * 4}
            (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    return folder


@pytest.mark.slow
def test_cifar10_is_trained_from_both_of_its_forms_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar, "_TRAIN", 20)
    monkeypatch.setattr(cifar, "_TEST", 4)
    shown: list[Any] = []
    for form in ("binary", "python"):
        folder = tmp_path / form
        folder.mkdir()
        cifar10(folder, form == "binary")
        out = tmp_path / f"{form}-out"
        options = ("--epochs", "2", "--batch", "10", "--schedule", "linear:0.5", "--out", str(out), "--json")
        result = train("vgg16-32", "--width", "0.05", "--data", f"cifar10:{folder}", *options)
        assert result.exit_code == 0, result.output
        shown.append(json.loads(result.stdout))
    assert shown[0] == shown[1]
    assert shown[0]["data"] == {"name": "cifar10", "train_images": 20, "test_images": 4}
    # conv1_1 begins with 64 * 0.05 = 3.2, rounded to 3, and keeps 3 * 0.5 = 1.5, rounded to 2.
    assert [epoch["live"]["conv1_1"] for epoch in shown[0]["runs"][0]["epochs"]] == [2, 2]


def test_the_network_without_width_is_the_one_that_simcore_prune_knows(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert quick("--width", "0.5", "--out", str(out)).exit_code == 0
    from simcore.errors import InputError

    with pytest.raises(InputError, match="is the log of another network"):
        read_log(out / "live-filters-0.parquet", load_network("small-cnn"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--ranking", "magnitude"), "no ranking is called 'magnitude'"),
        (("--procedure", "iteratve"), "did you mean 'iterative'?"),
        (("--schedule", "linear:1.5"), "schedule 'linear'"),
        (("--data", "cifar10"), "cifar10 is read from your own files, so name their folder"),
        (("--data", "cifar10:nowhere-at-all"), "nowhere-at-all: expected a folder with the files of CIFAR-10, found none"),
        (("--data", "digit"), "no data set is called 'digit'; did you mean 'digits'?"),
        (("--resume",), "--resume: expected --out, the folder of the run to resume, got none"),
        (("--seeds", "0"), "--seeds: expected at least 1, got 0"),
        (("--seed", "-1"), "--seed: expected at least 0, got -1"),
        (("--exempt", ",,"), "--exempt: expected names or patterns of layers, got none"),
        (("--exempt", "conv*"), "no layer is left to prune"),
        (("--round-filters", "5"), "multiples of 8, 16 or 32, got 5"),
        (("--width", "2"), "width: expected a share of the filters above 0 and at most 1, got 2.0"),
        (("--batch", "100"), "batch: expected at most 64 images"),
    ],
)
def test_bad_options_are_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    assert message in told(quick(*arguments))


def test_folders_that_cannot_be_resumed_or_begun_are_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "expected the folder of an earlier run to resume" in told(quick("--out", str(out), "--resume"))
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    assert "holds something other than results of simcore: 'notes.txt'" in told(quick("--out", str(out)))
    assert "name the folder of that run" in told(quick("--out", str(out), "--resume"))
    assert [path.name for path in out.iterdir()] == ["notes.txt"]
    (out / "notes.txt").unlink()
    assert quick("--out", str(out)).exit_code == 0
    assert "already holds results" in told(quick("--out", str(out)))
    assert "is the checkpoint of another run: it has epochs = 2, this run has 3" in told(
        quick("--out", str(out), "--resume", "--epochs", "3")
    )
    assert "found no mark of such a run" in told(quick("--out", str(out), "--resume", "--seed", "1"))
    checkpoint = out / "checkpoint-0.bin"
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    assert "checkpoint-0.bin: the checkpoint is cut or damaged" in told(quick("--out", str(out), "--resume"))
    assert quick("--out", str(out), "--overwrite", "--quiet").exit_code == 0


def test_errors_of_a_users_ranking_are_told_with_file_and_line(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def short(f):\n    return [1.0]\n\n\ndef broken(f):\n    return 1 / 0\n\n\nBETTER = 3\n")
    assert "expected one score for each of 8 filters, got the shape (1,)" in told(quick("--ranking", f"{mine}:short"))
    assert f"{mine}:6: ZeroDivisionError" in told(quick("--ranking", f"{mine}:broken"))
    assert "no ranking 'BETTER'" in told(quick("--ranking", f"{mine}:BETTER"))
