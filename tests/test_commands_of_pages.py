"""Every command on a page is one that there is, with options that it has. (Pages whose commands run have tests of their own.)"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from simcore.cli import app
from simcore.cli.study_app import StudyGroup

ROOT = Path(__file__).parents[1]
#: These tell what was, or use a study that the page itself makes (test_guide_study.py).
LEFT_OUT = ("CHANGELOG.md", "your-own-study.md")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(?:console|sh|bash)\n(.*?)^```$|(?<=\n\n)((?:    (?:\$ )?simcore [^\n]*\n)+)", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """The commands in the page's blocks of code, without what goes on behind a pipe."""
    found = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        lines = re.sub(r"\\\n", " ", block[1] or block[2]).splitlines()
        found += [line for line in (re.sub(r"^\s*(\$ )?", "", line) for line in lines) if line.startswith("simcore ")]
    return [re.split(r" (?:\||>|&&|#|&$) ?", command)[0] for command in found]


ALL = [(page, command) for page in PAGES if page.name not in LEFT_OUT for command in commands(page)]


@pytest.fixture(scope="module")
def parsing() -> Iterator[Any]:
    """The command line, whose commands do nothing."""
    root, load = typer.main.get_command(app), StudyGroup.get_command

    def silenced(command: Any) -> Any:
        for below in getattr(command, "commands", {}).values():
            silenced(below)
        if command is not None and not getattr(command, "commands", {}):
            command.callback = lambda **given: None
        return command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StudyGroup, "get_command", lambda self, ctx, name: silenced(load(self, ctx, name)))
        yield silenced(root)


def test_pages_have_commands() -> None:
    assert len({page for page, _ in ALL}) > 20
    assert len(ALL) > 100


@pytest.mark.parametrize(("page", "command"), ALL, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_a_command_can_be_given(page: Path, command: str, parsing: Any) -> None:
    assert _given(parsing, command) == 0


def _given(parsing: Any, command: str) -> int:
    try:
        parsing.main(args=shlex.split(command)[1:], prog_name="simcore", standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize("wrong", ["simcore rum lenet5", "simcore run lenet5 --sytem edge-stt", "simcore compare"])
def test_a_wrong_command_is_found(wrong: str, parsing: Any) -> None:
    assert _given(parsing, wrong) == 2
