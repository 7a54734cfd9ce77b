"""Bank timings for the compiled engine, which calls their ``serve`` at an address.

The timings that come with simcore are kept as machine code. A user's own is compiled in each process, because it may depend on
more than its file.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import Any, cast

from simcore.timing import machine_code
from simcore.timing.bank_timing import READ, WRITE, BankTiming, Serve
from simcore.timing.helpers import all_helpers, helpers_of
from simcore.timing.kernel_cache import kept, sources_version

_compiled: dict[Hashable, Serve] = {}


def compile_serve(timing: BankTiming) -> Serve:
    """Return ``timing.serve`` compiled, with its ``address``; under NUMBA_DISABLE_JIT=1 the plain function.

    Each function is compiled once per process. Raise InputError, with the class and line, if it cannot be compiled or if it
    returns anything but two integers. (Compiled code would silently truncate a float; ``simcore check`` shows the request.)
    """
    serve = cast(Serve, timing.serve)
    if machine_code.jit_is_off():
        return serve
    key = _key(serve)
    if key not in _compiled:
        _compiled[key] = _compile(timing, serve)
    return _compiled[key]


def _compile(timing: BankTiming, serve: Any) -> Serve:
    if not _may_be_kept(serve):
        from simcore.timing.serve_compiler import compiled_serve

        return compiled_serve(timing)
    folder = Path(__file__).parent
    sources = [Path(inspect.getfile(serve)), *(folder / name for name in ("addresses.py", "numba_code.py", "serve_compiler.py"))]
    return kept(f"{serve.__module__}:{serve.__qualname__}", sources_version(sources), partial(_serve_code, timing), results=2)


def _serve_code(timing: BankTiming) -> machine_code.MachineCode:
    from simcore.timing.serve_compiler import serve_code

    return serve_code(timing)


def _key(serve: Any) -> Hashable:
    """Return everything that the compiled function depends on, so that reading an unchanged file again reuses the function."""
    key = tuple(_part_of_key(function) for function in (serve, *all_helpers(serve)))
    try:
        hash(key)
    except TypeError:
        return cast(Hashable, serve)
    return key


def _part_of_key(function: Any) -> Hashable:
    """Return everything that one function depends on, except the functions that it calls."""
    found, helpers = inspect.getclosurevars(function), helpers_of(function)
    outside = sorted((name, item) for name, item in {**found.globals, **found.nonlocals}.items() if name not in helpers)
    code = function.__code__
    return code, code.co_filename, function.__defaults__, tuple((name, type(item), item) for name, item in outside)


def _may_be_kept(serve: Any) -> bool:
    """Return True for a model shipped in ``models`` that depends only on its own file."""
    file_name = inspect.getsourcefile(serve)
    shipped = Path(__file__).resolve().parents[2] / "models"
    if file_name is None or shipped not in Path(file_name).resolve().parents:
        return False
    found = inspect.getclosurevars(serve)
    return not found.nonlocals and found.globals.items() <= {"READ": READ, "WRITE": WRITE}.items()
