"""A small data set and a small setup for tests of training with pruning."""

from __future__ import annotations

import numpy as np

from workloads.learning.data import Dataset
from workloads.learning.pruning.setup import PrunedTraining


def noise(images: int = 32) -> Dataset:
    draw = np.random.default_rng(0)
    found, labels = draw.normal(size=(images, 1, 8, 8)).astype(np.float32), draw.integers(0, 3, images)
    return Dataset("noise", 3, found[:24], labels[:24], found[24:], labels[24:])


def setup(**changed: object) -> PrunedTraining:
    return PrunedTraining(**{"net": "small-cnn", "schedule": "linear:0.5", "epochs": 2, "batch": 8, **changed})  # type: ignore[arg-type]
