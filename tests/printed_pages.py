"""Pages whose commands and code run in their order, in one folder, and print what the page shows."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from command_line import invoke

DOCS = Path(__file__).parents[1] / "docs"
#: What differs from run to run: how long it took, and how long a report is that says so.
CHANGING = r"simulated in .*$|[\d,]+ bytes;"
#: Stands for one line or more.
LEFT_OUT = "..."
#: The first line of a block that is a file.
NAMED = re.compile(r"# (\S+\.\w+)\n")


def run_page(name: str, folder: Path) -> int:
    """Run a page of docs/ in an empty folder, in which the caller works. Return how many commands and blocks of Python ran.

    A block whose first line names a file is that file. Blocks of Python are executed, and a block of text below one is what it
    prints. Of a console block the commands run, and print what stands below them. Blocks of shell run in bash.
    """
    done, printed = 0, io.StringIO()
    for kind, text in blocks(name):
        if file := NAMED.match(text):
            (folder / file[1]).write_text(text)
        elif kind == "console":
            for command, shown in commands_and_outputs(text):
                result = invoke(*shlex.split(command))
                assert result.exit_code == 0, result.output
                assert re.fullmatch(pattern(shown), "\n".join(steady(result.output)) + "\n"), f"{command}\n{result.output}"
                done += 1
        elif kind == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(text, name, "exec"), {"__name__": "__main__"})
            done += 1
        elif kind == "sh":
            subprocess.run(["bash", "-euc", text], cwd=folder, check=True)
        else:
            assert (kind, printed.getvalue()) == ("text", text)
    return done


def blocks(name: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of code of a page."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", (DOCS / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def runs_in(name: str) -> int:
    """Return how many commands and blocks of Python a page has."""
    commands = sum(text.count("\n$ ") + text.startswith("$ ") for kind, text in blocks(name) if kind == "console")
    return commands + sum(kind == "python" and not NAMED.match(text) for kind, text in blocks(name))


def commands_and_outputs(block: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a console block, each with the lines that stand below it."""
    for part in re.split(r"^\$ simcore ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, shown


def steady(text: str) -> list[str]:
    """Return the lines of a text without what differs from run to run."""
    return [re.sub(CHANGING, "", line).rstrip() for line in text.rstrip().splitlines()]


def pattern(shown: list[str]) -> str:
    """Return a pattern of the printed lines, in which `...` stands for one line or more."""
    parts = [r"(?:.*\n)+" if line == LEFT_OUT else re.escape(line) + r"\n" for line in steady("\n".join(shown))]
    return "".join(parts)
