"""docs/tutorial.md: its commands and its Python run as printed, in its order, and print what the page shows."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import invoke

GUIDE = (Path(__file__).parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
#: What differs from run to run: how long it took, and how long a report is that says so.
CHANGING = r"simulated in .*$|[\d,]+ bytes;"
LEFT_OUT = "..."


def commands_and_outputs(block: str) -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^\$ simcore ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, shown


def steady(text: str) -> list[str]:
    return [re.sub(CHANGING, "", line).rstrip() for line in text.rstrip().splitlines()]


def pattern(shown: list[str]) -> str:
    """A pattern of the printed lines, in which `...` stands for one line or more."""
    parts = [r"(?:.*\n)+" if line == LEFT_OUT else re.escape(line) + r"\n" for line in steady("\n".join(shown))]
    return "".join(parts)


@pytest.mark.slow
def test_the_tutorials_commands_and_code_print_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    printed = io.StringIO()
    done = 0
    for kind, text in BLOCKS:
        if kind == "console":
            for command, shown in commands_and_outputs(text):
                result = invoke(*shlex.split(command))
                assert result.exit_code == 0, result.output
                assert re.fullmatch(pattern(shown), "\n".join(steady(result.output)) + "\n"), f"{command}\n{result.output}"
                done += 1
        elif kind == "yaml":
            Path(text.splitlines()[0].removeprefix("# ")).write_text(text)
        elif kind == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(text, "tutorial", "exec"), {"__name__": "__main__"})
        else:
            assert (kind, printed.getvalue()) == ("text", text)
    assert done == len(re.findall(r"^\$ ", GUIDE, flags=re.MULTILINE)) > 8
