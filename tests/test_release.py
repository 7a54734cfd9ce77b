"""What stands beside the code for a release: the citation, the image, and the packages of the wheel."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import typer
import yaml
from command_line import invoke

import simcore
from simcore.cli import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: The instructions of a Dockerfile that ours may use.
INSTRUCTIONS = {"FROM", "COPY", "RUN", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"}


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, without comments."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_citation_names_this_version_and_licence() -> None:
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(said)
    assert said["version"] == simcore.__version__
    assert said["license"] == PROJECT["project"]["license"]


def test_the_image_is_made_of_instructions_that_there_are() -> None:
    found = instructions()
    assert {word for word, _ in found} <= INSTRUCTIONS
    assert found[0][0] == "FROM"
    stages = [re.fullmatch(r"\S+(?: AS (\w+))?", rest) for word, rest in found if word == "FROM"]
    assert all(stages)
    names = {stage[1] for stage in stages if stage}
    for word, rest in found:
        if word == "COPY":
            *options, source, _ = rest.split()
            assert (ROOT / source).exists() or options == [f"--from={source.strip('/')}"]
            assert not options or options[0].removeprefix("--from=") in names


def test_the_images_commands_and_extras_exist() -> None:
    found = dict(instructions())
    program, arguments = json.loads(found["ENTRYPOINT"]), json.loads(found["CMD"])
    assert program[0] in PROJECT["project"]["scripts"]
    root: Any = typer.main.get_command(app)
    assert arguments[0] in root.commands
    assert all(option in invoke(arguments[0], "--help").stdout for option in arguments if option.startswith("--"))
    assert found["EXPOSE"] == arguments[arguments.index("--port") + 1]
    for word, rest in instructions():
        if word == "RUN":
            for extras in re.findall(r"whl\)?\[([\w,]+)\]", rest):
                assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])
            for command in re.findall(r"simcore run ([^&]+)", rest):
                assert invoke("run", *shlex.split(command), "--estimate").exit_code == 0
    minimum = PROJECT["project"]["requires-python"].removeprefix(">=").split(".")
    assert all(
        [int(part) for part in version.split(".")] >= list(map(int, minimum))
        for version in re.findall(r"python:([\d.]+)", found["FROM"])
    )


def test_the_commands_that_docs_give_for_the_image_are_those_in_it() -> None:
    header = re.findall(r"^#     (docker .*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)
    docs = re.findall(r"^docker .*$", (ROOT / "docs" / "reports.md").read_text(encoding="utf-8"), re.M)
    assert len(header) == 3
    assert docs == header


def test_every_file_beside_the_code_is_declared_as_data_of_the_wheel() -> None:
    """So that a new kind of file is not left out. `make wheel` compares the wheel itself."""
    declared = PROJECT["tool"]["setuptools"]["package-data"]
    for package in ("simcore", "models", "workloads"):
        for path in (ROOT / package).rglob("*"):
            inside = path.relative_to(ROOT / package)
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(inside.match(pattern) for pattern in declared[package]), path
