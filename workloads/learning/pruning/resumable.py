"""Training runs that keep a checkpoint of every epoch in a folder, and go on from it. Needs torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import torch

from simcore.progress import OnProgress
from simcore.saving.run_folder import RunFolder
from workloads.learning.loop import deterministic
from workloads.learning.pruning.checkpoint import packed, unpacked
from workloads.learning.pruning.outcome import PrunedRun
from workloads.learning.pruning.rankings import RANKINGS
from workloads.learning.pruning.run import Training
from workloads.learning.pruning.state import State


def checkpoint_name(seed: int) -> str:
    """Return the name of a run's checkpoint in its folder."""
    return f"checkpoint-{seed}.bin"


def train_resumable(training: Training, folder: RunFolder, on_progress: OnProgress | None = None) -> PrunedRun:
    """Train, and keep a checkpoint of every epoch in the folder. If it has one of this run already, go on from there.

    The result is the same however often the run was ended. Raise InputError for a checkpoint that is damaged or of another run.
    """
    name, identity = checkpoint_name(training.seed), identity_of(training)

    def save(state: State) -> None:
        folder.put(name, lambda path: path.write_bytes(packed(state, identity)))

    with deterministic():
        content = folder.read(name)
        if content is None:
            state = training.begun()
        else:
            where = str(folder.target / name)
            state = unpacked(content, identity, training.start, training.optimiser_settings, where)
        return training.continued(state, save, on_progress)


def identity_of(training: Training) -> dict[str, Any]:
    """Return plain values that two runs share only if they give the same result on one machine."""
    data, setup = training.data, training.setup
    plain = json.loads(json.dumps(asdict(setup)))
    live = [sorted(epoch.live.items()) for epoch in training.epochs]
    return plain | {
        "seed": training.seed,
        "data": data.name,
        "train_images": list(data.train_images.shape),
        "test_images": list(data.test_images.shape),
        "labels": _digest(data.train_labels.tobytes(), data.test_labels.tobytes()),
        "live_filters": _digest(json.dumps(live).encode()),
        "ranking_file": _ranking_digest(setup.ranking),
        "torch": torch.__version__,
    }


def _ranking_digest(ranking: str) -> str | None:
    """Return a digest of the file that holds a user's own ranking."""
    if ranking in RANKINGS:
        return None
    with open(ranking.rpartition(":")[0], "rb") as file:
        return _digest(file.read())


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
