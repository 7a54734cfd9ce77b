"""A training run with pruning. The same network, data, setup and seed give the same result on one machine. Needs torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isfinite, nan
from typing import Any

import numpy as np
import torch

from simcore.errors import InputError
from simcore.progress import OnProgress
from workloads.learning.data import Dataset
from workloads.learning.loop import accuracy_percent, deterministic, step
from workloads.learning.module import GraphModule
from workloads.learning.network import network_for, scores_network
from workloads.learning.pruning.outcome import EpochRow, PrunedRun
from workloads.learning.pruning.plan import Epoch, epochs_of
from workloads.learning.pruning.pruner import Pruner
from workloads.learning.pruning.setup import PrunedTraining
from workloads.learning.pruning.state import State
from workloads.learning.pruning.widths import with_width
from workloads.pruning.groups import pruning_groups

#: Called with the state after each epoch.
Save = Callable[[State], None]


class Training:
    """A run that can be begun, or continued from a State. Raise InputError for what can be known to be wrong before it begins.

    ``named`` is the network that the setup names; ``start`` is the one that is trained, without a closing softmax.
    """

    def __init__(self, data: Dataset, setup: PrunedTraining, seed: int) -> None:
        if setup.batch > len(data.train_labels):
            raise InputError(f"expected at most {len(data.train_labels)} images, the training set, got {setup.batch}", "batch")
        self.data, self.setup, self.seed = data, setup, seed
        self.named = with_width(network_for(setup.net, data.image, data.classes), setup.width)
        self.start = scores_network(self.named)
        self.epochs = epochs_of(self.start, setup)
        self.pruner = Pruner(self.start, setup, seed)

    @property
    def optimiser_settings(self) -> dict[str, Any]:
        """Return the settings of the optimiser, which the loop gives the learning rate of each minibatch."""
        setup = self.setup
        return {"lr": setup.learning_rate, "momentum": setup.momentum, "weight_decay": setup.weight_decay}

    def begun(self) -> State:
        """Return the state before the first epoch. The seed sets weights and order, and torch's own random state."""
        torch.manual_seed(self.seed)
        net = GraphModule(self.start)
        optimiser = torch.optim.SGD(net.parameters(), **self.optimiser_settings)
        live = {layer: np.arange(group.filters) for group in pruning_groups(self.start) for layer in group.layers}
        return State(net, optimiser, torch.Generator().manual_seed(self.seed), live)

    def continued(self, state: State, save: Save, on_progress: OnProgress | None = None) -> PrunedRun:
        """Train the epochs that are left, and return the result. A loss that is not finite ends the training."""
        started = time.perf_counter()
        while len(state.rows) < len(self.epochs) and not _diverged(state):
            self._epoch(state, self.epochs[len(state.rows)], on_progress)
            save(state)
        return PrunedRun(
            self.seed,
            self.setup.procedure,
            tuple(state.rows),
            self.named,
            state.net.network,
            tuple(self.pruner.filters),
            len(self.data.test_labels),
            _diverged(state),
            time.perf_counter() - started,
        )

    def _epoch(self, state: State, epoch: Epoch, on_progress: OnProgress | None) -> None:
        number, setup = len(state.rows) + 1, self.setup
        self.pruner.prune(state, self.data, number, epoch.live)
        per_epoch = len(self.data.train_labels) // setup.batch
        shuffled = torch.randperm(len(self.data.train_labels), generator=state.order)
        loss, done = nan, 0
        state.net.train()
        for batch in shuffled[: per_epoch * setup.batch].view(per_epoch, setup.batch):
            state.optimiser.param_groups[0]["lr"] = epoch.first_rate + (epoch.last_rate - epoch.first_rate) * done / per_epoch
            loss, done = step(state.net, state.optimiser, self.data, batch), done + 1
            if on_progress is not None:
                on_progress((number - 1) * per_epoch + done, len(self.epochs) * per_epoch, f"seed {self.seed}, epoch {number}")
            if not isfinite(loss):
                break
        accuracy = accuracy_percent(state.net, self.data)
        macs, live = state.net.network.macs_per_image(), state.live_counts()
        row = EpochRow(number, epoch.stage, epoch.first_rate, loss, accuracy, done, macs, live)
        state.rows.append(row)


def train(training: Training, on_progress: OnProgress | None = None) -> PrunedRun:
    """Train from the beginning, without checkpoints."""
    with deterministic():
        return training.continued(training.begun(), lambda state: None, on_progress)


def _diverged(state: State) -> bool:
    return bool(state.rows) and not isfinite(state.rows[-1].train_loss)
