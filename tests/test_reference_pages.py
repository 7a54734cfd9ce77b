"""docs/commands.md and docs/python.md are what the program says of itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import simcore
from simcore.cli import commands_page, python_page
from simcore.cli.app import app

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.slow
@pytest.mark.parametrize(("page", "module"), [("commands.md", commands_page), ("python.md", python_page)])
def test_a_reference_page_is_what_its_module_prints(page: str, module: ModuleType) -> None:
    command = [sys.executable, "-W", "error", "-m", module.__name__]
    assert (DOCS / page).read_text(encoding="utf-8") == module.markdown(), f"python -m {module.__name__} > docs/{page}"
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, module.markdown(), "")


def leaves(command: Any) -> list[Any]:
    below = getattr(command, "commands", {}).values()
    return [leaf for each in below for leaf in leaves(each)] if below else [command]


def test_every_option_of_every_command_has_a_row() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    for command in leaves(typer.main.get_command(app)):
        for parameter in command.params:
            for word in (*parameter.opts, *parameter.secondary_opts) if parameter.param_type_name == "option" else ():
                assert re.search(rf"`{re.escape(word)}[` ]", rows), f"{command.name} {word}"


def test_every_public_name_has_a_heading_and_a_first_line() -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    for name in set(simcore.__all__) - {"__version__"}:
        first = getattr(simcore, name).__doc__.splitlines()[0].replace("``", "`")
        assert f"\n## {name}\n" in text
        assert first in text


def test_signs_of_markdown_in_help_texts_stay_signs() -> None:
    rows = [line for line in (DOCS / "commands.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
