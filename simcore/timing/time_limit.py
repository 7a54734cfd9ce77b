"""A limit on the time that a user's own Python may run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Seconds for one step of ``simcore check``. A sound model needs a few at most.
LIMIT_S = 10.0


class TimeUpError(BaseException):
    """The limit is reached. It is no Exception, because the code that runs too long might catch that itself."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise TimeUpError in code that runs inside for longer than LIMIT_S.

    It has no effect outside the main thread and on systems without SIGALRM. It interrupts only plain Python; compiled code goes
    on until it returns.
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
