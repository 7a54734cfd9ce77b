"""Processes that take turns at making one file, so that the second finds what the first has made.

A turn saves work and nothing depends on it: without locks, or after a long wait, a process makes the file by itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from simcore.saving.cache_folder import UNFINISHED
from simcore.saving.lock import try_lock

#: How long a process waits for its turn. A stopped process keeps its lock; one that runs makes a kernel in less time than this.
WAIT_S = 40.0
_LOOK_S = 0.05


@contextmanager
def turn_at(path: Path, wait_s: float = WAIT_S) -> Iterator[bool]:
    """Enter when no other process makes the file ``path``, or after ``wait_s`` seconds. Yield whether another one did.

    The file may be there by then. The lock is on an empty file beside it, which goes with the turn; what a killed process left
    behind locks nothing.
    """
    lock = path.with_name(f"{path.name}.lock{UNFINISHED}")
    with ExitStack() as stack:
        waited = False
        with suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            stack.callback(os.close, descriptor)
            waited, is_free = _wait(descriptor, wait_s)
            if is_free:
                stack.callback(_remove, lock)
        yield waited


def _wait(descriptor: int, wait_s: float) -> tuple[bool, bool]:
    """Lock an open file if the file system has locks. Return whether another process had the lock, and whether that is over."""
    waited, ends = False, time.monotonic() + wait_s
    with suppress(OSError):
        while not try_lock(descriptor):
            waited = True
            if time.monotonic() >= ends:
                return True, False
            time.sleep(_LOOK_S)
    return waited, True


def _remove(lock: Path) -> None:
    with suppress(OSError):
        lock.unlink(missing_ok=True)
