"""A process that ends with the one that started it, even where that one is killed and can tell nobody."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from multiprocessing.connection import wait
from threading import Thread

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """End this process when ``parent``, the number of the process that started it by multiprocessing, has ended in any way.

    On Linux the system ends it at once, whatever it is doing. Elsewhere a thread does, as soon as Python runs again: compiled
    code that is under way comes to its end first.
    """
    if hasattr(signal, "SIGKILL"):
        _ask_the_system(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it ended before the system was asked
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
