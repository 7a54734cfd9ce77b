"""Training runs of the study: points times seeds, in one process or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from simcore.progress import OnProgress
from simcore.studies.form.spread import spread
from workloads.learning.data import Dataset, dataset_from
from workloads.learning.pruning.setup import PrunedTraining


@dataclass(frozen=True)
class Point:
    """One thing to train. ``fraction`` is the share of the filters of each layer that the schedule prunes in the end."""

    experiment: str
    fraction: float
    setup: PrunedTraining


@dataclass(frozen=True)
class Trained:
    """The result of a point with one seed, without what the study does not need of a run."""

    point: Point
    seed: int
    accuracy_percent: float
    pruned_percent: float
    macs_per_image: int
    test_images: int
    diverged: bool
    wall_s: float


@dataclass(frozen=True)
class _Work:
    point: Point
    seed: int
    data: str
    images: int | None


def train_points(
    points: Sequence[Point], seeds: Sequence[int], data: str, images: int | None, jobs: int, on_progress: OnProgress | None
) -> list[Trained]:
    """Return the result of every point with every seed, in that order. It does not depend on the number of processes.

    Points with equal setups are trained once. Raise InputError for bad data and for points that cannot be trained.
    """
    dataset_from(data, images)  # so that bad data are told before processes begin
    setups = {point.setup: point for point in points}
    work = [_Work(point, seed, data, images) for point in setups.values() for seed in seeds]
    found = spread(_train, work, jobs, "training", on_progress)
    runs = {(run.point.setup, run.seed): run for run in found}
    return [replace(runs[point.setup, seed], point=point) for point in points for seed in seeds]


def _train(work: _Work) -> Trained:
    from workloads.learning.pruning.run import Training, train

    run = train(Training(_data(work.data, work.images), work.point.setup, work.seed))
    macs = run.network.macs_per_image()
    share = run.accuracy_percent, run.pruned_percent
    return Trained(work.point, work.seed, *share, macs, run.test_images, run.diverged, run.wall_s)


@lru_cache(maxsize=1)
def _data(text: str, images: int | None) -> Dataset:
    return dataset_from(text, images)
