"""The folder that keeps compiled kernels from run to run. It belongs to the user, has a mark, and drops old versions.

It holds native code that this process will run. So simcore uses no folder to which another user could have written, and trusts no
folder above it that another user can change. If there is no safe folder, `NoCacheError` says why, and each run compiles the
kernels.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from simcore.saving.owned import not_own, not_safe_above

#: The subfolder of the cache folder that belongs to simcore. Nothing beside it is touched.
SUBFOLDER = "kernels"
MARK = ".simcore-kernels"
_SAYS = "simcore keeps compiled kernels here and removes this folder when it is old\n"
#: The endings of the names of kernels and of incomplete files.
SUFFIX, UNFINISHED = ".kernel", ".unfinished"
#: How many versions are kept. The engine and each file of bank timings have versions of their own.
KEPT_FOLDERS = 16


class NoCacheError(Exception):
    """Kernels cannot be kept. The text says why in one line."""


def kernel_folder(version: str) -> Path:
    """Return the folder of one version's kernels, and make it if it is missing. Raise NoCacheError if no folder is safe."""
    base = _base()
    kernels = base / SUBFOLDER
    folder = kernels / version
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = not_safe_above(base)
        if reason is not None:
            raise NoCacheError(f"'{base}' {reason}")
        for path in (base, kernels, folder):
            path.mkdir(mode=0o700, exist_ok=True)
            _check_own(path)
        if not _is_marked(folder):
            _write_mark(folder)
            _prune(kernels)
        return folder
    except OSError as error:
        raise NoCacheError(f"'{error.filename or folder}': {error.strerror or error}") from error


def _base() -> Path:
    """Return the cache folder's path without links: SIMCORE_CACHE_DIR, else by the XDG rules. An empty variable is unset."""
    named = os.environ.get("SIMCORE_CACHE_DIR")
    if named:
        return Path(os.path.realpath(named))
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # the XDG rules ignore relative paths
        return Path(os.path.realpath(xdg)) / "simcore"
    home = os.path.expanduser("~") if os.environ.get("HOME", "unset") else ""
    if not os.path.isabs(home):
        raise NoCacheError("there is no home folder")
    return Path(os.path.realpath(home)) / ".cache" / "simcore"


def _check_own(path: Path) -> None:
    reason = not_own(path)
    if reason is not None:
        raise NoCacheError(f"'{path}' {reason}")


def _is_marked(folder: Path) -> bool:
    mark = folder / MARK
    with suppress(OSError, ValueError):
        return stat.S_ISREG(mark.lstat().st_mode) and mark.read_text(encoding="utf-8") == _SAYS
    return False


def _write_mark(folder: Path) -> None:
    """Write the mark in one step, because another process may be doing the same."""
    unfinished = folder / f"{MARK}.{os.getpid()}{UNFINISHED}"
    try:
        unfinished.write_text(_SAYS, encoding="utf-8")
        os.replace(unfinished, folder / MARK)
    finally:
        unfinished.unlink(missing_ok=True)


def _prune(kernels: Path) -> None:
    """Remove all but the most recently used versions, because each edit of the engine leaves a folder behind."""
    marked = [path for path in kernels.iterdir() if not path.is_symlink() and _is_marked(path) and not_own(path) is None]
    for old in sorted(marked, key=_last_use, reverse=True)[KEPT_FOLDERS:]:
        with suppress(OSError):
            _remove(old)


def _last_use(folder: Path) -> float:
    with suppress(OSError):
        return (folder / MARK).stat().st_mtime
    return 0.0


def _remove(folder: Path) -> None:
    """Remove the kernels and the mark, and also the folder unless it holds something else."""
    for path in folder.iterdir():
        if path.name.endswith((SUFFIX, UNFINISHED)):
            path.unlink()
    if os.listdir(folder) == [MARK]:
        (folder / MARK).unlink()
        folder.rmdir()
