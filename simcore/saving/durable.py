"""Writes that survive a loss of power, and an exchange of two names in one instant."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
#: The errors of systems and file systems that cannot exchange names.
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM)


def sync_tree(path: Path) -> None:
    """Wait until a file, or a folder and everything in it, is on the disk. Raise OSError if that fails."""
    if path.is_dir():
        for entry in path.iterdir():
            sync_tree(entry)
    sync(path)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or the names in a folder, are on the disk. Raise OSError if that fails."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot sync folders
            raise
    finally:
        os.close(descriptor)


def exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders of one file system in one instant. Return False if the system cannot.

    Raise OSError for any other failure.
    """
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(other))
