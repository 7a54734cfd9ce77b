"""Processes that share the work of a study, and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess

from simcore.errors import InputError
from simcore.studies.form.parent import end_with_parent

#: Seconds that a process has to end by itself before it is killed.
PATIENCE_S = 0.5


class _Process(SpawnProcess):
    """A process that ignores Ctrl-C from its first instruction on."""

    def start(self) -> None:
        """Start the process with the signal blocked, until ``_begin`` ignores it there. This process receives it afterwards."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Context(SpawnContext):
    """Start processes by spawning, because threads of torch and numba do not survive a fork."""

    Process = _Process


@contextmanager
def processes(jobs: int, start: Callable[..., None] | None = None, *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of ``jobs`` processes, each of which first calls ``start(*arguments)``.

    The processes end with the block, and at once if the block raises. They also end with this process, however it ends. Raise
    InputError if one of them ends by itself.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, _Context(), _begin, (os.getpid(), start, arguments))
    try:
        yield pool
    except BrokenProcessPool as error:
        hint = "fewer processes need less: --jobs 1"
        raise InputError("a process of the study ended unexpectedly, perhaps for lack of memory", hint=hint) from error
    except BaseException:
        _end(set(multiprocessing.active_children()) - others)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _end(running: Iterable[BaseProcess]) -> None:
    """End these processes by the system, because a process in compiled code reacts to nothing else for minutes."""
    for process in running:
        process.terminate()
    for process in running:
        process.join(PATIENCE_S)
        process.kill()


def _begin(parent: int, start: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    end_with_parent(parent)
    # A terminal sends Ctrl-C to every process. The first process ends the others, so that they do not each report an error.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if start is not None:
        start(*arguments)
