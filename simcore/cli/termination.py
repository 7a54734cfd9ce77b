"""The end by SIGTERM, with which a system or a batch queue ends a process: orderly, as by Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: The exit code of a process that SIGTERM ended, as a shell tells it.
TERMINATED = 128 + signal.SIGTERM


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """Run a command inside. SIGTERM ends it with one line, after what it has claimed is released and its processes are ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: FrameType | None) -> None:
    print("simcore: terminated", file=sys.stderr)
    raise SystemExit(TERMINATED)
