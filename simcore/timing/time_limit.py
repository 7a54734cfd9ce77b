"""A limit on how long a user's own Python may run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Seconds for one step of ``simcore check``; a sound model needs a few of them at most.
LIMIT_S = 10.0


class TimeUpError(BaseException):
    """The limit is reached. Not an Exception, which the code that runs too long might catch itself."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise TimeUpError in what runs inside for longer than LIMIT_S; without effect outside the main thread and without SIGALRM.

    Reaches plain Python only: compiled code goes on until it returns.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _time_is_up)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _time_is_up(_: int, __: FrameType | None) -> None:
    raise TimeUpError(f"serve did not return within {LIMIT_S:g} s")
