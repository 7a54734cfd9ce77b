"""Processes that share the work of a study, and end with it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from simcore.errors import InputError
from simcore.processes.started import Context, begin, end


@contextmanager
def processes(jobs: int, start: Callable[..., None] | None = None, *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of ``jobs`` processes, each of which first calls ``start(*arguments)``.

    The processes end with the block, and at once if the block raises. They also end with this process, however it ends. Raise
    InputError if one of them ends by itself.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, Context(), begin, (os.getpid(), start, arguments))
    try:
        yield pool
    except BrokenProcessPool as error:
        hint = "fewer processes need less: --jobs 1"
        raise InputError("a process of the study ended unexpectedly, perhaps for lack of memory", hint=hint) from error
    except BaseException:
        end(set(multiprocessing.active_children()) - others)
        raise
    finally:
        pool.shutdown(cancel_futures=True)
