"""Processes that share the work of a study, and end with it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def processes(jobs: int, start: Callable[..., None] | None = None, *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``jobs`` processes, each begun by ``start(*arguments)``; they end with the block, at once where it raises."""
    others = set(multiprocessing.active_children())
    # Spawned, not forked: threads of torch and numba do not survive a fork.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (start, arguments))
    try:
        yield pool
    except BaseException:
        # A process in compiled code hears of nothing until its work is done, which may take minutes.
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(start: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    # A terminal sends Ctrl-C to every process: the first one ends the others, which are not to complain each by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if start is not None:
        start(*arguments)
