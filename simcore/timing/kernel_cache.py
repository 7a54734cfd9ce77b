"""A cache of compiled kernels, which keeps them from run to run in a folder of the user's own. It replaces numba's own cache.

If numba's cache cannot use the folder that it is given, it chooses another by itself, and runs whatever code it finds there. It
also lets two machines that share a home folder, or two processes, mix up their kernels. In this cache the name of a kernel's file
depends on everything that the kernel depends on. The file is complete or absent, and is read only from a folder in which nobody
else can write. Without such a folder every process compiles its kernels.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version as version_of
from pathlib import Path

from simcore.saving.kernel_file import read_kernel, write_kernel
from simcore.saving.kernel_folder import SUFFIX, NoCacheError, kernel_folder
from simcore.saving.turn import turn_at
from simcore.timing import machine_code
from simcore.timing.machine_code import CompiledFunction, DamagedCodeError, MachineCode, load_code, processor

#: The settings of numba on which machine code depends: environment variables, or lines of this file in the working directory.
_SETTINGS = (
    "BOUNDSCHECK",
    "CPU_FEATURES",
    "CPU_NAME",
    "DEBUGINFO",
    "DEBUGINFO_DEFAULT",
    "ENABLE_AVX",
    "LOOP_VECTORIZE",
    "OPT",
    "SLP_VECTORIZE",
)
_SETTINGS_FILE = ".numba_config.yaml"


def sources_version(sources: Iterable[Path]) -> str:
    """Return the version of kernels compiled from these files: a hash of the files, of this cache's and of the compiler."""
    digest = hashlib.sha256(f"{version_of('numba')} {sys.version}".encode())
    for file in [*sources, Path(__file__), Path(machine_code.__file__)]:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def kept(name: str, version: str, compiled: Callable[[], MachineCode], results: int = 1) -> CompiledFunction:
    """Return the function kept under a name and a version, which returns ``results`` integers.

    If it is not kept, call ``compiled`` for its machine code, and keep that if it can be kept. While another process compiles it,
    wait for that one. No failure of the cache ends a run.
    """
    path = _path(name, version)
    if path is None:
        return load_code(compiled(), results)
    found = _read(path, results)
    if found is not None:
        return found
    with turn_at(path) as waited:  # the processes of a study come to a new kernel together
        found = _read(path, results)
        if found is not None or not waited:
            return found or _written(path, compiled(), results)
    return _written(path, compiled(), results)  # the other process could not keep it, so that nobody need wait any more


def _read(path: Path, results: int) -> CompiledFunction | None:
    """Return the function kept in a file, or None if there is none that can be loaded."""
    payload = read_kernel(path)
    if payload is not None:
        with suppress(DamagedCodeError):  # the name should rule that out; then it is compiled again
            return load_code(MachineCode.from_bytes(payload), results)
    return None


def _written(path: Path, code: MachineCode, results: int) -> CompiledFunction:
    """Return the function of machine code that is new, which this keeps in a file if it can."""
    try:
        write_kernel(path, code.to_bytes())
    except OSError as error:
        _tell(f"'{path.parent}': {error.strerror or error}")
    return load_code(code, results)


def _path(name: str, version: str) -> Path | None:
    folder = folder_of(version)
    if folder is None:
        return None
    settings = [os.environ.get(f"NUMBA_{setting}", "") for setting in _SETTINGS]
    file = Path(_SETTINGS_FILE)
    written = file.read_bytes() if file.is_file() else b""
    digest = hashlib.sha256(repr((name, processor(), settings, written)).encode())
    return folder / f"{name.rpartition(':')[2]}-{digest.hexdigest()[:32]}{SUFFIX}"


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
