"""A saved run is read back with equal tables, and a directory that was cut off or changed is refused in one line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from made_up import made_up_results

from simcore import simulate
from simcore.errors import InputError
from simcore.results import Results
from simcore.saving.content import FORMAT, MARK, READABLE


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_results().save(tmp_path_factory.mktemp("saved") / "run")


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def _equal(results: Results, directory: Path) -> None:
    loaded = Results.load(directory)
    tables = results.tables()
    assert set(loaded.table_names) == set(tables)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(loaded.table(name), table, check_exact=True)
    assert loaded.manifest == json.loads(json.dumps(results.manifest))
    assert loaded.facts == json.loads(json.dumps(results.facts))
    assert loaded.to_json() == json.loads(json.dumps(results.to_json()))


def test_a_loaded_run_equals_the_saved_one(saved: Path) -> None:
    _equal(made_up_results(), saved)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram", "edge-sram-ddr4", "ideal-ddr4-2400", "h100-sxm", "pim-dram-feasibility"])
def test_runs_of_each_kind_are_read_back(system: str, tmp_path: Path) -> None:
    results = simulate("lenet5", system, layers="s2,f6")
    _equal(results, results.save(tmp_path / "run"))


def test_the_tables_are_attributes(saved: Path) -> None:
    loaded = Results.load(saved)
    assert list(loaded.layers["layer"]) == ["conv1", "relu1", "pool1"]
    assert loaded.cycles == made_up_results().cycles
    assert not hasattr(loaded, "no_such_table")
    assert "made-up on edge-sram" in repr(loaded)


def test_equal_runs_have_one_hash(saved: Path, tmp_path: Path) -> None:
    again = made_up_results().save(tmp_path / "again")
    assert Results.load(again).sha256 == Results.load(saved).sha256


def _cut(directory: Path) -> None:
    path = directory / "layers.parquet"
    os.truncate(path, path.stat().st_size // 2)


def _flip(directory: Path) -> None:
    raw = bytearray((directory / "layers.parquet").read_bytes())
    raw[len(raw) // 2] ^= 1
    (directory / "layers.parquet").write_bytes(raw)


def _remark(directory: Path, **changed: object) -> None:
    said = json.loads((directory / MARK).read_text())
    (directory / MARK).write_text(json.dumps(said | changed))


def _without_format(directory: Path) -> None:
    said = json.loads((directory / MARK).read_text())
    del said["format"]
    (directory / MARK).write_text(json.dumps(said))


def _link(directory: Path) -> None:
    (directory / "facts.json").rename(directory / "elsewhere")
    (directory / "facts.json").symlink_to(directory / "elsewhere")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_cut, "'layers.parquet' was cut off or changed: expected"),
        (_flip, "'layers.parquet' was changed after it was saved"),
        (lambda at: (at / "waits.csv").unlink(), "is cut off: 'waits.csv' missing"),
        (lambda at: (at / MARK).unlink(), f"its file '{MARK}' is missing"),
        (lambda at: os.truncate(at / MARK, 100), f"its file '{MARK}' was cut off or changed"),
        (lambda at: _remark(at, content={"../../secret": [1, "0"]}), f"its file '{MARK}' was cut off or changed"),
        (lambda at: _remark(at, format=2), "expected results in format 1, got format 2"),
        (_without_format, "an earlier version of simcore"),
        (_link, "cut off"),
    ],
)
def test_a_harmed_directory_is_refused_in_one_line(copied: Path, harm: Callable[[Path], object], said: str) -> None:
    harm(copied)
    with pytest.raises(InputError) as caught:
        Results.load(copied).tables()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(copied) in str(caught.value)


def test_a_study_is_no_run(tmp_path: Path) -> None:
    from simcore.saving.mark import write_mark

    (tmp_path / "index.md").write_text("a study\n")
    write_mark(tmp_path)
    with pytest.raises(InputError, match="expected the results of a run, got those of a study"):
        Results.load(tmp_path)


@pytest.mark.parametrize("name", ["absent", "a\0b"])
def test_no_directory_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        Results.load(tmp_path / name)


RUNS = Path(__file__).parent / "golden" / "runs"


@pytest.mark.parametrize("form", READABLE)
def test_every_form_that_was_ever_written_is_read(form: int) -> None:
    directory = RUNS / f"format-{form}"
    loaded = Results.load(directory)
    assert list(loaded.layers["layer"]) == ["c1", "s2", "f6"]
    written = pd.read_csv(directory / "layers.csv")
    assert loaded.layers["cycles"].tolist() == written["cycles"].tolist()
    assert loaded.cycles == written["cycles"].sum()
    assert set(loaded.tables()) == {path.stem for path in directory.glob("*.csv")}


def test_every_form_that_is_written_has_a_run_in_the_tests() -> None:
    assert FORMAT in READABLE
    assert sorted(path.name for path in RUNS.glob("format-*")) == [f"format-{form}" for form in sorted(READABLE)]
