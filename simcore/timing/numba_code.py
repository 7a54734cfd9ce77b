"""Machine code from Python functions, by numba. Code that was kept is loaded without this module (`kernel_cache`)."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import numba
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.cpu import CPUContext
from numba.core.dispatcher import _DispatcherBase
from numba.core.lowering import BaseLower

from simcore.timing.machine_code import MachineCode

#: What machine code may call: functions of the C library, which every process has.
_OF_THE_C_LIBRARY = {"clock", "memcpy", "memmove", "memset"}
#: How the names of variables begin in which numba keeps addresses of the process.
_OF_THIS_PROCESS = "numba.dynamic.globals"


def machine_code(function: Callable[..., Any], signature: Any, **options: Any) -> MachineCode:
    """Return a function compiled for one signature. Raise RuntimeError if the code needs more than the C library."""
    compiled: Any = cast(Any, numba).njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)(function)
    with _no_garbage_collected(), global_compiler_lock:
        with _callees_only_within():
            compiled.compile(signature)
            (result,) = compiled.overloads.values()
            library, symbol = result.library, result.fndesc.llvm_func_name
            library._ensure_finalized()
        _parts[:] = [part for part in _parts if part[0] is not compiled]
        if _AS_KNOWN:
            library._optimize_final_module()
        module = library._final_module
        outside = {found.name for found in module.functions if found.is_declaration}
        beyond = sorted(name for name in outside - _OF_THE_C_LIBRARY if not name.startswith("llvm."))
        if beyond or any(found.name.startswith(_OF_THIS_PROCESS) for found in module.global_variables):
            needed = ", ".join(beyond) or "addresses of this process"
            raise RuntimeError(f"{function.__qualname__}: its machine code needs {needed}")
        return MachineCode(symbol, library._codegen._tm.emit_object(module))


#: Functions with what numba compiled of them as parts of others, for the next function that calls them.
_parts: list[tuple[Any, Any]] = []


@contextmanager
def _callees_only_within() -> Iterator[None]:
    """Compile functions meanwhile only as parts of the function that calls them, which is finished after this.

    numba also optimises each of them alone, makes machine code of it and a function that Python can call. For the kernel that
    repeats blocks, which calls 77 of them, that is half of the compile time. Here they go into their caller as they are written.
    Python never gets to see the parts: if it calls one of these functions, numba compiles that anew.
    """
    with ExitStack() as undone:
        undone.callback(_hide_parts)
        for dispatcher, result in _parts:
            dispatcher.overloads.setdefault(result.signature.args, result)
        for owner, name, function in _OURS if _AS_KNOWN else ():
            undone.callback(setattr, owner, name, vars(owner)[name])
            setattr(owner, name, function)
        yield


def _hide_parts() -> None:
    for dispatcher, result in _parts:
        if dispatcher.overloads.get(result.signature.args) is result:
            del dispatcher.overloads[result.signature.args]


def _leave_optimising(library: Any) -> None:
    """Leave it to the function that this one becomes a part of."""


def _finish_as_part(library: Any) -> None:
    library._finalize_dynamic_globals()
    library._verify_declare_only_symbols()
    library._finalized = True


def _no_wrapper(lower: Any, *_: Any) -> None:
    """Make no function that Python or C can call."""


def _no_executable(context: Any, library: Any, *_: Any) -> Any:
    """Return an object of its own in place of the function that Python can call: numba finds what it compiled by that."""
    return {}.update


def _add_part(dispatcher: Any, result: Any) -> None:
    dispatcher.overloads[result.signature.args] = result
    _parts.append((dispatcher, result))


#: What replaces methods of numba, and whether this numba has them, as 0.60 and 0.68 do. Another compiles all functions as ever.
_OURS: tuple[tuple[Any, str, Any], ...] = (
    (CPUCodeLibrary, "_optimize_final_module", _leave_optimising),
    (CPUCodeLibrary, "_finalize_final_module", _finish_as_part),
    (BaseLower, "create_cpython_wrapper", _no_wrapper),
    (BaseLower, "create_cfunc_wrapper", _no_wrapper),
    (CPUContext, "get_executable", _no_executable),
    (_DispatcherBase, "add_overload", _add_part),
)
_CALLED = ("_finalize_dynamic_globals", "_verify_declare_only_symbols")
_AS_KNOWN = all(name in vars(owner) for owner, name, _ in _OURS) and all(hasattr(CPUCodeLibrary, name) for name in _CALLED)


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """Collect no garbage meanwhile: nearly all objects of a compilation are alive, and that search takes a sixth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
