"""Kernels: functions of the engine that are compiled with one signature each and kept under a hash of their sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from simcore import clock
from simcore.engine.compiled.tables import words_of
from simcore.machine import machine
from simcore.program import outcome, program, streams, traces
from simcore.saving.kernel_folder import SUFFIX
from simcore.timing import kernel_cache
from simcore.timing.kernel_cache import folder_of, kept, sources_version
from simcore.timing.machine_code import CompiledFunction, MachineCode, jit_is_off

_TIMING_SOURCES = ("addresses.py", "numba_code.py")


@lru_cache(maxsize=1)
def engine_version() -> str:
    """Return a hash of all sources of the kernels. Every edit of the engine changes it."""
    folder, timing = Path(__file__).parent, Path(kernel_cache.__file__).parent
    modules = (clock, machine, outcome, program, streams, traces)
    sources = [Path(module.__file__ or "") for module in modules]
    return sources_version([*sorted(folder.rglob("*.py")), *sources, *(timing / name for name in _TIMING_SOURCES)])


def is_cold() -> bool:
    """Return whether no kernel of this version of the engine is cached, so that the first run must compile."""
    folder = None if jit_is_off() else folder_of(engine_version())
    return not jit_is_off() and (folder is None or not any(folder.glob(f"*{SUFFIX}")))


@dataclass(frozen=True)
class Kernel:
    """A function that Python calls, by its module and name. ``jit.entry`` gave it its signature.

    The module is imported, and numba with it, only to compile the kernel. With NUMBA_DISABLE_JIT=1 the plain function runs.
    """

    module: str
    name: str

    def __call__(self, *arguments: Any) -> int:
        """Call the kernel with integers, int64 arrays and NamedTuples of such arrays."""
        function = self.function
        if not isinstance(function, CompiledFunction):
            return function(*arguments)
        # The words must outlive the call.
        words = {at: words_of(given) for at, given in enumerate(arguments) if isinstance(given, tuple)}
        taken = [words[at].ctypes.data if at in words else given for at, given in enumerate(arguments)]
        answer: int = function(*taken)
        return answer

    @cached_property
    def function(self) -> Callable[..., int]:
        """The function, compiled or from the cache."""
        if jit_is_off():
            return self._plain()
        return kept(f"{self.module}:{self.name}", engine_version(), partial(_compiled, self))

    def load(self) -> None:
        """Compile the kernel, or load it from the cache, so that later calls can be timed."""
        self.function  # noqa: B018

    @property
    def handle(self) -> Any:
        """The kernel as another kernel takes it: its address, or the plain function."""
        function = self.function
        return function.address if isinstance(function, CompiledFunction) else function

    def _plain(self) -> Any:
        return getattr(import_module(self.module), self.name)


def _compiled(kernel: Kernel) -> MachineCode:
    from simcore.engine.compiled.jit import KERNEL
    from simcore.timing.numba_code import machine_code

    function = kernel._plain()
    return machine_code(function, function.signature, **KERNEL)
