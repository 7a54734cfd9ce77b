"""Compiles a bank timing's ``serve`` by numba, and says in a user's words why one cannot be compiled."""

from __future__ import annotations

import re
from pathlib import Path
from types import FunctionType
from typing import Any

from numba import njit

from simcore.errors import InputError
from simcore.timing.addresses import SERVE_SIGNATURE, types
from simcore.timing.bank_timing import BankTiming
from simcore.timing.helpers import helpers_of
from simcore.timing.machine_code import CompiledFunction, MachineCode
from simcore.timing.numba_code import machine_code

#: A hint for error messages: what a compiled serve may use.
MAY_USE = (
    "a compiled serve may use integers, its six arguments, if/while/for, min, max, abs, and functions and integer constants "
    "of its file"
)


def serve_code(timing: BankTiming) -> MachineCode:
    """Return the machine code of a serve that depends on no other file. Raise InputError as `compiled_serve` does."""
    compiled_serve(timing)
    return machine_code(timing.serve, SERVE_SIGNATURE, _nrt=False)  # its arrays belong to the caller


def compiled_serve(timing: BankTiming) -> CompiledFunction:
    """Return ``timing.serve`` compiled in this process, for this process.

    Raise InputError, with the class and line, if it cannot be compiled or if it returns anything but two integers. (Compiled code
    would silently truncate a float; ``simcore check`` shows the request.)
    """
    serve: Any = timing.serve
    try:
        # Compile without a result type first, so that a float result is detected instead of converted.
        callable_serve = _with_helpers(serve, {})
        compiled: Any = njit(callable_serve)
        compiled.compile(SERVE_SIGNATURE.args)
    except Exception as error:  # numba has no common base for what it raises on code that it does not understand
        raise InputError(
            f"{timing.name}.serve cannot be compiled: {_first_line(error)}", where=_error_location(error, serve), hint=MAY_USE
        ) from error
    result = compiled.nopython_signatures[0].return_type
    if not _is_two_integers(result):
        raise InputError(
            f"{timing.name}.serve: expected two integers (free_at, done_at), got {_in_words(result)}",
            where=_serve_location(serve),
            hint="'simcore check' shows a request with which it happens",
        )
    if result != SERVE_SIGNATURE.return_type:
        # The one signature converts integers of another type, such as the constant in `return now + 1, 0`.
        compiled = njit([SERVE_SIGNATURE])(callable_serve)
    (found,) = compiled.overloads.values()
    return CompiledFunction(found.library.get_pointer_to_function(found.fndesc.llvm_func_name), 2, compiled)


def _with_helpers(function: Any, done: dict[Any, Any]) -> Any:
    """Return a function whose calls of plain functions go to their compiled forms. ``done`` holds those made so far."""
    helpers = helpers_of(function)
    if not helpers:
        return function
    for helper in helpers.values():
        if helper not in done:
            done[helper] = njit(_with_helpers(helper, done))
    replaced = {name: done[helper] for name, helper in helpers.items()}
    code, defaults, closure = function.__code__, function.__defaults__, function.__closure__
    return FunctionType(code, {**function.__globals__, **replaced}, function.__name__, defaults, closure)


def _is_two_integers(result: Any) -> bool:
    return isinstance(result, types.BaseTuple) and len(result) == 2 and all(isinstance(item, types.Integer) for item in result)


def _in_words(result: Any) -> str:
    if isinstance(result, types.BaseTuple):
        return f"({', '.join(str(item) for item in result)})"
    return "nothing on some path" if isinstance(result, types.NoneType | types.Optional) else str(result)


def _serve_location(serve: Any) -> str:
    return f"{serve.__code__.co_filename}:{serve.__code__.co_firstlineno}"


def _error_location(error: Exception, serve: Any) -> str:
    """Return the line that numba does not understand, which may be in a function that serve calls, or the line of serve."""
    loc, file_name = getattr(error, "loc", None), serve.__code__.co_filename
    # numba's message shows the innermost line first.
    innermost = re.search(r'^File "(?:.*/)?([^"/]+)", line (\d+)', str(error), flags=re.MULTILINE)
    if innermost is not None and innermost[1] == Path(file_name).name:
        return f"{file_name}:{innermost[2]}"
    if loc is not None and loc.filename == file_name:
        return f"{loc.filename}:{loc.line}"
    return _serve_location(serve)


def _first_line(error: Exception) -> str:
    """Return the line of numba's message that says what is wrong, without the compilation stages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Failed in nopython", "During: ", "- ", "File ", ">>>"))]
    return (telling or lines or [type(error).__name__])[0].removesuffix(". Raised from None").rstrip(".")
