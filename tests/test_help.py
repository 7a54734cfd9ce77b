"""``--help`` answers at once because it imports next to nothing, and shells complete commands and options."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from command_line import invoke
from fresh_python import imported_by
from typer.testing import CliRunner

from simcore.cli import app

#: What takes longer to import than typer does, and the rooms of simcore that a command needs only when it runs.
NOT_FOR_HELP = [
    *("importlib.metadata", "jinja2", "llvmlite", "matplotlib", "networkx", "numba", "numpy", "onnx", "pandas", "pyarrow"),
    *("pydantic", "rich", "scipy", "simpy", "torch", "yaml"),
    *("models", "workloads", "simcore.engine", "simcore.kinds", "simcore.results", "simcore.simulation", "simcore.spec"),
]
HELP = """
import contextlib, io, sys
asked = sys.argv
from simcore.cli import main
for words in {commands!r}:
    shown, before = io.StringIO(), set(sys.modules)
    sys.argv = ['simcore', *words, '--help']
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        main()
    loaded = sorted(set({heavy!r}) & set(sys.modules) - before)
    print(*words, '--help' in shown.getvalue(), *loaded)
sys.argv = asked
"""


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group of commands, by the words that name it, but for the studies, which are modules of their own."""
    found = [path]
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*path, name))
    return found


def test_help_of_every_command_imports_next_to_nothing() -> None:
    asked = commands(typer.main.get_command(app))
    assert len(asked) > 20
    found, printed = imported_by(HELP.format(commands=asked, heavy=NOT_FOR_HELP), NOT_FOR_HELP)
    assert printed.splitlines() == [" ".join([*words, "True"]) for words in asked]
    assert found == set()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("simcore compa", {"compare"}),
        ("simcore run --time", {"--timeline"}),
        ("simcore dram check --st", {"--standard"}),
        ("simcore study pim", {"pim-dram"}),
    ],
)
def test_a_shell_is_told_how_words_may_end(typed: str, offered: set[str]) -> None:
    place = str(len(typed.split()) - 1)
    told = {"_SIMCORE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": place}
    shown = CliRunner().invoke(app, env=told, prog_name="simcore")
    assert set(shown.output.split()) == offered


def test_the_options_of_completion_are_there() -> None:
    shown = invoke("--help").output
    assert "--install-completion" in shown
    assert "--show-completion" in shown
