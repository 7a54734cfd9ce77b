"""Processes that take turns at making one file, so that the second finds what the first has made.

A turn saves work and nothing depends on it: without locks, or after a long wait, a process makes the file by itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simcore.saving.cache_folder import UNFINISHED
from simcore.saving.lock import try_lock

#: How long a process waits for its turn: a process that was stopped keeps its lock, and the largest kernel takes half a minute.
WAIT_S = 120.0
_LOOK_S = 0.05


@contextmanager
def turn_at(path: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """Enter when no other process makes the file ``path``, or after ``wait_s`` seconds. The file may be there by then.

    The lock is on an empty file beside ``path``. It goes with the turn; what a killed process left behind locks nothing.
    """
    lock = path.with_name(f"{path.name}.lock{UNFINISHED}")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError:
        yield
        return
    is_free = False
    try:
        is_free = _is_free(descriptor, wait_s)
        yield
    finally:
        if is_free:
            with suppress(OSError):
                lock.unlink(missing_ok=True)
        os.close(descriptor)


def _is_free(descriptor: int, wait_s: float) -> bool:
    """Lock an open file, if the file system has locks. Return False if another process has the lock all this time."""
    ends = time.monotonic() + wait_s
    with suppress(OSError):
        while not try_lock(descriptor):
            if time.monotonic() >= ends:
                return False
            time.sleep(_LOOK_S)
    return True
