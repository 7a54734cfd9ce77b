"""The simulation of points, in whichever process. An answer holds plain values, so that any process can hand it to another."""

from __future__ import annotations

import math
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from simcore.engine.store import MemoryStore
from simcore.errors import InputError
from simcore.kinds import machine_kind
from simcore.results import Results
from simcore.results.definitions import AMOUNTS
from simcore.run_time import LIMIT_S
from simcore.simulation import simulate
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.network import Network

#: The units of totals that are whole numbers.
COUNTS = AMOUNTS - {"pJ"}
#: Bytes of layers that a process keeps for later points.
KEPT_BYTES = 128 << 20


@dataclass(frozen=True)
class Task:
    """Points that one simulation serves: the same work on machines that take the same cycles, which differ in costs alone.

    ``points`` has the name of each point and its machine as JSON, which takes a tenth of the memory of a spec.
    """

    network: Network
    kind: str
    engine: str
    layers: str | None
    points: tuple[tuple[str, str], ...]

    def without(self, answered: Container[str]) -> Task:
        """Return the task without the points that are answered."""
        return replace(self, points=tuple(point for point in self.points if point[0] not in answered))


@dataclass(frozen=True)
class Settings:
    """What holds for all points: whether each layer's row is wanted, and the longest run in seconds by estimate (None: any)."""

    per_layer: bool = False
    limit_s: float | None = LIMIT_S


@dataclass(frozen=True)
class Answer:
    """What is known of a point: the totals of its run and, if asked for, a row for each layer; or why it failed.

    ``wall_s`` are the seconds that the point took.
    """

    name: str
    metrics: Mapping[str, Any]
    layers: tuple[Mapping[str, Any], ...] | None = None
    error: str | None = None
    wall_s: float = 0.0


@lru_cache(maxsize=1)
def _kept() -> MemoryStore[Any]:
    """Return the layers that this process simulated for earlier points."""
    return MemoryStore(KEPT_BYTES)


def answers(task: Task, settings: Settings) -> Iterator[Answer]:
    """Simulate a task, and yield an answer for each of its points. Every failure becomes an answer."""
    first: Results | None = None
    spec: type[MachineSpec] = machine_kind(task.kind).spec
    for name, text in task.points:
        begun = time.perf_counter()
        try:
            machine = spec.model_validate_json(text)
            results = _simulated(task, machine, settings) if first is None else first.rated(machine)
            first = results if first is None else first
            yield _answer(name, results, settings, begun)
        except InputError as error:
            yield failed(name, str(error), time.perf_counter() - begun)
        except (Exception, MemoryError) as error:
            text = " ".join(f"{type(error).__name__}: {error}".split())
            yield failed(name, f"{text}; this is a bug in simcore or in a file of yours", time.perf_counter() - begun)


def failed(name: str, why: str, wall_s: float = 0.0) -> Answer:
    """Return the answer for a point that could not be simulated."""
    return Answer(name, {}, None, why, wall_s)


def _simulated(task: Task, machine: MachineSpec, settings: Settings) -> Results:
    return simulate(task.network, machine, engine=task.engine, layers=task.layers, limit_s=settings.limit_s, kept=_kept())


def _answer(name: str, results: Results, settings: Settings, begun: float) -> Answer:
    metrics = {metric: int(value) if unit in COUNTS else _plain(value) for metric, value, unit in results.total_rows}
    layers = tuple(_row(row) for row in results.layer_rows) if settings.per_layer else None
    return Answer(name, metrics, layers, None, time.perf_counter() - begun)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: _plain(value) for column, value in row.items()}


def _plain(value: Any) -> Any:
    """Return a number of numpy's as Python's, and what is not a number as None."""
    number = value.item() if hasattr(value, "item") else value
    return None if isinstance(number, float) and math.isnan(number) else number


def batches(tasks: Sequence[Task], points: int) -> Iterator[list[Task]]:
    """Yield the tasks in lists of about so many points; a task is never divided."""
    batch: list[Task] = []
    size = 0
    for task in tasks:
        batch.append(task)
        size += len(task.points)
        if size >= points:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
