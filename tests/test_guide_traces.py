"""docs/traces.md: its commands and its code run, in order and in one folder, and print what the guide shows."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli.app import app

GUIDE = (Path(__file__).parents[1] / "docs" / "traces.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_guides_commands_and_code_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = {"console": 0, "python": 0, "text": 0}
    printed = io.StringIO()
    for kind, text in BLOCKS:
        ran[kind] += 1
        if kind == "console":
            for line in text.splitlines():
                done = CliRunner().invoke(app, shlex.split(line.removeprefix("$ simcore ")))
                assert done.exit_code == 0, (line, done.output)
        elif kind == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(text, "guide", "exec"), {})
        else:
            assert printed.getvalue() == text
    assert ran == {"console": 2, "python": 3, "text": 1}
    files = set(re.findall(r"^\| `([a-z_]+_trace\.[a-z0-9.]+)` \|", GUIDE, flags=re.MULTILINE))
    assert files == {path.name for path in Path("traced").glob("*_trace.*")}
    assert len(Path("channel0.txt").read_text().splitlines()) == len(Path("traced/dram_trace.txt").read_text().splitlines())
    assert Path("commands.csv").stat().st_size > 10_000
    assert Path("span/scratchpad_trace.parquet").is_file()


def test_the_guide_explains_every_column() -> None:
    from simcore.results.trace_files import _access_columns, _transaction_columns

    explained = [
        name for row in re.findall(r"^\| (`[^|]*) \|", GUIDE, flags=re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    wanted = ["layer", *_access_columns(["ifmap"]), "layer", *_transaction_columns()]
    assert [name for name in explained if "_trace" not in name] == wanted
