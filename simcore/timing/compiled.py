"""Bank timings for the compiled engine: ``serve`` is compiled to one fixed signature and passed to a kernel as an argument.

A cached kernel that inlines a model would give old results after the model's file is edited. A kernel that takes the model as an
argument of ``SERVE_TYPE`` is compiled and cached once for all models. A call costs 3 to 9 ns. ``int64_view`` below passes a slice
of state without the 30 ns that numba spends on counting references to a numpy slice.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Hashable
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import numba
from numba import int64, njit
from numba.core.errors import NumbaExperimentalFeatureWarning
from numba.np import arrayobj

from simcore.errors import InputError
from simcore.program.program import Int64Array
from simcore.timing.bank_timing import READ, WRITE, BankTiming, Serve
from simcore.timing.helpers import all_helpers, helpers_of
from simcore.timing.kernel_cache import kept, sources_version

# numba's annotations cover neither its types nor its configuration.
types: Any = numba.types
_jit_is_off: bool = cast(Any, numba).config.DISABLE_JIT
make_array: Any = arrayobj.make_array
populate_array: Any = arrayobj.populate_array
intrinsic: Any = cast(Any, numba).extending.intrinsic

_ARGUMENTS = (int64[::1], int64[::1], int64[::1], int64, int64, int64)
_RESULT = types.UniTuple(int64, 2)

#: The one signature of a compiled serve.
SERVE_SIGNATURE = _RESULT(*_ARGUMENTS)
#: The numba type of a kernel's argument that takes a compiled serve; ``types.UniTuple(SERVE_TYPE, n)`` takes n of them.
SERVE_TYPE = types.FunctionType(SERVE_SIGNATURE)

#: A hint for error messages: what a compiled serve may use.
MAY_USE = (
    "a compiled serve may use integers, its six arguments, if/while/for, min, max, abs, and functions and integer constants "
    "of its file"
)

_compiled: dict[Hashable, Serve] = {}

# Kernels take timings as first-class functions. The user of a simulator need not hear that numba calls these experimental.
warnings.filterwarnings("ignore", message="First-class function type feature", category=NumbaExperimentalFeatureWarning)


def compile_serve(timing: BankTiming) -> Serve:
    """Return ``timing.serve`` compiled, as an argument of SERVE_TYPE; under NUMBA_DISABLE_JIT=1 the plain function.

    Each function is compiled once per process. Raise InputError, with the class and line, if it cannot be compiled or if it
    returns anything but two integers. (Compiled code would silently truncate a float; ``simcore check`` shows the request.)
    """
    serve = cast(Serve, timing.serve)
    if _jit_is_off:
        return serve
    key = _key(serve)
    if key not in _compiled:
        _compiled[key] = _compile(timing, serve)
    return _compiled[key]


def _compile(timing: BankTiming, serve: Any) -> Serve:
    try:
        # Compile without a result type first, so that a float result is detected instead of converted.
        callable_serve = _with_helpers(serve, {})
        compiled = _jitted(serve, callable_serve)
        compiled.compile(_ARGUMENTS)
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
    # The one signature converts integers of another type, such as the constant in `return now + 1, 0`.
    return cast(Serve, compiled if result == _RESULT else njit([SERVE_SIGNATURE])(callable_serve))


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


def _jitted(serve: Any, callable_serve: Any) -> Any:
    """``serve`` as a function that is compiled when it is asked to be, and kept where it may be."""
    jitted = njit(callable_serve)
    return kept(jitted, sources_version([Path(inspect.getfile(serve)), Path(__file__)])) if _may_be_cached(serve) else jitted


def _is_two_integers(result: Any) -> bool:
    return isinstance(result, types.BaseTuple) and len(result) == 2 and all(isinstance(item, types.Integer) for item in result)


def _in_words(result: Any) -> str:
    if isinstance(result, types.BaseTuple):
        return f"({', '.join(str(item) for item in result)})"
    return "nothing on some path" if isinstance(result, types.NoneType | types.Optional) else str(result)


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


def _may_be_cached(serve: Any) -> bool:
    """Return True for a model shipped in ``models`` that depends only on the file which numba's cache watches."""
    file_name = inspect.getsourcefile(serve)
    shipped = Path(__file__).resolve().parents[2] / "models"
    if file_name is None or shipped not in Path(file_name).resolve().parents:
        return False
    found = inspect.getclosurevars(serve)
    return not found.nonlocals and found.globals.items() <= {"READ": READ, "WRITE": WRITE}.items()


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


if _jit_is_off:

    def int64_view(flat: Int64Array, start: int, length: int) -> Int64Array:
        """Return ``flat[start:start + length]``, to pass state to a serve."""
        return flat[start : start + length]

else:

    @intrinsic
    def int64_view(typing_context: Any, flat: Any, start: Any, length: Any) -> Any:
        """Return ``flat[start:start + length]`` without a reference to ``flat``, which must outlive it; only inside a kernel.

        Numba's own slices count references, which is slow, and a kernel compiled without reference counts cannot return them.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source = make_array(signature.args[0])(context, builder, arguments[0])
            view = make_array(signature.return_type)(context, builder)
            item_bytes = context.get_constant(types.intp, 8)
            data = builder.gep(source.data, [arguments[1]])
            populate_array(view, data=data, shape=[arguments[2]], strides=[item_bytes], itemsize=item_bytes, meminfo=None)
            return view._getvalue()

        return types.Array(int64, 1, "C")(flat, int64, int64), generate
