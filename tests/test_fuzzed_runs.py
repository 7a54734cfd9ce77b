"""Readers of saved runs and studies, given harmed directories, give a result or one error of one line, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fuzz_runs import PRUNING_LOG, made, once, read

from simcore.errors import InputError
from simcore.report import item_saved_in, report_html
from simcore.saving.mark import write_mark


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return made(tmp_path_factory.mktemp("bases"))


@pytest.mark.slow
def test_harmed_directories_are_read_or_refused(bases: list[Path], tmp_path: Path) -> None:
    for seed in range(12):
        once(bases, tmp_path, seed)


@pytest.mark.slow
def test_whole_directories_are_read(bases: list[Path]) -> None:
    for base in bases:
        assert (base / PRUNING_LOG).exists() or report_html([item_saved_in(base)])
        read(base)


def _changed(directory: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    path = directory / f"{name}.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    (directory / ".simcore-results").unlink()
    write_mark(directory)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("layers", lambda table: table.drop(columns="cycles"), "expected a column 'cycles' in the table 'layers'"),
        ("layers", lambda table: table.assign(macs="x"), "expected numbers in the column 'macs' of the table 'layers'"),
        ("layers", lambda table: table.assign(mac_pj=True), "expected numbers in the column 'mac_pj' of the table 'layers'"),
        ("layers", lambda table: table.assign(layer=1), "expected texts in the column 'layer' of the table 'layers'"),
        ("layers", lambda table: table.drop(columns="stall_drain_cycles"), "expected a column 'stall_drain_cycles'"),
        (
            "totals",
            lambda table: table.assign(value=float("inf")),
            "expected numbers in the column 'value' of the table 'totals'",
        ),
        (
            "timeline",
            lambda table: table.assign(bin_cycles=2**61),
            "expected numbers in the column 'bin_cycles' of the table 'timeline'",
        ),
        ("timeline", lambda table: table.assign(bin_start_cycle=1e300), "expected numbers in the column 'bin_start_cycle'"),
        ("energy", lambda table: table.assign(part=None), "expected texts in the column 'part' of the table 'energy'"),
    ],
)
def test_tables_of_another_form_are_refused(name: str, change: Any, said: str, bases: list[Path], tmp_path: Path) -> None:
    saved = Path(shutil.copytree(bases[0], tmp_path / "run"))
    _changed(saved, name, change)
    with pytest.raises(InputError, match=said):
        report_html([item_saved_in(saved)])


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("facts.json", "{}", "expected 'network' in 'facts.json'"),
        ("facts.json", '{"cycles": NaN}', "'facts.json' is no JSON that simcore writes: NaN is no number"),
        ("facts.json", "[" * 100_000, "nested too deeply"),
        ("manifest.json", "[" * 50 + "]" * 50, "nested too deeply"),
        ("manifest.json", '{"system": []}', "expected 'system' of 'manifest.json'"),
        ("manifest.json", "3", "expected one object in 'manifest.json'"),
    ],
)
def test_other_facts_and_manifests_are_refused(file: str, text: str, said: str, bases: list[Path], tmp_path: Path) -> None:
    saved = Path(shutil.copytree(bases[0], tmp_path / "run"))
    (saved / file).write_text(text)
    (saved / ".simcore-results").unlink()
    write_mark(saved)
    with pytest.raises(InputError, match=said):
        item_saved_in(saved)


def test_a_mark_of_a_sweep_with_an_infinite_format_is_refused(bases: list[Path], tmp_path: Path) -> None:
    copied = Path(shutil.copytree(bases[2], tmp_path / "sweep"))
    mark = copied / ".simcore-sweep"
    mark.write_text(mark.read_text().replace('"format": 1', '"format": Infinity'))
    with pytest.raises(InputError, match="was not written by simcore"):
        item_saved_in(copied)


def test_lists_of_a_study_that_are_none_are_empty(bases: list[Path], tmp_path: Path) -> None:
    copied = Path(shutil.copytree(bases[1], tmp_path / "study"))
    found = copied / "results.json"
    found.write_text(found.read_text().replace('"conclusions": ["It is <b>so</b>."]', '"conclusions": null'))
    (copied / ".simcore-results").unlink()
    write_mark(copied)
    assert "It is" not in report_html([item_saved_in(copied)])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("axes", [None, "network"]),
        ("axes", ["color"]),
        ("counts", {"points": 4}),
        ("counts", {"failed": ""}),
        ("counts", {"failed": float("inf")}),
    ],
)
def test_a_manifest_of_a_sweep_of_another_form_is_refused(key: str, value: Any, bases: list[Path], tmp_path: Path) -> None:
    copied = Path(shutil.copytree(bases[2], tmp_path / "sweep"))
    manifest = json.loads((copied / "manifest.json").read_text())
    (copied / "manifest.json").write_text(json.dumps(manifest | {key: value}))
    with pytest.raises(InputError, match="damaged") as raised:
        item_saved_in(copied)
    assert str(raised.value).startswith(str(copied))


def test_a_number_greater_than_any_is_refused_with_the_name_of_its_file(bases: list[Path], tmp_path: Path) -> None:
    """Python reads 1e999 as infinite, which no report can hold."""
    saved = Path(shutil.copytree(bases[0], tmp_path / "run"))
    file = saved / "manifest.json"
    file.write_text(file.read_text().replace("{", '{"bytes": 1e999,', 1))
    (saved / ".simcore-results").unlink()
    write_mark(saved)
    with pytest.raises(InputError, match=r"'manifest\.json' is no JSON that simcore writes: 1e999 is greater"):
        item_saved_in(saved)
