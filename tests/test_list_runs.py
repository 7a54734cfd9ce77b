"""``simcore list runs`` finds what is saved, and says of what cannot be read why."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command_line import invoke
from made_up import made_up_results

from simcore.results.found import found_results
from simcore.saving.mark import write_mark


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("saved")
    (tmp_path / "deep").mkdir()
    made_up_results().save(tmp_path / "one")
    made_up_results().save(tmp_path / "deep" / "two")
    study = tmp_path / "study"
    study.mkdir()
    (study / "index.md").write_text("# a study\n")
    write_mark(study)
    cut = made_up_results().save(tmp_path / "cut")
    os.truncate(cut / "layers.csv", 3)
    (tmp_path / "nothing").mkdir()
    return tmp_path


def test_runs_studies_and_broken_directories_are_told_apart(saved: Path) -> None:
    assert [(found.name, found.what) for found in found_results(saved)] == [
        ("cut", "broken"),
        ("deep/two", "run"),
        ("one", "run"),
        ("study", "study"),
    ]


def test_the_command_prints_each_once(saved: Path) -> None:
    result = invoke("list", "runs", str(saved))
    assert result.exit_code == 0
    assert f"{made_up_results().cycles:,}" in result.stdout
    assert "study: a study" in result.stdout
    assert "cut: 'layers.csv' was cut off or changed: expected" in result.stdout
    found = json.loads(invoke("list", "runs", str(saved), "--json").stdout)
    assert [each["what"] for each in found] == ["broken", "run", "run", "study"]
    assert found[1]["cycles"] == made_up_results().cycles


def test_a_sweep_says_how_far_it_is(tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / ".simcore-sweep").write_text("{}")
    (tmp_path / "sweep" / "progress.json").write_text('{"points": 7, "done": 3, "failed": 1}')
    assert "sweep: a sweep, 3 of 7 points done" in invoke("list", "runs", str(tmp_path)).stdout
    found = json.loads(invoke("list", "runs", str(tmp_path), "--json").stdout)
    assert found == [{"directory": "sweep", "what": "sweep", "counts": {"points": 7, "done": 3, "failed": 1}}]


def test_a_single_run_can_be_named(saved: Path) -> None:
    assert [found.name for found in found_results(saved / "one")] == ["."]


def test_links_are_not_followed(saved: Path) -> None:
    (saved / "nothing" / "loop").symlink_to(saved)
    assert len(found_results(saved)) == 4


def test_bad_arguments_are_errors(tmp_path: Path) -> None:
    assert invoke("list", "runs", str(tmp_path / "absent")).exit_code == 2
    assert invoke("list", "systems", str(tmp_path)).exit_code == 2
    nothing = invoke("list", "runs", str(tmp_path))
    assert nothing.exit_code == 0
    assert "No saved results" in nothing.stdout
