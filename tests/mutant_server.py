"""Runs fixed cases with one seeded fault after another: a process of its own, in which nothing is compiled.

Its argument is the module of the cases. Each line of its input is in JSON: a list of edits (a file of the compiled engine, text
found in it, and what replaces the text), and the arguments of the module's ``main``. With these the module's ``before_faults``
finds out what faults do not change. Then a copy of this process takes the edits and runs the cases, so that the libraries are
imported once. Each line of the output has the exit status of the cases, and what they printed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import io
import json
import os
import signal
import sys
from types import ModuleType
from typing import Any

PACKAGE = "simcore.engine.compiled"
#: A fault that keeps the engine busy for longer ends by SIGALRM, with exit status -14.
LONGEST_S = 120


def seed(file: str, old: str, new: str) -> None:
    """Define a module of the compiled engine anew with an edit, and let the engine's other modules use what it defines."""
    module = importlib.import_module(f"{PACKAGE}.{file.removesuffix('.py').replace('/', '.')}")
    before, source = dict(vars(module)), inspect.getsource(module)
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), vars(module))
    renewed = {id(value): vars(module)[name] for name, value in before.items() if _is_own(value, module)}
    for other in [item for name, item in sys.modules.items() if name.startswith(PACKAGE) and item is not module]:
        for name, value in vars(other).items():
            if id(value) in renewed:
                setattr(other, name, renewed[id(value)])


def _is_own(value: Any, module: ModuleType) -> bool:
    return getattr(value, "__module__", None) == module.__name__


def cases_with(cases: ModuleType, edits: list[tuple[str, str, str]], arguments: list[Any]) -> tuple[int, str]:
    """Return the exit status of the cases with edits of modules, and what they print."""
    cases.before_faults(*arguments)
    gc.freeze()  # or a search for garbage would make the copy of this process copy all that lives here
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_S)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for edit in edits:
                seed(*edit)
            status = cases.main(*arguments)
        os.write(writer, printed.getvalue().encode()[:4000])
        os._exit(status)
    os.close(writer)
    _, ended = os.waitpid(child, 0)
    with os.fdopen(reader, errors="replace") as answer:
        return os.waitstatus_to_exitcode(ended), answer.read()


if __name__ == "__main__":
    the_cases = importlib.import_module(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(cases_with(the_cases, *json.loads(line))), flush=True)
