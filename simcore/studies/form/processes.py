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

#: How long a process that is asked to end may take, before it is made to.
PATIENCE_S = 0.5


class _Process(SpawnProcess):
    """A process that hears of no Ctrl-C from its first instruction on."""

    def start(self) -> None:
        """Begin it with the signal blocked; ``_begin`` ignores it instead. What came meanwhile is heard by this process then."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Context(SpawnContext):
    """Spawned, not forked: threads of torch and numba do not survive a fork."""

    Process = _Process


@contextmanager
def processes(jobs: int, start: Callable[..., None] | None = None, *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``jobs`` processes, each begun by ``start(*arguments)``; they end with the block, at once where it raises.

    They also end with this process, however it ends. Raises InputError where one of them ends by itself.
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
    """A process in compiled code hears of nothing until its work is done, which may take minutes: it is ended by the system."""
    for process in running:
        process.terminate()
    for process in running:
        process.join(PATIENCE_S)
        process.kill()


def _begin(parent: int, start: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    end_with_parent(parent)
    # A terminal sends Ctrl-C to every process: the first one ends the others, which are not to complain each by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if start is not None:
        start(*arguments)
