"""What a training run is asked for and what it answers: plain data, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simcore.errors import InputError, did_you_mean
from workloads.faults.scratchpad import Reuse, Tensor, WriteCounts, check_reuse

#: The networks that can be trained (``nets.build``).
NET_NAMES = ("small-cnn", "vgg-like")


def check_net(name: str) -> None:
    """Raise InputError for a network that cannot be trained."""
    if name not in NET_NAMES:
        raise InputError(f"no network to train is called '{name}'", hint=did_you_mean(name, NET_NAMES))


@dataclass(frozen=True, kw_only=True)
class TrainingSetup:
    """What is trained and how: stochastic gradient descent with momentum, the learning rate falling linearly to 0.

    ``word`` names the format of buffered words; None trains in float32 without a scratchpad. Master weights, biases,
    normalisation and accumulation stay in float32 and free of errors. Raises InputError.
    """

    net: str = "small-cnn"
    word: str | None = "fixed16"
    reuse: Reuse = "own"
    epochs: int = 10
    batch: int = 64
    learning_rate: float = 0.05
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_net(self.net)
        check_reuse(self.reuse)
        for name in ("epochs", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"expected a number above 0, got {getattr(self, name)!r}", where=name)


@dataclass(frozen=True)
class Trained:
    """How a run ended. Accuracy is that of the last epoch's weights on the test images, read without write errors, in percent.

    ``diverged``: a loss was not finite; training stopped there.
    """

    accuracy_percent: float
    train_loss: float
    diverged: bool
    minibatches: int
    test_images: int
    writes: Mapping[Tensor, WriteCounts]
    wall_s: float
