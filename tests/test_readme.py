"""README.md and docs/input-formats.md: their commands and Python run as printed, on a small network in place of the large one."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore import simulate
from simcore.cli import app
from simcore.spec import validate_file

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FORMATS = (ROOT / "docs" / "input-formats.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(text: str) -> list[str]:
    return [line.removeprefix("$ ") for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]


def small(text: str) -> str:
    """The text with LeNet-5 in place of ResNet18, and layers it has."""
    return text.replace("'layer1*,fc'", "'c*,output'").replace("resnet18()", "lenet5()").replace("resnet18", "lenet5")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that code blocks name in their first line."""
    for block in blocks(README, "python"):
        name = re.match(r"# (\S+\.py)\n", block)
        if name:
            (tmp_path / name[1]).write_text(block)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("command", commands(README))
def test_commands_of_the_readme_run(command: str, folder: Path) -> None:
    program, *arguments = shlex.split(small(command))
    assert program == "simcore"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_the_changes_of_the_readme_matter(folder: Path) -> None:
    """Its two changes of a key each move a tenth of the cycles, as the printed output shows."""
    printed = {
        name: int(cycles.replace(",", "")) for name, cycles in re.findall(r"^(.*): ([0-9,]+) cycles; simulated", README, re.M)
    }
    assert set(printed) == {"resnet18 on edge-stt", "resnet18 on edge-sram"}
    changed = [command for command in commands(README) if "--quiet --set" in command]
    assert len(changed) == 2
    for command in changed:
        cycles = [
            json.loads(CliRunner().invoke(app, [*shlex.split(line)[1:], "--json"]).stdout)["cycles"]
            for line in (command, command.partition(" --set")[0])
        ]
        assert abs(cycles[0] - cycles[1]) > 0.1 * cycles[1]


@pytest.mark.parametrize("code", [block for block in blocks(README, "python") if not block.startswith("#")])
def test_python_of_the_readme_runs(code: str, folder: Path) -> None:
    exec(compile(small(code), "README.md", "exec"), {})
    assert (folder / "lenet5-edge-stt" / "results.json").is_file()


@pytest.mark.parametrize("code", blocks(FORMATS, "python"))
def test_python_of_the_input_formats_runs(code: str, folder: Path) -> None:
    exec(compile(code, "input-formats.md", "exec"), {})


def test_system_files_of_the_input_formats_are_valid(folder: Path) -> None:
    for text in blocks(FORMATS, "yaml"):
        (folder / "machine.yaml").write_text(text)
        assert validate_file(folder / "machine.yaml") == []


def test_topologies_of_the_input_formats_run(folder: Path) -> None:
    for text in blocks(FORMATS, "csv"):
        (folder / "net.csv").write_text(text.replace("230, 230", "20, 20"))
        assert simulate("net.csv", "scale-sim-32x32-ws").cycles > 0
