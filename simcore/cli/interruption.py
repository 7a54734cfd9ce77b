"""Ctrl-C while the process is in a call that Python cannot interrupt: the compiler's longest one takes three seconds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from simcore.cli.guard import INTERRUPTED

#: How long Python has to react to Ctrl-C. Then the process ends as by kill -9, after which nothing is half-written either.
PATIENCE_S = 1.5


@contextmanager
def interrupted_in_time() -> Iterator[None]:
    """Run a command inside. Ctrl-C raises KeyboardInterrupt; where that is not raised in time, it ends the process at once.

    A thread learns of the signal by the system's own means, and runs while the call of the main thread does. Where Ctrl-C is
    ignored or handled by others, this changes nothing.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return
    raised = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        raised.set()
        signal.default_int_handler(number, frame)

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_watch, args=(reader, raised), daemon=True).start()
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(before)
        os.close(writer)  # which ends the thread


def _watch(reader: int, raised: threading.Event) -> None:
    """Read the numbers of signals as they come. End the process for Ctrl-C unless KeyboardInterrupt is raised in time."""
    with os.fdopen(reader, "rb", buffering=0) as numbers:
        while found := numbers.read(64):
            if signal.SIGINT in found and not raised.wait(PATIENCE_S):
                with suppress(OSError):
                    os.write(2, b"simcore: interrupted\n")
                os._exit(INTERRUPTED)
