"""``simcore study pruning``: its tables agree with each other, its sentences with its findings, and its files are whole."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from simcore.studies.form.part import Part
from simcore.studies.pruning import counts, settings, study
from simcore.studies.pruning.catalogue import FIGURES, TABLES
from simcore.studies.pruning.conclusions import conclusions
from simcore.studies.pruning.counts import Count, count_findings, count_row
from simcore.studies.pruning.machines import Case, cases_of, run_case
from simcore.studies.pruning.settings import PruningSettings
from tests.command_line import invoke


@pytest.fixture(scope="module", name="saved")
def a_saved_study(tmp_path_factory) -> tuple[str, Path]:
    """A study of a small network on three machines: what it printed, and the directory that it saved."""
    directory = tmp_path_factory.mktemp("study") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PruningSettings, "simulated_network", "small-cnn-8")
        patch.setattr(PruningSettings, "counted_networks", ("vgg16-32",))
        patch.setattr(PruningSettings, "counted_epochs", (20,))
        patch.setattr(PruningSettings, "multiples", (1, 8))
        patch.setattr(study, "study_accuracy", lambda trained, on_progress: Part(left_out=("accuracy: not here",)))
        patch.setattr(counts, "SCHEDULES", settings.SCHEDULES[:4])
        shown = invoke(
            *("study", "pruning", "--quick", "--jobs", "1", "--systems", "edge-sram,train-stt,titan-xp"), "--out", str(directory)
        )
    assert shown.exit_code == 0, shown.output
    return shown.stdout, directory


@pytest.mark.slow
def test_every_table_and_figure_is_saved_and_named(saved):
    _, directory = saved
    kept = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    index = (directory / "index.md").read_text(encoding="utf-8")
    for name in [name for name in TABLES if not name.startswith("accuracy")]:
        assert len(pd.read_csv(directory / f"{name}.csv")) == len(kept["tables"][name]) > 0
        assert f"[{name}.csv]({name}.csv)" in index
    assert all(f"- {line}" in index for line in (*kept["conclusions"], *kept["assumptions"]))
    pytest.importorskip("matplotlib")
    assert {path.stem for path in (directory / "figures").iterdir()} == set(FIGURES) - {"accuracy"}


@pytest.mark.slow
def test_what_is_printed_fits_and_holds_the_conclusions(saved):
    printed, directory = saved
    assert max(map(len, printed.splitlines())) <= 100
    told = " ".join(printed.split())
    assert all(" ".join(line.split()) in told for line in json.loads((directory / "results.json").read_text())["conclusions"])


@pytest.mark.slow
def test_epochs_add_up_to_trainings_and_machines_without_writes_have_no_wear(saved):
    _, directory = saved
    machines, epochs = (pd.read_csv(directory / f"{name}.csv") for name in ("machines", "epochs"))
    keys = ["schedule", "system"]
    sums = epochs.groupby(keys)[["macs", "cycles"]].sum()
    pruned = machines[machines["procedure"] == "pruned_while_training"].set_index(keys)[["macs", "cycles"]]
    assert (sums == pruned.loc[sums.index]).all(axis=None)
    writes = pd.read_csv(directory / "writes.csv")
    assert set(writes["system"]) == {"edge-sram", "train-stt"}
    assert writes[writes["memory"] == "sram"]["trainings_until_worn"].isna().all()
    of = writes[(writes["system"] == "train-stt") & (writes["schedule"] == "one-shot:0.5@0.5")].set_index("procedure")
    assert of.loc["pruned_while_training", "writes"] < of.loc["dense", "writes"] < of.loc["train_prune_retrain", "writes"]
    assert of["trainings_until_worn"].between(1, 1e12).all()
    filters = pd.read_csv(directory / "filters.csv")
    assert len(filters) == 2 * 200 * 2  # schedules x epochs x convolutions


def test_which_schedules_save_41_percent_is_computed_and_not_assumed():
    rows = [count_row(Count("vgg16-32", schedule, 200)) for schedule in ("linear:0.5@0.2-0.8,every=20", "one-shot:0.8@0.5")]
    # By hand: every 20 epochs of the ramp from 20 to 80 % of 200 epochs prune 1/6 x 0.5; one-shot prunes after 100 epochs.
    ramp = [0.5 * min(max(20 * (epoch // 20) / 200 - 0.2, 0) / 0.6, 1) for epoch in range(1, 201)]
    left = sum((1 - pruned) ** 2 for pruned in ramp)
    assert rows[0]["computations_saved_percent"] == pytest.approx(100 * (1 - left / (200 + 10 * 0.25)), abs=0.5)
    assert rows[1]["computations_saved_percent"] == pytest.approx(100 * (1 - (100 + 100 * 0.04) / (200 + 10 * 0.04)), abs=0.5)
    found = count_findings(pd.DataFrame(rows))
    as_claimed = [row["schedule"] for row in found["computations_as_claimed"]]
    assert as_claimed == [row["schedule"] for row in rows if 40.5 <= row["computations_saved_percent"] <= 41.5]
    assert [row["schedule"] for row in found["by_schedule"]] == [row["schedule"] for row in rows]


#: A column of the page's table of counts -> the network.
PAGE_NETWORKS = {
    "VGG16 (32x32)": "vgg16-32",
    "VGG16 (ImageNet)": "vgg16",
    "ResNet18 (32x32)": "resnet18-32",
    "ResNet18 (ImageNet)": "resnet18",
}


@pytest.mark.slow
def test_the_pages_table_of_counts_is_what_the_study_counts():
    """Every cell is read. To save time, ramps of 200 epochs, which have hundreds of networks, are counted for one network."""
    page = (Path(__file__).parents[1] / "docs" / "pruning.md").read_text(encoding="utf-8")
    lines = iter(page.split("### What it found")[1].splitlines())
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert rows[0] == ["schedule", *PAGE_NETWORKS]
    assert len(rows) == 2 + 8
    for schedule, *cells in rows[2:]:
        assert schedule.strip("`") in settings.SCHEDULES
        for network, cell in zip(PAGE_NETWORKS.values(), cells, strict=True):
            for epochs, percent in zip(settings.EPOCHS, cell.split(", "), strict=True):
                if epochs == 60 or network == "vgg16-32" or schedule.startswith(("`one", "`every")):
                    row = count_row(Count(network, schedule.strip("`"), epochs))
                    assert f"{row['computations_saved_percent']:.1f}" == percent.strip("*"), (schedule, network, epochs)
                    assert row["computations_as_claimed"] == percent.startswith("**"), (schedule, network, epochs)


def test_a_saving_of_41_percent_is_told_with_its_case():
    case = {"network": "net", "schedule": "one-shot:0.5@0.4", "epochs": 60}
    row = {**case, "computations_saved_percent": 41.2, "accesses_saved_percent": 30.0, "weight_accesses_saved_percent": 41.0}
    row |= {"computations_as_claimed": True, "accesses_as_claimed": False, "weight_accesses_as_claimed": True}
    told = conclusions({"counts": count_findings(pd.DataFrame([row]))})
    assert "1 of 1 cases (one-shot:0.5@0.4: net in 60 epochs); all cases lie from 41.2 to 41.2 %" in told[0]
    assert "no schedule of the study saves 41 % of both" in told
    assert told[-1] == "schedules that never save 41 % of the computations: none"


def test_cases_are_every_schedule_on_every_system_and_the_multiples():
    found = cases_of(PruningSettings(quick=True, systems=("titan-xp",)))
    machines = [(case.system, case.multiple) for case in found]
    assert machines == [("titan-xp", 1), ("titan-xp", 1), ("edge-sram", 1), ("edge-sram", 32)]


def test_a_case_on_a_machine_without_energies_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMCORE_CACHE_DIR", str(tmp_path))
    rows = run_case(Case("small-cnn-8", 8, "one-shot:0.5@0.5", "titan-xp"))
    assert [row["energy_pj"] for row in rows.procedures] == [None] * 3
    assert list(rows.wear) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--systems", ","), "systems: expected different systems, got none"),
        (("--systems", "titan-xp,titan-xp"), "systems: expected different systems, got titan-xp, titan-xp"),
        (("--systems", "titan-xq", "--jobs", "1"), "did you mean 'titan-xp'?"),
        (("--jobs", "0"), "jobs: expected at least 1 process, got 0"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, message):
    shown = invoke("study", "pruning", "--quick", *arguments)
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert len(shown.stderr.splitlines()) == 1
