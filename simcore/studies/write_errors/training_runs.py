"""Many training runs: points times seeds. Each distinct run is trained once, in this process or in one of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from simcore.progress import OnProgress
from simcore.studies.form.spread import processes_for
from workloads.faults.injection import ErrorRates
from workloads.faults.word_memory import TENSORS
from workloads.layers.held import TensorKind
from workloads.learning.data import Dataset, load_dataset
from workloads.learning.extra import needed
from workloads.learning.setup import Trained, TrainingSetup


@dataclass(frozen=True)
class Point:
    """One thing to train: a setup and the error rates of its words. ``labels`` are the columns that identify it in tables."""

    experiment: str
    setup: TrainingSetup
    rates: Mapping[TensorKind, ErrorRates]
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DataSource:
    """The images: name of the data set, folder of its files if it needs one, and number of images (None: all)."""

    name: str = "digits"
    folder: str | None = None
    images: int | None = None

    def load(self) -> Dataset:
        """Return the images. Raise InputError if they cannot be loaded."""
        return load_dataset(self.name, self.folder).first(self.images)


_Key = tuple[TrainingSetup, int, tuple[bytes, ...]]


class Runner:
    """Trains points and remembers each run, so that the same setup, rates and seed are never trained twice.

    ``jobs`` processes share the work; the results do not depend on their number. Use it inside ``running``.
    """

    def __init__(
        self, source: DataSource, data: Dataset, pool: ProcessPoolExecutor | None, on_progress: OnProgress | None
    ) -> None:
        self._source, self._data, self._pool, self._on_progress = source, data, pool, on_progress
        self._known: dict[_Key, Trained] = {}
        self.runs = 0

    def train(self, points: Sequence[Point], seeds: Sequence[int]) -> list[tuple[Point, int, Trained]]:
        """Return the result of every point with every seed, in that order."""
        jobs = [(point, seed) for point in points for seed in seeds]
        new: dict[_Key, tuple[Point, int]] = {}
        for job in jobs:
            if _key(job) not in self._known:
                new.setdefault(_key(job), job)
        total = self.runs + len(new)
        for key, trained in self._trained(new):
            self._known[key] = trained
            self.runs += 1
            if self._on_progress is not None:
                self._on_progress(self.runs, total, new[key][0].experiment)
        return [(point, seed, self._known[_key((point, seed))]) for point, seed in jobs]

    def _trained(self, jobs: Mapping[_Key, tuple[Point, int]]) -> Iterator[tuple[_Key, Trained]]:
        if self._pool is None:
            from workloads.learning.with_errors import train

            for key, (point, seed) in jobs.items():
                yield key, train(self._data, point.setup, point.rates, seed)
            return
        waiting = {
            self._pool.submit(_train_in_worker, self._source, point.setup, dict(point.rates), seed): key
            for key, (point, seed) in jobs.items()
        }
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()


@contextmanager
def running(source: DataSource, jobs: int = 1, on_progress: OnProgress | None = None) -> Iterator[Runner]:
    """Yield a Runner for these images, whose processes end with the block. Raise InputError for bad data and without torch."""
    needed("torch", "training")
    data = source.load()
    if jobs == 1:
        yield Runner(source, data, None, on_progress)
        return
    with processes_for(jobs, jobs) as pool:
        yield Runner(source, data, pool, on_progress)


def _key(job: tuple[Point, int]) -> _Key:
    point, seed = job
    return point.setup, seed, tuple(point.rates[tensor].tobytes() for tensor in TENSORS)


def _train_in_worker(source: DataSource, setup: TrainingSetup, rates: Mapping[TensorKind, ErrorRates], seed: int) -> Trained:
    from workloads.learning.with_errors import train

    return train(_loaded(source), setup, rates, seed)


@lru_cache(maxsize=1)
def _loaded(source: DataSource) -> Dataset:
    return source.load()
