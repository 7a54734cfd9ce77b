"""``validate --no-code`` executes none of the user's code, checks everything else, and says what it left out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli import app
from simcore.errors import InputError
from simcore.extensions.installed import imported
from simcore.extensions.no_code import is_refusal, without_code

MODEL = """
import pathlib
pathlib.Path(__file__).with_name("ran").write_text("")
from simcore import BankTiming

class Mine(BankTiming):
    parameters = {"cycles": 1}

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now + 1, now + 1

TABLE = {"extends": "ddr4_2400r"}
"""
TIMING = "extends: edge-sram\nscratchpads: {ifmap: {timing: 'mine.py:Mine'}}\n"


def validated(folder: Path, system: str, *options: str) -> tuple[int, str, str]:
    (folder / "mine.py").write_text(MODEL)
    (folder / "machine.yaml").write_text(system.replace("{dir}", str(folder)))
    result = CliRunner().invoke(app, ["validate", str(folder / "machine.yaml"), *options])
    return result.exit_code, result.stdout, result.stderr


def test_validate_executes_the_files_that_a_system_names(tmp_path: Path) -> None:
    assert validated(tmp_path, TIMING) == (0, f"{tmp_path}/machine.yaml: valid\n", "")
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "system",
    [
        TIMING,
        "extends: edge-sram\nscratchpads: {ifmap: {timing: {model: 'mine.py:Mine', parameters: {cycles: 2}}}}\n",
        "extends: edge-sram\narray: {dataflow: '{dir}/mine.py:Mine'}\n",
        "extends: edge-sram\nmemory: 'mine.py:TABLE'\n",
    ],
)
def test_no_code_executes_nothing_and_says_so(system: str, tmp_path: Path) -> None:
    code, out, err = validated(tmp_path, system, "--no-code")
    assert not (tmp_path / "ran").exists()
    assert (code, err) == (0, "")
    assert out == f"{tmp_path}/machine.yaml: valid\nnot checked, because it runs code: {tmp_path}/mine.py\n"


def test_a_table_that_extends_a_python_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text("extends: 'mine.py:TABLE'\n")
    code, out, _ = validated(tmp_path, "extends: edge-sram\nmemory: table.yaml\n", "--no-code")
    assert not (tmp_path / "ran").exists()
    assert (code, f"runs code: {tmp_path}/mine.py" in out) == (0, True)


def test_what_can_be_checked_without_code_is_checked(tmp_path: Path) -> None:
    system = TIMING.replace("}}", "}, filter: {timing: srm}}") + "array: {rows: 8}\n"
    code, out, err = validated(tmp_path, system, "--no-code")
    assert (code, out) == (2, "")
    assert err == (
        f"simcore: {tmp_path}/machine.yaml:2: scratchpads.filter.timing: no bank timing is called 'srm'; did you mean 'sram'?\n"
        f"not checked, because it runs code: {tmp_path}/mine.py\n"
    )
    assert validated(tmp_path, TIMING + "array: {rows: 0}\n", "--no-code")[0] == 2
    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_missing_or_no_python_is_reported_without_running_it(tmp_path: Path) -> None:
    code, _, err = validated(tmp_path, TIMING.replace("mine.py", "none.py"), "--no-code")
    assert (code, "expected a readable file, got: No such file or directory" in err) == (2, True)
    (tmp_path / "bad.py").write_text("import os\nclass Mine(:\n")
    code, _, err = validated(tmp_path, TIMING.replace("mine.py", "bad.py"), "--no-code")
    assert (code, "bad.py:2: not Python: invalid syntax" in err) == (2, True)


def test_json_names_what_was_left_out(tmp_path: Path) -> None:
    _, out, _ = validated(tmp_path, TIMING, "--no-code", "--json")
    found = json.loads(out)
    assert found == {"file": f"{tmp_path}/machine.yaml", "valid": True, "errors": [], "left_out": [f"{tmp_path}/mine.py"]}
    assert json.loads(validated(tmp_path, TIMING, "--json")[1])["left_out"] == []


def test_what_other_packages_offer_is_not_imported() -> None:
    with without_code() as left_out, pytest.raises(InputError) as raised:
        imported("theirs", "their_package.timing:Theirs", "bank timing")
    assert is_refusal(raised.value)
    assert left_out == ["the installed bank timing 'theirs' (their_package.timing:Theirs)"]
    with without_code():
        assert imported("sram", "models.memories:Sram", "bank timing").__name__ == "Sram"  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_command_imports_nothing_from_the_folder_it_is_called_in(tmp_path: Path) -> None:
    """A script's own folder, not the caller's, is where Python looks first: files planted in the latter are never run."""
    script = tmp_path / "bin" / "simcore"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nfrom simcore.cli import main\nmain()\n")
    script.chmod(0o755)
    here = tmp_path / "here"
    for name in ("numpy", "yaml", "pydantic", "typer", "simpy"):
        (here / name).mkdir(parents=True)
        (here / name / "__init__.py").write_text(f"raise SystemExit('planted {name}')\n")
    shutil.copytree(here / "numpy", here / "models")
    shutil.copytree(here / "numpy", here / "workloads")
    shutil.copytree(here / "numpy", here / "simcore")
    (here / "mine.py").write_text("import numpy\n" + MODEL)
    (here / "machine.yaml").write_text(TIMING)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(
        [str(script), "validate", "machine.yaml"], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "machine.yaml: valid\n", "")
