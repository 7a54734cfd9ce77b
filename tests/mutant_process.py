"""The process in which cases run with seeded faults (``mutant_server``), and the check that a fault is one edit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "simcore" / "engine" / "compiled"

#: A file of the compiled engine, text found in it, and what replaces the text.
Edit = tuple[str, str, str]
#: Runs the cases with edits and the arguments of their ``main``. Returns the exit status, and what was printed.
Run = Callable[..., tuple[int, str]]


@contextmanager
def serving(cases: str) -> Iterator[Run]:
    """Start the process for a module of cases. Yield what runs them: ``run(edit, ..., arguments=[...])``."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-P", str(ROOT / "tests" / "mutant_server.py"), cases]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        requests, answers = process.stdin, process.stdout

        def run(*edits: Edit, arguments: list[Any] | None = None) -> tuple[int, str]:
            requests.write(json.dumps((edits, arguments or [])) + "\n")
            requests.flush()
            status, printed = json.loads(answers.readline())
            return status, printed

        yield run
        process.kill()


def assert_one_place(file: str, old: str, new: str) -> None:
    """Fail unless an edit changes text that its file has once."""
    assert (ENGINE / file).read_text(encoding="utf-8").count(old) == 1
    assert new != old
