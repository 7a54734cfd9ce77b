"""Work that is spread over processes. The results and their order do not depend on the number of processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from typing import TypeVar

from simcore.engine import load_engine
from simcore.progress import OnProgress
from simcore.studies.form.processes import processes

Work = TypeVar("Work")
Done = TypeVar("Done")


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
    with processes(min(jobs, len(work))) as pool:
        futures = [pool.submit(do, piece) for piece in work]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()  # an error ends the study at once
            told(done)
        return [future.result() for future in futures]
