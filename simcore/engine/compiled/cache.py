"""Kernels compiled with one signature each, and cached under a hash of the sources they are made of.

numba's own cache does not see an edit in an imported file; here every edit of the engine gives another cache folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from simcore import clock
from simcore.engine.compiled.jit import kernel
from simcore.machine import machine
from simcore.program import outcome, program, streams

#: Versions of the engine whose kernels stay cached.
KEPT_FOLDERS = 8

types: Any = numba.types
config: Any = numba.config


def source_hash() -> str:
    """Hash of everything the kernels are compiled from, and of the compiler."""
    folder = Path(__file__).parent
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    files = sorted(folder.rglob("*.py")) + [Path(m.__file__ or "") for m in (clock, machine, outcome, program, streams)]
    for file in [*files, folder.parents[1] / "timing" / "compiled.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _prune(base: Path) -> None:
    """Remove all but the newest kernels: each edit of the engine leaves a folder behind."""
    folders = sorted((path for path in base.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in folders[KEPT_FOLDERS:]:
        shutil.rmtree(old, ignore_errors=True)


def cache_folder() -> Path:
    """Where compiled kernels are kept: the user's cache folder, or a temporary one where that cannot be written."""
    base = Path(os.environ.get("SIMCORE_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "simcore")
    folder = base / source_hash()
    try:
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _prune(base)
        return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / f"simcore-{source_hash()}"
    except OSError:
        return Path(tempfile.gettempdir()) / f"simcore-{source_hash()}"


def is_cold() -> bool:
    """True if no kernel of this version of the engine is in the cache: the first run will compile it."""
    return not config.DISABLE_JIT and not any(cache_folder().glob("**/*.nbi"))


def compile_kernel(signature: Any, function: Callable[..., int]) -> Callable[..., int]:
    """A kernel that Python calls, compiled now or taken from the cache; under NUMBA_DISABLE_JIT=1 the plain function."""
    if config.DISABLE_JIT:
        return function
    before, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
    try:
        compiled: Callable[..., int] = kernel(signature)(function)
        return compiled
    finally:
        config.CACHE_DIR = before
