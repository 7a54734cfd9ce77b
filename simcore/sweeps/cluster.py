"""Workers of a Dask cluster that simulate tasks. What a worker or the scheduler loses is simulated again, and nothing twice."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from simcore.errors import InputError
from simcore.sweeps.code_version import code_version
from simcore.sweeps.simulating import Answer, Settings, Task, answers, batches, failed
from simcore.sweeps.workers import MOST_ENDS, Runner

#: The address that stands for a cluster on this computer.
LOCAL = "local"
#: Seconds of work in a batch, the most points of it, and how many batches each thread of the cluster has at a time.
BATCH_S, MOST_POINTS, BATCHES_EACH = 2.0, 200, 2
#: Seconds to wait for a scheduler, at the beginning and after it was lost, for one attempt, and between two looks.
PATIENCE_S, CONNECT_S, LOOK_S = 120.0, 5.0, 0.02

#: A level of logging above every message.
QUIET = logging.CRITICAL + 1

_ONE_AT_A_TIME = Lock()


@contextmanager
def dask_workers(address: str, jobs: int, settings: Settings) -> Iterator[Runner]:
    """Yield a runner that spreads tasks over the workers of the scheduler at an address; "local" starts ``jobs`` of them here.

    An address that ends in .json is a scheduler's file, which is read anew whenever the scheduler is lost.

    Raise InputError without Dask (extra ``sweep``), if no scheduler answers, and if its workers run another version of simcore.
    """
    distributed = _distributed()
    _quieten()
    with ExitStack() as stack:
        place = address
        if address == LOCAL:
            started = distributed.LocalCluster(jobs, threads_per_worker=1, dashboard_address=None, silence_logs=QUIET)
            place = stack.enter_context(started).scheduler_address
        cluster = _Cluster(distributed, place, settings)
        stack.callback(cluster.close)
        yield cluster.run


def simulate_batch(tasks: Sequence[Task], settings: Settings) -> tuple[str, list[Answer]]:
    """Simulate tasks on a worker. Return the version of the worker's code, and the answers of all points.

    A worker with several threads simulates one batch at a time, because a kernel is not made for several threads.
    """
    with _ONE_AT_A_TIME:
        return code_version(), [answer for task in tasks for answer in answers(task, settings)]


class _Cluster:
    """A connection to a scheduler, and the batches that its workers have."""

    def __init__(self, distributed: Any, address: str, settings: Settings) -> None:
        """Connect to a scheduler. Raise InputError if none answers."""
        self.distributed, self.address, self.settings = distributed, address, settings
        self.running: dict[Any, list[Task]] = {}
        self.left: deque[list[Task]] = deque()
        self.ends: dict[str, int] = {}
        self.client = self.connected()

    def close(self) -> None:
        """Give up the batches that still run, and the connection."""
        with suppress(Exception):
            self.client.cancel(list(self.running))
        self.disconnect()

    def disconnect(self) -> None:
        with suppress(Exception):
            self.client.close(timeout=1)

    def connected(self) -> Any:
        """Return a client of the scheduler. Raise InputError if none answers for ``PATIENCE_S``."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.distributed.Client(_in_file(self.address), timeout=min(CONNECT_S, PATIENCE_S), set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                if time.monotonic() > until:
                    raise _no_scheduler(self.address, error) from error
            time.sleep(LOOK_S)

    def run(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answers of all points of the tasks as their batches come back. The first batches have one task each."""
        queue = deque(tasks)
        known = [0, 0.0]
        while queue or self.left or self.running:
            self.submit(queue, known)
            over = [future for future in self.running if future.done()]
            if not over and not self.is_lost():
                time.sleep(LOOK_S)
            for future in over:
                for answer in self.answered(future):
                    known = [known[0] + 1, known[1] + answer.wall_s]
                    yield answer
            if self.is_lost():
                self.reconnect()

    def submit(self, queue: deque[Task], known: Sequence[float]) -> None:
        """Give the cluster batches until each of its threads has ``BATCHES_EACH``; there are none while it has no workers."""
        room = BATCHES_EACH * max(1, self.threads()) - len(self.running)
        while room > 0 and (queue or self.left):
            batch = self.left.popleft() if self.left else self.next_batch(queue, known)
            try:
                future = self.client.submit(simulate_batch, batch, self.settings, pure=False, retries=0)
            except Exception:  # the connection is being lost, in any of Dask's ways
                self.left.appendleft(batch)
                return
            self.running[future] = batch
            room -= 1

    def next_batch(self, queue: deque[Task], known: Sequence[float]) -> list[Task]:
        """Take tasks that last about ``BATCH_S`` from the queue, at the speed known so far."""
        points, seconds = known
        size = 1 if not points else max(1, min(MOST_POINTS, int(BATCH_S * points / max(seconds, 1e-9))))
        batch = next(batches(queue, size))
        for _ in batch:
            queue.popleft()
        return batch

    def threads(self) -> int:
        """Return the number of threads of all workers, as the scheduler last told it."""
        with suppress(Exception):
            workers = self.client.scheduler_info(n_workers=-1)["workers"]
            return sum(int(worker["nthreads"]) for worker in workers.values())
        return 0

    def answered(self, future: Any) -> list[Answer]:
        """Return the answers of a batch that is over. One that was lost is put back; its points fail if that happens again."""
        batch = self.running.pop(future)
        if future.status == "finished":
            try:
                version, found = future.result(timeout=PATIENCE_S)
            except Exception:  # the worker that held the answers is gone
                self.left.append(batch)
                return []
            if version != code_version():
                raise _other_version(self.address)
            return list(found)
        if future.status == "error":
            return self.killed(batch, future)
        self.left.append(batch)
        return []

    def killed(self, batch: list[Task], future: Any) -> list[Answer]:
        """Put a batch back whose workers ended again and again, point by point; a point that does so alone has failed.

        Raise InputError for an error that is not the end of a worker.
        """
        error = future.exception()
        if not isinstance(error, self.distributed.KilledWorker):
            text = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"a worker cannot simulate: {text}", f"--scheduler {self.address}", "is simcore installed there?")
        alone = [replaced for task in batch for replaced in _alone(task)]
        if len(alone) > 1:
            self.left.extend([task] for task in alone)
            return []
        name = alone[0].points[0][0]
        self.ends[name] = self.ends.get(name, 0) + 1
        if self.ends[name] < MOST_ENDS:
            self.left.append(alone)
            return []
        return [failed(name, f"its worker ended {MOST_ENDS} times, perhaps for lack of memory")]

    def is_lost(self) -> bool:
        """Return whether the scheduler is gone."""
        return bool(self.client.status != "running")

    def reconnect(self) -> None:
        """Wait for a scheduler at the same address, and give it all batches anew."""
        self.disconnect()
        self.left.extend(self.running.values())
        self.running.clear()
        self.client = self.connected()


def _alone(task: Task) -> list[Task]:
    """Return the task as one task for each of its points."""
    names = {name for name, _ in task.points}
    return [task.without(names - {name}) for name, _ in task.points]


def _in_file(address: str) -> str:
    """Return the address that a scheduler's file holds, or any other address as it is.

    Raise OSError if the file is not there yet, and ValueError if it holds no address.
    """
    if not address.endswith(".json"):
        return address
    found = json.loads(Path(address).read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get("address"), str):
        raise ValueError(f"'{address}' holds no address")
    return str(found["address"])


def _no_scheduler(address: str, error: Exception) -> InputError:
    text = " ".join(str(error).split()) or type(error).__name__
    hint = "start one: dask scheduler; then give its address, such as tcp://127.0.0.1:8786"
    return InputError(f"no Dask scheduler answers: {text}", f"--scheduler {address}", hint)


def _other_version(address: str) -> InputError:
    return InputError(
        "a worker runs another version of simcore than this process", f"--scheduler {address}", "install one for both"
    )


def _quieten() -> None:
    """Keep Dask, whose parts log each by itself, from telling of every connection that ends. What matters is an error here."""
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(QUIET)


def _distributed() -> Any:
    """Return Dask's package ``distributed``. Raise InputError, which names the extra, if it is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise InputError("a cluster needs the package distributed", "--dask", "pip install 'simcore[sweep]'") from error
    return distributed
