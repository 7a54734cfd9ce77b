"""``simcore study stt-mram``: its output and files, and the input that it rejects, with and without the extras."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from simcore.cli import app
from simcore.saving.mark import write_mark
from simcore.studies.form import extras
from simcore.studies.stt_mram.catalogue import FIGURES, TABLES

WITHOUT_TRAINING = [name for name in TABLES if not name.startswith(("accuracy", "placement"))]
OF_ACCURACY = {"contributions", "chips"}
NO_MODULE = ("a_module_that_is_nowhere",)


def study(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["study", "stt-mram", "--quick", "--jobs", "1", *arguments])


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """A study of lenet5 where the extra ``train`` is missing: what it printed and the directory it saved."""
    directory = tmp_path_factory.mktemp("study") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(extras.EXTRAS, "train", NO_MODULE)
        result = study("--networks", "lenet5", "--out", str(directory))
    assert result.exit_code == 0, result.output
    return result.stdout, directory


LEFT_OUT = "accuracy: left out, needs the extra train (pip install 'simcore[train]')"


@pytest.mark.slow
def test_every_table_is_saved_and_named(without):
    _, directory = without
    saved = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    assert list(saved) == ["settings", "findings", "conclusions", "assumptions", "left_out", "tables"]
    assert list(saved["tables"]) == WITHOUT_TRAINING
    index = (directory / "index.md").read_text(encoding="utf-8")
    for name in WITHOUT_TRAINING:
        assert len(pd.read_csv(directory / f"{name}.csv")) == len(saved["tables"][name]) > 0
        assert f"[{name}.csv]({name}.csv)" in index
    assert saved["left_out"][-1] == LEFT_OUT
    assert f"- {LEFT_OUT}" in index
    assert all(f"- {line}" in index for line in (*saved["conclusions"], *saved["assumptions"]))
    asked = {
        "quick": True,
        "seeds": None,
        "jobs": 1,
        "networks": ["lenet5"],
        "cell": "stt-34.5F2",
        "placements": [],
        "data": None,
    }
    asked["only"] = None
    assert saved["settings"] == asked
    assert {row["leakage_class"] for row in saved["tables"]["systems"]} == {"hp", "lop", "lstp"}


@pytest.mark.slow
def test_what_is_printed_fits_and_says_what_is_left_out(without):
    printed, directory = without
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 100
    flat = " ".join(printed.split())
    assert LEFT_OUT in flat
    saved = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    assert all(" ".join(line.split()) in flat for line in saved["conclusions"])


@pytest.mark.slow
def test_the_map_falls_as_its_figures_say(without):
    _, directory = without
    gains = pd.read_csv(directory / "gain_map.csv")
    for iso in ("capacity", "area"):
        of = only_at(gains, iso=iso, main_memory="ddr4", residue_percent=100.0, clock_mhz=1000, batch=32)
        by_leakage = [
            only_at(of, leakage=name, sram_kib=16384) for name in ("hp", "hp-0.36", "hp-cacti", "hp-cacti-sram", "lop", "lstp")
        ]
        for scope in ("scratchpads", "chip", "system"):
            falling = [rows[f"{scope}_gain"].item() for rows in by_leakage[:4]]
            assert falling == sorted(falling, reverse=True)
            assert max(rows[f"{scope}_gain"].item() for rows in by_leakage[4:]) < 5
        by_size = only_at(of, leakage="hp").sort_values("sram_kib")
        assert by_size["sram_kib"].tolist() == [1024, 4096, 16384]
        assert by_size["system_gain"].is_monotonic_increasing
        at = {"iso": iso, "leakage": "hp", "main_memory": "ddr4", "sram_kib": 16384, "batch": 32}
        slow, fast = (only_at(gains, **at, residue_percent=100.0, clock_mhz=clock)["system_gain"].item() for clock in (500, 1000))
        assert slow > fast
        by_residue = only_at(gains, **at, clock_mhz=1000).sort_values("residue_percent")
        assert by_residue["system_gain"].is_monotonic_decreasing
    named = pd.read_csv(directory / "named_configurations.csv")
    assert named["greatest_gain"].between(15, 22).all()
    assert set(named["leakage"]) <= {"hp", "hp-0.36"}


def only_at(rows: pd.DataFrame, **values: object) -> pd.DataFrame:
    return rows[(rows[list(values)] == pd.Series(values)).all(axis=1)]


@pytest.mark.slow
def test_figures_are_drawn_where_matplotlib_is(without):
    pytest.importorskip("matplotlib")
    _, directory = without
    drawn = {path.stem for path in (directory / "figures").iterdir()}
    assert drawn == set(FIGURES) - OF_ACCURACY
    assert {path.stem for path in (directory / "figures").glob("*.png")} == {
        path.stem for path in (directory / "figures").glob("*.svg")
    }
    for path in (directory / "figures").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<?xml")
        assert "<path" in text
        assert f"(figures/{path.name})" in (directory / "index.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_without_matplotlib_the_figures_are_left_out(without, tmp_path, monkeypatch):
    from simcore.studies.form.result import StudyResult
    from simcore.studies.stt_mram.catalogue import CATALOGUE

    _, directory = without
    saved = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    monkeypatch.setitem(extras.EXTRAS, "plot", NO_MODULE)
    line = extras.left_out("figures", "plot")
    assert line == "figures: left out, needs the extra plot (pip install 'simcore[plot]')"
    tables = {name: pd.DataFrame(rows) for name, rows in saved["tables"].items()}
    StudyResult(catalogue=CATALOGUE, settings={}, tables=tables, findings={}, left_out=(line,)).write_into(tmp_path)
    assert not (tmp_path / "figures").exists()
    index = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert f"- {line}" in index
    assert "figures/" not in index


def test_a_package_that_cannot_be_imported_counts_as_missing(tmp_path, monkeypatch):
    (tmp_path / "a_broken_package.py").write_text("raise ImportError('a library is missing')", encoding="utf-8")
    (tmp_path / "a_whole_package.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(extras.EXTRAS, "plot", ("a_whole_package",))
    assert extras.left_out("figures", "plot") is None
    monkeypatch.setitem(extras.EXTRAS, "plot", ("a_whole_package", "a_broken_package"))
    assert extras.left_out("figures", "plot") == "figures: left out, needs the extra plot (pip install 'simcore[plot]')"


@pytest.mark.slow
def test_equal_tables_give_equal_figures(tmp_path):
    pytest.importorskip("matplotlib")
    from simcore.studies.form.figures import draw_figures
    from simcore.studies.stt_mram.arrays import comparison_table
    from simcore.studies.stt_mram.catalogue import CATALOGUE

    tables = {"comparisons": comparison_table()}
    for folder in ("a", "b"):
        assert draw_figures(CATALOGUE, tables, tmp_path / folder) == ("arrays",)
    assert (tmp_path / "a" / "arrays.svg").read_bytes() == (tmp_path / "b" / "arrays.svg").read_bytes()


def test_a_directory_that_is_there_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    result = study("--out", str(tmp_path))
    assert result.exit_code == 2
    assert "holds something other than results of simcore" in result.stderr
    (tmp_path / "mine.txt").unlink()
    write_mark(tmp_path)
    result = study("--out", str(tmp_path))
    assert result.exit_code == 2
    assert "already holds results; choose another name, or overwrite it (overwrite=True, --overwrite)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--networks", "lenet"], "networks: no network of this study is called 'lenet'; did you mean 'lenet5'?"),
        (["--networks", ","], "networks: expected different networks, got none"),
        (["--cell", "sram"], "cell: expected a cell of STT-MRAM, got 'sram'"),
        (["--data", "nowhere"], "nowhere: expected a folder with the files of CIFAR-10, found none"),
        (["--jobs", "0"], "jobs: expected at least 1 process, got 0"),
        (["--only", "leakage=hpp"], "only: leakage: expected one of hp, hp-0.36, hp-cacti, hp-cacti-sram, lop, lop-0.24, "),
        (
            ["--only", "capacity=4MiB"],
            "only: expected KEY=VALUE with one of leakage, sram, clock, batch, array, memory, residue, ",
        ),
        (
            ["--only", "sram=100KiB"],
            "only: sram: expected the capacity of each SRAM scratchpad, 1 to 64 MiB in multiples of 16 KiB",
        ),
        (["--only", "batch=8,batch=9"], "only: batch is given twice"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, told):
    result = study(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip().startswith(f"simcore: {told}")
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_guide_names_every_table_and_figure_and_their_columns():
    guide = (Path(__file__).parents[1] / "docs" / "stt-mram-study.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", guide))
    assert set(TABLES) | set(FIGURES) <= named
