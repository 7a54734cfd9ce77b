"""``simcore study pim-dram``: its output and files, out of made-up runs, and the input that it rejects."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from test_pim_dram_study import run_of
from typer.testing import CliRunner, Result

from simcore.cli import app
from simcore.studies.pim_dram import cases
from simcore.studies.pim_dram.catalogue import FIGURES, TABLES
from simcore.studies.pim_dram.configuration import LEVELS


def study(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["study", "pim-dram", "--quick", "--jobs", "1", *arguments])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A study whose DRAM runs are made up: what it printed and the directory it saved."""
    directory = tmp_path_factory.mktemp("study") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases, "run_case", run_of)
        result = study("--networks", "alexnet", "--out", str(directory))
    assert result.exit_code == 0, result.output
    return result.stdout, directory


@pytest.mark.slow
def test_every_table_is_saved_and_named(saved):
    _, directory = saved
    kept = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    assert list(kept) == ["settings", "findings", "conclusions", "assumptions", "left_out", "tables"]
    assert list(kept["tables"]) == list(TABLES)
    index = (directory / "index.md").read_text(encoding="utf-8")
    for name in TABLES:
        assert len(pd.read_csv(directory / f"{name}.csv")) == len(kept["tables"][name]) > 0
        assert f"[{name}.csv]({name}.csv)" in index
    assert all(f"- {line}" in index for line in (*kept["conclusions"], *kept["assumptions"]))
    assert kept["settings"] == {"quick": True, "jobs": 1, "networks": ["alexnet"]}


@pytest.mark.slow
def test_every_figure_is_drawn(saved):
    pytest.importorskip("matplotlib")
    _, directory = saved
    assert {path.stem for path in (directory / "figures").iterdir()} == set(FIGURES)
    assert {path.stem for path in (directory / "figures").glob("*.png")} == {
        path.stem for path in (directory / "figures").glob("*.svg")
    }
    for path in (directory / "figures").glob("*.svg"):
        assert "<path" in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_is_printed_fits_and_holds_the_conclusions(saved):
    printed, directory = saved
    assert max(map(len, printed.splitlines())) <= 100
    flat = " ".join(printed.split())
    kept = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    assert all(" ".join(line.split()) in flat for line in kept["conclusions"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--networks", "vgg"), "did you mean 'vgg16'"),
        (("--networks", "alexnet,alexnet"), "expected different networks, got alexnet, alexnet"),
        (("--networks", ","), "expected different networks, got none"),
    ],
)
def test_what_cannot_be_studied_is_one_error_line(arguments, told):
    result = study(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_the_guide_names_every_table_figure_and_level():
    guide = (Path(__file__).parents[1] / "docs" / "pim-dram-study.md").read_text(encoding="utf-8")
    for name in (*TABLES, *FIGURES, *LEVELS):
        assert f"`{name}`" in guide
