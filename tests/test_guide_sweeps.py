"""docs/sweeps.md: its command, its code and its Slurm script run, and print what the guide shows."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simcore.cli.app import app
from simcore.sweeps.folder import _OWN, MARK
from simcore.sweeps.reading import KEYS, SAMPLERS, read_space
from simcore.sweeps.space import RUN_OPTIONS, Search

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
SPACE, SEARCH = (text for kind, text in BLOCKS if kind == "yaml")


@pytest.mark.slow
def test_the_guides_commands_and_code_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("space.yaml").write_text(SPACE)
    printed = io.StringIO()
    for kind, text in BLOCKS:
        if kind == "console":
            for line in text.splitlines():
                done = CliRunner().invoke(app, shlex.split(line.removeprefix("$ simcore ")))
                assert done.exit_code == 0, (line, done.output)
        elif kind == "python" and text.startswith("# run\n"):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(text, "guide", "exec"), {"__name__": "__main__"})
        elif kind == "text":
            assert printed.getvalue() == text
    table = pd.read_parquet("swept/points.parquet")
    # Three heights and two batches; edge-sram with 8 and 16 banks, edge-stt with 16 alone, of 32 columns each.
    assert len(table) == 3 * 2 * (2 + 1)


def test_the_guide_names_every_key_file_and_choice(tmp_path: Path) -> None:
    rows = re.findall(r"^\| `([a-z.]+)` \|", GUIDE, flags=re.MULTILINE)
    assert set(KEYS) | (_OWN - {MARK, "pareto.png"}) == set(rows)
    named = set(re.findall(r"`(\w+)`", GUIDE))
    assert set(RUN_OPTIONS) | set(SAMPLERS) <= named
    (tmp_path / "space.yaml").write_text(SPACE + SEARCH)
    found = read_space(tmp_path / "space.yaml")
    assert found.search is not None
    assert set(re.findall(r"(\w+): ", SEARCH)) - {"search"} == {field.name for field in fields(Search)}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs the extra sweep (distributed)")
def test_the_slurm_script_runs_where_srun_starts_a_worker(tmp_path: Path) -> None:
    commands = {"srun": '"$@"', "dask": f"exec {sys.executable} -c 'from dask.__main__ import main; main()' \"$@\""}
    commands["simcore"] = f"exec {sys.executable} -c 'from simcore.cli import main; main()' \"$@\""
    for name, does in commands.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{does}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "space.yaml").write_text("networks: [lenet5]\nsystems: [ideal-titan-xp]\nproduct: {run.batch: [1, 2, 3]}\n")
    script = next(text for kind, text in BLOCKS if kind == "bash")
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    python_path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PATH": path, "PYTHONPATH": python_path}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert "3 points, 3 simulated now" in done.stdout
