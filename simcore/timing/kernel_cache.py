"""A cache of compiled kernels, which keeps them from run to run in a folder of the user's own. It replaces numba's own cache.

If numba's cache cannot use the folder that it is given, it chooses another by itself, and runs whatever code it finds there. It
also lets two machines that share a home folder, or two processes, mix up their kernels. In this cache the name of a kernel's file
depends on everything that the kernel depends on. The file is complete or absent, and is read only from a folder in which nobody
else can write. Without such a folder every process compiles its kernels.
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
    """Return the version of kernels compiled from these files: a hash of the files, of this file and of the compiler."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for file in [*sources, Path(__file__)]:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def kept(dispatcher: Any, version: str) -> Any:
    """Return the jitted function with its kernels kept under ``version``. Return a plain function unchanged."""
    if not _config.DISABLE_JIT:
        dispatcher._cache = KernelCache(dispatcher.py_func, version)
    return dispatcher


class KernelCache:
    """The cache of one function, in the form that numba's dispatcher needs. No failure of the cache ends a run."""

    def __init__(self, function: Callable[..., Any], version: str) -> None:
        self._function, self._version = function, version

    @property
    def cache_path(self) -> str | None:
        """The folder of the cache, or None if there is none."""
        folder = folder_of(self._version)
        return None if folder is None else str(folder)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the function compiled earlier for this signature, or None."""
        target_context.refresh()
        path = self._path(signature, target_context.codegen())
        payload = None if path is None else read_kernel(path)
        if payload is None:
            return None
        try:
            return _rebuild(target_context, *pickle.loads(payload))
        except Exception:  # another numba wrote it, although the name should rule that out: compile it again
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep the compiled function, if it can be kept."""
        path = self._path(signature, compiled.codegen)
        if path is None or compiled.library.has_dynamic_globals or any(not lifted.can_cache for lifted in compiled.lifted):
            return
        try:
            write_kernel(path, _dumps(compiled._reduce()))
        except OSError as error:
            _tell(f"'{path.parent}': {error.strerror or error}")

    def flush(self) -> None:
        """Do nothing: no kernel becomes stale, because its name depends on everything that it depends on."""

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
    """Return the folder of a version's kernels. If kernels cannot be kept, return None and say so once on stderr."""
    try:
        return kernel_folder(version)
    except NoCacheError as error:
        _tell(str(error))
        return None


_told: list[str] = []


def _tell(reason: str) -> None:
    """Say once per process that kernels are not kept. The processes of a study leave that to the process that started them."""
    if _told or multiprocessing.parent_process() is not None or sys.stderr is None:
        return
    _told.append(reason)
    print(
        f"simcore: cannot keep compiled kernels, so each run compiles them again: {reason}; "
        "SIMCORE_CACHE_DIR can name another folder",
        file=sys.stderr,
    )
