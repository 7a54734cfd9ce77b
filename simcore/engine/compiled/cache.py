"""Kernels that are compiled with one signature each and kept under a hash of their sources."""

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
    """Return a hash of all sources of the kernels. Every edit of the engine changes it."""
    folder = Path(__file__).parent
    modules = (clock, machine, outcome, program, streams, timing_compiled)
    return sources_version([*sorted(folder.rglob("*.py")), *(Path(module.__file__ or "") for module in modules)])


def is_cold() -> bool:
    """Return whether no kernel of this version of the engine is cached, so that the first run must compile."""
    folder = None if config.DISABLE_JIT else folder_of(engine_version())
    return not config.DISABLE_JIT and (folder is None or not any(folder.glob(f"*{SUFFIX}")))


def compile_kernel(signature: Any, function: Callable[..., int]) -> Callable[..., int]:
    """Return a kernel that Python calls, compiled or from the cache. With NUMBA_DISABLE_JIT=1, return the plain function."""
    if config.DISABLE_JIT:
        return function
    compiled: Any = kept(kernel(function), engine_version())
    compiled.compile(signature)
    compiled.disable_compile()
    called: Callable[..., int] = compiled
    return called
