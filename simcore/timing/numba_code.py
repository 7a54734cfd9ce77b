"""Machine code from Python functions, by numba. Code that was kept is loaded without this module (`kernel_cache`)."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numba
from numba.core.ir import Scope

from simcore.timing.machine_code import MachineCode

#: What machine code may call: functions of the C library, which every process has.
_OF_THE_C_LIBRARY = {"clock", "memcpy", "memmove", "memset"}


def machine_code(function: Callable[..., Any], signature: Any, **options: Any) -> MachineCode:
    """Return a function compiled for one signature. Raise RuntimeError if the code needs more than the C library."""
    compiled: Any = cast(Any, numba).njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)(function)
    with _scopes_shared(), _no_garbage_collected():
        compiled.compile(signature)
        (result,) = compiled.overloads.values()
        library, symbol = result.library, result.fndesc.llvm_func_name
        library.get_pointer_to_function(symbol)  # makes the machine code
    outside = {found.name for found in library._final_module.functions if found.is_declaration}
    beyond = sorted(name for name in outside - _OF_THE_C_LIBRARY if not name.startswith("llvm."))
    if beyond or library.has_dynamic_globals:
        raise RuntimeError(f"{function.__qualname__}: its machine code needs {', '.join(beyond) or 'addresses of this process'}")
    return MachineCode(symbol, library._get_compiled_object())


@contextmanager
def _scopes_shared() -> Iterator[None]:
    """Let numba's copies of a block share its scope, the table of all variables of the function.

    numba copies each block of a function that it writes into another one, and the whole scope with every block. It only reads
    those copies. For the kernel of layers they take a quarter of the compile time; the machine code is the same without them.
    """
    scope = cast(Any, Scope)
    scope.__deepcopy__ = lambda shared, memo: shared
    try:
        yield
    finally:
        del scope.__deepcopy__


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
