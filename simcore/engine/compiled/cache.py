"""Kernels compiled with one signature each, and kept under a hash of the sources they are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba

from simcore import clock
from simcore.engine.compiled.jit import kernel
from simcore.machine import machine
from simcore.program import outcome, program, streams
from simcore.saving.kernel_folder import SUFFIX
from simcore.timing import compiled as timing_compiled
from simcore.timing.kernel_cache import folder_of, kept, sources_version

types: Any = numba.types
config: Any = numba.config


@lru_cache(maxsize=1)
def engine_version() -> str:
    """Hash of everything the kernels are compiled from: every edit of the engine gives another one."""
    folder = Path(__file__).parent
    modules = (clock, machine, outcome, program, streams, timing_compiled)
    return sources_version([*sorted(folder.rglob("*.py")), *(Path(module.__file__ or "") for module in modules)])


def is_cold() -> bool:
    """True if no kernel of this version of the engine is kept: the first run will compile it."""
    folder = None if config.DISABLE_JIT else folder_of(engine_version())
    return not config.DISABLE_JIT and (folder is None or not any(folder.glob(f"*{SUFFIX}")))


def compile_kernel(signature: Any, function: Callable[..., int]) -> Callable[..., int]:
    """A kernel that Python calls, compiled now or taken from the cache; under NUMBA_DISABLE_JIT=1 the plain function."""
    if config.DISABLE_JIT:
        return function
    compiled: Any = kept(kernel(function), engine_version())
    compiled.compile(signature)
    compiled.disable_compile()
    called: Callable[..., int] = compiled
    return called
