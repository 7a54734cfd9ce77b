"""The folder beside a destination in which simcore prepares it. One process at a time has it; the next one clears leftovers.

``.NAME.simcore`` holds ``lock``, whose content marks the folder as simcore's, and ``new``, which is being written. If the system
cannot exchange names, it also holds ``old``, the earlier destination, until ``new`` has its name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simcore.errors import InputError
from simcore.saving.failures import refusals_of
from simcore.saving.lock import is_still_named, try_lock
from simcore.saving.owned import not_own

LOCK, NEW, OLD = "lock", "new", "old"
MARK = b"This folder is simcore's own. What is in it is cleared by the next run that writes beside it.\nprocess "
#: How often to try to lock a folder that other processes keep removing.
_TRIES = 100


@contextmanager
def work_folder(target: Path) -> Iterator[Path]:
    """Yield the folder in which ``target`` is prepared. It belongs to this process until the end, and is removed if it is empty.

    It still holds what a killed process left in it. Raise InputError if another process has it, if it is not simcore's, and if
    the parent of ``target`` cannot be written.
    """
    path = target.parent / f".{target.name}.simcore"
    with refusals_of(target):
        descriptor = _claim(path, target)
    try:
        yield path
    finally:
        with suppress(OSError):
            if os.listdir(path) == [LOCK]:
                (path / LOCK).unlink()
                path.rmdir()
        os.close(descriptor)


def clear(path: Path) -> None:
    """Remove the file or folder at ``path`` in a work folder, if there is one. Raise OSError if that fails."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _claim(path: Path, target: Path) -> int:
    """Return the descriptor of the locked file in ``path``. Make the folder and the file if they are missing."""
    for _ in range(_TRIES):
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        descriptor = _open(path)
        if descriptor is None:
            continue
        try:
            if not try_lock(descriptor):
                raise InputError(f"another simcore{_holder(descriptor)} is writing here", where=str(target))
            if is_still_named(descriptor, path / LOCK):
                _mark(descriptor, path)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise InputError("other processes of simcore are writing here", where=str(target))


def _open(path: Path) -> int | None:
    """Return the descriptor of a work folder's lock file, or None if another process removed the folder meanwhile."""
    try:
        reason, found = not_own(path), set(os.listdir(path))
        if reason is None and (found - {LOCK, NEW, OLD} or (found and LOCK not in found)):
            reason = "holds something that simcore did not put there"
        if reason is not None:
            raise InputError(f"{reason}; simcore needs this name for a folder of its own", where=str(path))
        return os.open(path / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise InputError("is a file; simcore needs this name for a folder of its own", where=str(path)) from None


def _mark(descriptor: int, path: Path) -> None:
    said = os.pread(descriptor, len(MARK), 0)
    if not MARK.startswith(said):
        raise InputError("was not written by simcore, which needs this name for a folder of its own", where=str(path / LOCK))
    os.pwrite(descriptor, MARK + b"%-12d\n" % os.getpid(), 0)


def _holder(descriptor: int) -> str:
    number = os.pread(descriptor, 100 + len(MARK), 0)[len(MARK) :].strip()
    return f" (process {int(number)})" if number.isdigit() else ""
