"""The result of a training run with pruning: plain data, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workloads.network import Network
from workloads.pruning.content import network_digest
from workloads.pruning.groups import live_of_groups
from workloads.pruning.log import PruningLog


@dataclass(frozen=True)
class EpochRow:
    """One epoch. Accuracy is that of its last weights on the test images, in percent.

    ``live`` has the filters of each convolution that this epoch trained. ``macs`` are those of one image in the forward pass.
    ``learning_rate`` is that of the first minibatch. ``train_loss`` is that of the last minibatch.
    """

    epoch: int
    stage: str
    learning_rate: float
    train_loss: float
    accuracy_percent: float
    minibatches: int
    macs: int
    live: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class PrunedRun:
    """A finished run. ``start`` is the network that the setup names, ``network`` what is left of it, without a closing softmax.

    ``procedure`` is that of the setup. ``prunable`` names the convolutions that could be pruned.

    ``diverged`` says that a loss was not finite, which ended the training. ``wall_s`` counts this process only.
    """

    seed: int
    procedure: str
    rows: tuple[EpochRow, ...]
    start: Network
    network: Network
    prunable: tuple[str, ...]
    test_images: int
    diverged: bool
    wall_s: float

    @property
    def diverged_in(self) -> int | None:
        """Return the epoch whose loss was not finite, which ended the training; None if all were."""
        return self.rows[-1].epoch if self.diverged else None

    @property
    def accuracy_percent(self) -> float:
        """Return the accuracy after the last epoch."""
        return self.rows[-1].accuracy_percent

    @property
    def pruned_percent(self) -> float:
        """Return the share of the filters of all prunable convolutions that are gone at the end."""
        filters = self.log().filters
        return 100 * (1 - sum(self.rows[-1].live[name] for name in self.prunable) / sum(filters[name] for name in self.prunable))

    def log(self) -> PruningLog:
        """Return the log of live filters, which ``simcore prune`` reads."""
        live = tuple(row.live for row in self.rows)
        return PruningLog(self.start.name, network_digest(self.start), live_of_groups(self.start, {}), live, self.procedure)
