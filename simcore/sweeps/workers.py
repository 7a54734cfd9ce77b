"""Processes on this computer that simulate tasks. A process that is killed costs only the time of the point it was at."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Thread
from typing import TypeAlias

from simcore.errors import InputError
from simcore.processes.started import Context, begin, end
from simcore.sweeps.simulating import Answer, Settings, Task, answers, failed

#: How the tasks of a sweep are run: a function that yields the answers of tasks as they come, in any order.
Runner: TypeAlias = Callable[[Sequence[Task]], Iterator[Answer]]

#: The work that a process gets at a time, in seconds, and the most points of it.
BATCH_S, MOST_POINTS = 0.5, 100
#: How often processes may end at the same point before it counts as failed, and one after the other before they begin.
MOST_ENDS = 3


@contextmanager
def in_this_process(settings: Settings) -> Iterator[Runner]:
    """Yield a runner that simulates one task after the other in this process."""
    yield lambda tasks: (answer for task in tasks for answer in answers(task, settings))


@contextmanager
def local_workers(jobs: int, settings: Settings) -> Iterator[Runner]:
    """Yield a runner that spreads tasks over ``jobs`` processes, which end with the block, and with this process.

    The runner raises InputError if processes end by themselves before they begin.
    """
    workers = _Workers(jobs, settings)
    try:
        yield workers.run
    finally:
        end(worker.process for worker in workers.started)


@dataclass
class _Worker:
    """A process, this end of its pipe, and the points that it was given and has not answered, with their tasks."""

    process: BaseProcess
    pipe: Connection
    given: deque[Task] = field(default_factory=deque)
    unanswered: dict[str, None] = field(default_factory=dict)
    has_begun: bool = False

    def rest(self) -> list[Task]:
        """Return the tasks that it was given without the points that it answered."""
        answered = {name for task in self.given for name, _ in task.points if name not in self.unanswered}
        return [left for task in self.given if (left := task.without(answered)).points]


class _Workers:
    """The processes of a sweep. They are started when the first tasks come, and wait between two calls of ``run``."""

    def __init__(self, jobs: int, settings: Settings) -> None:
        self.jobs, self.settings = jobs, settings
        self.started: list[_Worker] = []
        self.left: deque[Task] = deque()
        self.ends: dict[str, int] = {}
        self.barren = 0
        self.points, self.seconds = 0, 0.0

    def run(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answers of all points of the tasks as they come."""
        self.left = deque(tasks)
        for _ in range(min(self.jobs, len(tasks)) - len(self.started)):
            self.start()
        for worker in self.started:
            self.feed(worker)
        while any(worker.unanswered for worker in self.started):
            yield from self.next_answers()

    def start(self) -> _Worker:
        """Start a process."""
        ours, theirs = multiprocessing.Pipe()
        process = Context().Process(target=_work, args=(os.getpid(), theirs, self.settings), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self.started.append(worker)
        return worker

    def feed(self, worker: _Worker) -> None:
        """Give a process the next tasks, as many as last about ``BATCH_S``, if it has nearly run out of them."""
        size = 1 if not self.points else max(1, min(MOST_POINTS, int(BATCH_S * self.points / max(self.seconds, 1e-9))))
        if len(worker.unanswered) > size // 2:
            return
        tasks = [self.left.popleft() for _ in range(min(size, len(self.left)))]
        if not tasks:
            return
        worker.given.extend(tasks)
        worker.unanswered.update(dict.fromkeys(name for task in tasks for name, _ in task.points))
        try:
            worker.pipe.send(tasks)
        except OSError:
            return  # it has ended, which the next wait shows

    def next_answers(self) -> Iterator[Answer]:
        """Wait until a process answers or ends, and yield what came."""
        by_pipe = {worker.pipe: worker for worker in self.started}
        for pipe in wait(list(by_pipe)):
            worker = by_pipe[pipe]  # type: ignore[index]
            try:
                answer: Answer | None = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self.ended(worker)
                continue
            if answer is None:
                worker.has_begun, self.barren = True, 0
                continue
            self.note(worker, answer)
            yield answer

    def note(self, worker: _Worker, answer: Answer) -> None:
        """Cross an answered point off a process's list, learn from its seconds, and give the process more to do."""
        worker.unanswered.pop(answer.name, None)
        while worker.given and not any(name in worker.unanswered for name, _ in worker.given[0].points):
            worker.given.popleft()
        self.points, self.seconds = self.points + 1, self.seconds + answer.wall_s
        self.feed(worker)

    def ended(self, worker: _Worker) -> Iterator[Answer]:
        """Give the tasks of a process that ended to a new one; yield a failure for a point at which processes keep ending."""
        self.started.remove(worker)
        worker.pipe.close()
        worker.process.join()
        self.barren += not worker.has_begun
        if self.barren >= MOST_ENDS:
            raise _cannot_begin(worker.process.exitcode)
        suspect = next(iter(worker.unanswered), None) if worker.has_begun else None
        if suspect is not None:
            self.ends[suspect] = self.ends.get(suspect, 0) + 1
            if self.ends[suspect] >= MOST_ENDS:
                del worker.unanswered[suspect]
                yield failed(suspect, f"its process ended {MOST_ENDS} times ({_how(worker.process.exitcode)})")
        self.left.extendleft(reversed(worker.rest()))
        if self.left:
            self.feed(self.start())


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by signal {-code}, perhaps for lack of memory"
    return f"exit code {code}"


def _cannot_begin(code: int | None) -> InputError:
    hint = "a script that calls sweep() needs the guard: if __name__ == '__main__':; or use jobs=1 (--jobs 1)"
    return InputError(f"the processes of the sweep end before they begin ({_how(code)})", hint=hint)


def _work(parent: int, pipe: Connection, settings: Settings) -> None:
    """Simulate what comes through the pipe, in a process of its own, until the pipe or the parent ends."""
    begin(parent, None, ())
    pipe.send(None)  # it has begun
    waiting: SimpleQueue[list[Task] | None] = SimpleQueue()
    # A thread takes tasks out of the pipe, so that neither side ever waits for the other to read.
    Thread(target=_receive, args=(pipe, waiting), daemon=True).start()
    while (tasks := waiting.get()) is not None:
        for task in tasks:
            for answer in answers(task, settings):
                pipe.send(answer)


def _receive(pipe: Connection, waiting: SimpleQueue[list[Task] | None]) -> None:
    try:
        while True:
            waiting.put(pipe.recv())
    except (EOFError, OSError):
        waiting.put(None)
