"""How processes start and end: spawned, deaf to Ctrl-C, ended with their parent, and ended at once if it asks for it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess

from simcore.processes.parent import end_with_parent

#: Seconds that a process has to end by itself before it is killed.
PATIENCE_S = 0.5


class _Process(SpawnProcess):
    """A process that ignores Ctrl-C from its first instruction on."""

    def start(self) -> None:
        """Start the process with the signal blocked, until ``begin`` ignores it there. This process receives it afterwards."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Context(SpawnContext):
    """Start processes by spawning, because threads of torch and numba do not survive a fork."""

    Process = _Process


def end(running: Iterable[BaseProcess]) -> None:
    """End these processes by the system, because a process in compiled code reacts to nothing else for minutes."""
    ending = list(running)
    for process in ending:
        process.terminate()
    for process in ending:
        process.join(PATIENCE_S)
        process.kill()


def begin(parent: int, start: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    """Tie this new process to ``parent``, the id of the process that started it, and call ``start(*arguments)``."""
    end_with_parent(parent)
    # A terminal sends Ctrl-C to every process. The first process ends the others, so that they do not each report an error.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if start is not None:
        start(*arguments)
