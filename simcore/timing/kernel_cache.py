"""What numba compiled, kept from run to run in a folder of the user's own, in place of numba's own cache.

numba's cache chooses a folder by itself where the one it is given cannot be used, runs whatever code it finds there, and lets two
machines of one home folder, or two processes, mix up each other's kernels. Here a kernel's file has a name made of all that it
depends on, is whole or absent, and is read only from a folder in which nobody else can write. Without such a folder kernels are
compiled in every process.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
from numba.core import compiler, serialize

from simcore.saving.kernel_file import read_kernel, write_kernel
from simcore.saving.kernel_folder import SUFFIX, NoCacheError, kernel_folder

# numba's functions carry no types.
_config: Any = numba.config
_rebuild: Any = compiler.CompileResult._rebuild
_dumps: Any = serialize.dumps


def sources_version(sources: Iterable[Path]) -> str:
    """Name of the version of kernels that are compiled from these files: a hash of them, of this file and of the compiler."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for file in [*sources, Path(__file__)]:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def kept(dispatcher: Any, version: str) -> Any:
    """The same jitted function, whose kernels are kept under ``version``; a plain function as it is."""
    if not _config.DISABLE_JIT:
        dispatcher._cache = KernelCache(dispatcher.py_func, version)
    return dispatcher


class KernelCache:
    """The cache of one function, as numba's dispatcher asks for it. Nothing that goes wrong in it ends a run."""

    def __init__(self, function: Callable[..., Any], version: str) -> None:
        self._function, self._version = function, version

    @property
    def cache_path(self) -> str | None:
        """The folder, if there is one."""
        folder = folder_of(self._version)
        return None if folder is None else str(folder)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The function compiled for this signature earlier, or None."""
        target_context.refresh()
        path = self._path(signature, target_context.codegen())
        payload = None if path is None else read_kernel(path)
        if payload is None:
            return None
        try:
            return _rebuild(target_context, *pickle.loads(payload))
        except Exception:  # of another numba, in spite of all that its name is made of: it is compiled again
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep what was compiled, if it can be kept."""
        path = self._path(signature, compiled.codegen)
        if path is None or compiled.library.has_dynamic_globals or any(not lifted.can_cache for lifted in compiled.lifted):
            return
        try:
            write_kernel(path, _dumps(compiled._reduce()))
        except OSError as error:
            _tell(f"'{path.parent}': {error.strerror or error}")

    def flush(self) -> None:
        """Nothing is forgotten: a kernel's name says all that it depends on."""

    def _path(self, signature: Any, codegen: Any) -> Path | None:
        folder = folder_of(self._version)
        if folder is None:
            return None
        code = self._function.__code__
        options = (_config.BOUNDSCHECK, _config.OPT, _config.DEBUGINFO_DEFAULT)
        parts = (self._function.__module__, self._function.__qualname__, str(signature), codegen.magic_tuple(), options)
        digest = hashlib.sha256(repr((*parts, code.co_code, code.co_firstlineno)).encode())
        return folder / f"{self._function.__name__}-{digest.hexdigest()[:32]}{SUFFIX}"


@lru_cache(maxsize=64)
def folder_of(version: str) -> Path | None:
    """The folder of a version's kernels; None, said once on stderr, where kernels cannot be kept."""
    try:
        return kernel_folder(version)
    except NoCacheError as error:
        _tell(str(error))
        return None


_told: list[str] = []


def _tell(reason: str) -> None:
    """Say once in a process that kernels are not kept; the processes of a study leave it to the one that started them."""
    if _told or multiprocessing.parent_process() is not None or sys.stderr is None:
        return
    _told.append(reason)
    print(
        f"simcore: compiled kernels are not kept, each run compiles them anew: {reason}; "
        "SIMCORE_CACHE_DIR can name another folder",
        file=sys.stderr,
    )
