"""Work that is spread over processes. The results and their order do not depend on the number of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TypeVar

from simcore.engine import load_engine
from simcore.progress import OnProgress
from simcore.studies.form.processes import processes

Work = TypeVar("Work")
Done = TypeVar("Done")


class _Kept:
    """Pools of processes by their size, which end with a stack."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._pools: dict[int, ProcessPoolExecutor] = {}

    def pool(self, jobs: int) -> ProcessPoolExecutor:
        if jobs not in self._pools:
            self._pools[jobs] = self._stack.enter_context(processes(jobs))
        return self._pools[jobs]


_kept: ContextVar[_Kept | None] = ContextVar("_kept", default=None)


@contextmanager
def processes_kept() -> Iterator[None]:
    """Let every `spread` and `processes_for` in the block take the same processes, which then load what they need once.

    They end with the block as those of ``processes`` do, which also says what this raises.
    """
    with ExitStack() as stack:
        token = _kept.set(_Kept(stack))
        try:
            yield
        finally:
            _kept.reset(token)


def spread(
    do: Callable[[Work], Done], work: Sequence[Work], jobs: int, title: str, on_progress: OnProgress | None = None
) -> list[Done]:
    """Return ``do`` of each piece of work, in order. ``do`` must be a module-level function, so that a process can import it."""

    def told(done: int) -> None:
        if on_progress is not None:
            on_progress(done, len(work), title)

    told(0)
    if jobs == 1 or len(work) < 2:
        found = []
        for done, piece in enumerate(work, start=1):
            found.append(do(piece))
            told(done)
        return found
    load_engine("compiled")  # compile it once, or each process would compile it
    with processes_for(jobs, len(work)) as pool:
        futures = [pool.submit(do, piece) for piece in work]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()  # an error ends the study at once
            told(done)
        return [future.result() for future in futures]


@contextmanager
def processes_for(jobs: int, pieces: int) -> Iterator[ProcessPoolExecutor]:
    """Yield the processes of `processes_kept`, or others, at most one for each of so many pieces of work."""
    kept = _kept.get()
    if kept is not None:
        yield kept.pool(jobs)
        return
    with processes(min(jobs, pieces)) as pool:
        yield pool
