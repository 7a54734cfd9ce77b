"""Child processes that end together with their parent, even if the parent is killed and cannot notify them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from multiprocessing.connection import wait
from threading import Thread

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """End this process when ``parent`` ends in any way. ``parent`` is the id of the process that started it by multiprocessing.

    On Linux the system ends this process at once, whatever it is doing. On other systems a thread ends it as soon as Python runs
    again, that is, after any compiled code that is running.
    """
    if hasattr(signal, "SIGKILL"):
        _ask_the_system(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent ended before this process called the system
    Thread(target=_watch, daemon=True).start()


def _ask_the_system(number: int) -> None:
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(number))
    except (AttributeError, OSError, TypeError):
        return  # not Linux


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
