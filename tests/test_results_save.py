"""A results directory is whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from made_up import made_up_results

from simcore import simulate
from simcore.errors import InputError
from simcore.results import TABLES, Results
from simcore.saving.content import MARK


@pytest.fixture(scope="module")
def results() -> Results:
    return made_up_results()


def test_saved_tables_read_back_equal(results: Results, tmp_path: Path) -> None:
    saved = results.save(tmp_path / "out")
    names = {f"{name}{suffix}" for name in TABLES for suffix in (".csv", ".parquet")} | {
        "results.json",
        "facts.json",
        "manifest.json",
        MARK,
    }
    assert {path.name for path in saved.iterdir()} == names
    for name, table in results.tables().items():
        read = pd.read_parquet(saved / f"{name}.parquet")
        assert read.astype(object).fillna("").to_numpy().tolist() == table.astype(object).fillna("").to_numpy().tolist(), name
        assert list(pd.read_csv(saved / f"{name}.csv").columns) == list(table.columns)
    assert json.loads((saved / "results.json").read_text()) == json.loads(json.dumps(results.to_json()))


def test_a_failing_save_leaves_nothing_behind(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full_disk)
    with pytest.raises(InputError, match="No space left on device"):
        results.save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_replacement_keeps_the_earlier_results(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = results.save(tmp_path / "out")
    before = (saved / "results.json").read_text()

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full_disk)
    with pytest.raises(InputError):
        results.save(saved, overwrite=True)
    assert (saved / "results.json").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_earlier_results_are_replaced_only_when_asked(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "out")
    with pytest.raises(InputError, match="already holds results"):
        results.save(tmp_path / "out")
    results.save(tmp_path / "out", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_manifest_hashes_every_system_file_that_is_extended(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: edge-sram\ncore_clock_hz: 2 GHz\n")
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\narray: {rows: 8}\n")
    results = simulate("lenet5", tmp_path / "mine.yaml", layers="c1")
    assert set(results.manifest["input_sha256"]) == {str(tmp_path / "base.yaml"), str(tmp_path / "mine.yaml")}
    assert simulate("lenet5", "edge-sram", layers="c1").manifest["input_sha256"] == {}
