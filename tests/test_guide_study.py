"""docs/your-own-study.md: the study that it shows runs, is saved and printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simcore.cli import app
from simcore.studies import registry

GUIDE = (Path(__file__).parents[1] / "docs" / "your-own-study.md").read_text(encoding="utf-8")
[STUDY] = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
[(NAME, PACKAGE)] = re.findall(r'^    "([\w-]+)": "([\w.]+)",$', GUIDE, flags=re.MULTILINE)


@pytest.fixture(autouse=True)
def _registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "study_of_the_guide.py").write_text(STUDY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(registry.STUDIES, NAME, "study_of_the_guide")


def study(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["study", NAME, *arguments])


def test_the_study_runs_and_is_saved(tmp_path: Path) -> None:
    ran = study("--quick", "--out", str(tmp_path / "sizes"))
    assert ran.exit_code == 0, ran.output
    assert [line.split()[0] for line in ran.stdout.splitlines()[1:4]] == ["side", "8", "16"]
    saved = json.loads((tmp_path / "sizes" / "results.json").read_text(encoding="utf-8"))
    sizes = saved["tables"]["sizes"]
    assert [row["side"] for row in sizes] == [8, 16]
    assert saved["findings"]["least_cycles"] == min(row["cycles"] for row in sizes) > 0
    assert ran.stdout.endswith(f"the fastest array takes {saved['findings']['least_cycles']:,} cycles\n")


def test_its_options_and_file_are_what_the_guide_says() -> None:
    described = " ".join(study("--help").stdout.split())
    assert "--network" in described
    assert "Two sizes." in described
    assert "--seeds" not in described
    assert f"# {PACKAGE.replace('.', '/')}/__init__.py" in STUDY
    assert f"simcore study {NAME} --quick --out sizes" in GUIDE
