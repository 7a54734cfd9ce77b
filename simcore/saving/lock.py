"""A lock on a file. The system releases it when the process that holds it ends, however it ends."""

from __future__ import annotations

import os

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process. Return False if another holds it. Raise OSError if the file system has no locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise OSError(error.errno, f"the file system gives no lock ({error.strerror})") from None
    return True


def is_still_named(descriptor: int, path: str | os.PathLike[str]) -> bool:
    """Return True if the open file is still at ``path``. Another process may have removed it before it was locked."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False
