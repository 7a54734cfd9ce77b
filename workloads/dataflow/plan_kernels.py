"""Compiled functions of the planner: those of `farthest` and `use_loops`. Each has a form in Python or numpy for small plans."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from simcore.timing import kernel_cache
from simcore.timing.kernel_cache import kept, sources_version
from simcore.timing.machine_code import MachineCode, jit_is_off

#: From so many uses on compiled functions pay. Each takes one to three seconds to compile, once per installation.
COMPILED_FROM_USES = 60_000
#: The files of each module of compiled functions.
SOURCES = {
    "farthest": ("farthest.py", "farthest_columns.py"),
    "use_loops": ("use_loops.py", "use_columns.py", "farthest_columns.py"),
}


def compiled_pays(uses: int) -> bool:
    """Return whether to take a compiled function for so many uses of tiles. Once there is one, it pays for a few, too."""
    is_loaded = plan_kernel.cache_info().currsize > 0
    return (uses >= COMPILED_FROM_USES or is_loaded) and not jit_is_off()


@lru_cache(maxsize=16)
def plan_kernel(module: str, name: str) -> Callable[..., int]:
    """Return a function of a module, compiled or from the cache of kernels."""
    here, compiler = Path(__file__), Path(kernel_cache.__file__).with_name("numba_code.py")
    sources = [*(here.with_name(source) for source in SOURCES[module]), compiler]
    return kept(f"workloads.dataflow.{module}:{name}", sources_version(sources), lambda: _compiled(module, name))


def _compiled(module: str, name: str) -> MachineCode:
    from simcore.timing.numba_code import machine_code

    found = import_module(f"workloads.dataflow.{module}")
    return machine_code(getattr(found, name), found.SIGNATURES[name], **found.OPTIONS)
