"""``simcore prune``: its tables fit the terminal, its files are whole, and every bad input is one clear line with exit code 2."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from simcore.pruning.printed import _saved_or_cost
from tests.command_line import invoke, printed_json
from workloads.learning.pruning.setup import PrunedTraining
from workloads.load import load_network
from workloads.pruning import declared_log, schedule_from
from workloads.pruning.log_file import read_log, write_log
from workloads.pruning.schedule_text import FORMS

SMALL = ("prune", "small-cnn-8", "--samples", "64", "--batch", "8", "--system", "titan-xp")
DECLARED = (*SMALL, "--schedule", "linear:0.5", "--epochs", "3")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMCORE_CACHE_DIR", str(tmp_path / "cache"))


def test_tables_fit_eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = invoke(*DECLARED)
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.output.splitlines())) <= 80
    assert "saved of train, prune, retrain, %" in shown.output
    assert "4 training steps were simulated." in shown.output
    assert "0 training steps were simulated; 4 were kept from earlier runs." in invoke(*DECLARED).output


def test_a_directory_holds_all_tables_and_a_log_that_reads_back(tmp_path):
    out = tmp_path / "out"
    shown = invoke(*DECLARED, "--out", str(out), "--quiet")
    assert shown.exit_code == 0, shown.output
    results = json.loads((out / "results.json").read_text())
    log = read_log(out / "live_filters.parquet", load_network("small-cnn-8"))
    assert log == declared_log(load_network("small-cnn-8"), schedule_from("linear:0.5"), 3)
    layers = pd.read_csv(out / "layers.csv").groupby("procedure")["cycles"].sum()
    for procedure in ("dense", "pruned_while_training", "train_prune_retrain"):
        assert layers[procedure] == results["systems"]["titan-xp"][procedure]["cycles"]
    epochs = pd.read_csv(out / "epochs.csv")
    assert epochs["cycles"].sum() == results["systems"]["titan-xp"]["pruned_while_training"]["cycles"]
    assert "already holds results" in invoke(*DECLARED, "--out", str(out)).output
    assert invoke(*DECLARED, "--out", str(out), "--overwrite", "--quiet").exit_code == 0


def test_every_nth_network_is_said_in_words_and_in_json():
    found = printed_json(*DECLARED, "--every-nth-network", "3")
    assert (found["networks"]["distinct"], found["networks"]["costed"]) == (4, 2)
    assert found["networks"]["note"].startswith("2 of 4 distinct networks were simulated")
    assert "2 of 4 distinct networks were simulated" in invoke(*DECLARED, "--every-nth-network", "3", "--quiet").output


def test_round_filters_prunes_to_multiples():
    found = printed_json(*DECLARED, "--round-filters", "8")
    assert found["live_filters"] == {"conv1": {"filters": 8, "last": 8}, "conv2": {"filters": 16, "last": 8}}
    plain = printed_json(*DECLARED)["systems"]["titan-xp"]["pruned_while_training"]["cycles"]
    system = found["systems"]["titan-xp"]
    assert system["rounding_saved_percent"]["cycles"] == 100 * (1 - system["pruned_while_training"]["cycles"] / plain)
    text = " ".join(invoke(*DECLARED, "--round-filters", "8").output.split())
    # Multiples of 8 keep all filters of conv1, which the schedule halves.
    more = f"{-system['rounding_saved_percent']['macs']:.2f} % more multiply-accumulates"
    assert f"Multiples of 8 filters on titan-xp cost {more}, " in text


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        ((5.0, 4.0, 3.0), "save 5.00 % of the multiply-accumulates, 4.00 % of the cycles, 3.00 % of the energy"),
        ((-43.27, 4.0, None), "save 4.00 % of the cycles and cost 43.27 % more multiply-accumulates"),
        ((-1.0, -2.0, -3.0), "cost 1.00 % more multiply-accumulates, 2.00 % more cycles, 3.00 % more energy"),
    ],
)
def test_what_multiples_cost_is_not_called_saved(saved, told):
    assert _saved_or_cost(dict(zip(("macs", "cycles", "energy_pj"), saved, strict=True))) == told


def test_one_of_a_thing_is_said_in_the_singular():
    words = (*SMALL[:2], "--samples", "8", "--batch", "8", "--system", "titan-xp", "--schedule", "linear:0", "--epochs", "1")
    text = " ".join(invoke(*words, "--quiet").output.split())
    assert text.startswith("1 epoch of 1 minibatch of 8 an epoch; 1 distinct network; ")
    assert text.endswith("1 training step was simulated.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*SMALL, "--epochs", "3"), "expected a schedule or a log of live filters, got none"),
        ((*SMALL, "--schedule", "linear:0.5"), "--epochs: expected the epochs of the training with a schedule, got none"),
        (
            (*SMALL, "--schedule", "linear:1.2", "--epochs", "3"),
            "expected a pruned fraction of at least 0 and below 1, got '1.2'",
        ),
        ((*SMALL, "--schedule", "lineer:0.2", "--epochs", "3"), "did you mean 'linear'?"),
        ((*DECLARED, "--epochs", "0"), "epochs: expected 1 to 100,000 epochs, got 0"),
        ((*DECLARED, "--samples", "0"), "samples: expected an integer from 1"),
        ((*DECLARED, "--batch", "0"), "--batch: expected a batch of at least 1 image, got 0"),
        ((*DECLARED, "--retrain-epochs", "-1"), "retrain_epochs: expected an integer from 0"),
        ((*DECLARED, "--every-nth-network", "0"), "every_nth_network: expected an integer from 1"),
        ((*DECLARED, "--round-filters", "12"), "round_filters: expected filters in multiples of 8, 16 or 32, got 12"),
        ((*DECLARED, "--exempt", "convv1"), "expected a convolution to exempt from pruning, got 'convv1'; did you mean 'conv1'?"),
        ((*DECLARED, "--exempt", ""), "--exempt: expected names or patterns of layers, got none"),
        ((*DECLARED, "--exempt", ",,"), "--exempt: expected names or patterns of layers, got none"),
        ((*DECLARED, "--exempt", "*"), "no layer is left to prune; all are exempt"),
        ((*DECLARED, "--optimizer", "sgdd"), "optimizer: expected one of sgd, momentum, adam, got 'sgdd'; did you mean 'sgd'?"),
        ((*DECLARED, "--system", "edge-srm"), "did you mean 'edge-sram'?"),
        ((*DECLARED, "--system", ","), "--system: expected different systems, got none"),
        ((*DECLARED, "--system", "titan-xp,titan-xp"), "--system: expected different systems, got titan-xp, titan-xp"),
        ((*DECLARED, "--log", "none.parquet"), "expected a schedule or a log of live filters, got both"),
        ((*SMALL, "--log", "none.parquet"), "expected a file, found none at 'none.parquet'"),
        ((*SMALL, "--log", "."), "expected a file, got the folder '.'"),
        ((*DECLARED, "--set", "array.rows=0"), "array.rows=0"),
        (("prune", "vgg61-32", *DECLARED[2:]), "no network named 'vgg61-32'"),
        (("prune", "vgg16-32", *DECLARED[2:], "--samples", str(10**13)), "samples: expected an integer from 1"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, message):
    shown = invoke(*arguments)
    assert shown.exit_code == 2, shown.output
    assert message in shown.stderr
    assert len(shown.stderr.splitlines()) == 1
    assert shown.stderr.startswith("simcore: ")


def test_logs_that_do_not_suit(tmp_path):
    path = tmp_path / "log.parquet"
    write_log(declared_log(load_network("small-cnn-8"), schedule_from("linear:0.5"), 3), path)
    for arguments, message in (
        (
            ("prune", "vgg8-32", *SMALL[2:], "--log", str(path)),
            "is the log of another network ('small-cnn-8'), expected 'vgg8-32'",
        ),
        ((*SMALL, "--log", str(path), "--epochs", "4"), "--epochs: expected the 3 epochs of the log, got 4"),
        ((*SMALL, "--log", str(path), "--round-filters", "8"), "round and exempt them in the training"),
    ):
        shown = invoke(*arguments)
        assert (shown.exit_code, len(shown.stderr.splitlines())) == (2, 1), shown.output
        assert message in shown.stderr


def test_the_log_of_a_training_that_did_not_prune_meanwhile_is_refused(tmp_path):
    path = tmp_path / "log.parquet"
    log = declared_log(load_network("small-cnn-8"), schedule_from("linear:0.5"), 3)
    write_log(replace(log, procedure="prune-retrain"), path)
    shown = invoke(*SMALL, "--log", str(path))
    assert (shown.exit_code, len(shown.stderr.splitlines())) == (2, 1), shown.output
    assert f"{path}: expected the log of a training that prunes meanwhile, got one of 'prune-retrain'; train with" in shown.stderr


def test_the_convention_is_that_of_schedules_or_of_logs(tmp_path):
    path = tmp_path / "log.parquet"
    write_log(declared_log(load_network("small-cnn-8"), schedule_from("linear:0.5"), 3), path)
    for words, part, other in (
        (DECLARED, "the network that the schedule prunes at time e / E", "the log gives"),
        ((*SMALL, "--log", str(path)), "the network whose live filters the log gives for it", "schedule"),
    ):
        said = printed_json(*words)["convention"]
        assert part in said
        assert other not in said
        assert said in " ".join(invoke(*words).output.split())


def test_a_cache_folder_that_is_not_safe_is_told_once_and_the_run_goes_on(tmp_path, monkeypatch):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("SIMCORE_CACHE_DIR", str(folder))
    shown = invoke(*DECLARED, "--quiet")
    assert shown.exit_code == 0
    assert "cannot keep simulated steps, so each run simulates them again" in shown.stderr
    assert "can be written by other users" in shown.stderr
    assert list(folder.iterdir()) == []


def commands() -> list[str]:
    """Return the commands of docs/pruning.md that need no file of a training."""
    page = (Path(__file__).parents[1] / "docs" / "pruning.md").read_text(encoding="utf-8")
    lines = [line.removeprefix("$ simcore ") for line in page.splitlines() if line.startswith("$ simcore prune ")]
    return [line for line in lines if "--log" not in line]


@pytest.mark.parametrize("command", commands())
def test_commands_of_the_guide_run(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = command.replace("vgg16-32", "small-cnn-8").replace("resnet18-32", "small-cnn-8").split()
    if "--system" in words:
        words[words.index("--system") + 1] = "titan-xp,h100-sxm"
    else:
        words += ["--system", "titan-xp"]
    shown = invoke(*words, "--samples", "64")
    assert shown.exit_code == 0, shown.output


@pytest.mark.parametrize("page", ["pruning.md", "pruning-training.md"])
def test_the_guide_counts_the_minibatches_that_the_training_has(page):
    """A training leaves the last minibatch out if it is not full; `prune` counts it as a whole one."""
    text = (Path(__file__).parents[1] / "docs" / page).read_text(encoding="utf-8")
    (words,) = (line.split() for line in text.splitlines() if line.startswith("$ simcore prune ") and "--log" in line)
    samples, batch = (int(words[words.index(option) + 1]) for option in ("--samples", "--batch"))
    assert -(-samples // batch) == 1198 // PrunedTraining.batch
    assert batch == PrunedTraining.batch


def test_fractions_of_the_guide_are_those_of_the_code():
    page = (Path(__file__).parents[1] / "docs" / "pruning.md").read_text(encoding="utf-8")
    forms = [form.partition("[")[0] for form in FORMS if not form.startswith("FILE")]
    assert len(forms) == 5
    for form in forms:
        assert f"`{form}`" in page or f"`{form.replace('FILTERS', 'X').replace('EPOCH', 'M')}`" in page, form
