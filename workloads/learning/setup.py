"""The request and the result of a training run: plain data, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simcore.errors import InputError
from workloads.faults.stay import NO_FLIPS, StayFlips, check_stay_flips
from workloads.faults.word_memory import Reuse, WriteCounts, check_reuse
from workloads.learning.network import check_trainable


@dataclass(frozen=True, kw_only=True)
class TrainingSetup:
    """What is trained and how: stochastic gradient descent with momentum, with a learning rate that falls linearly to 0.

    ``net`` is a name for ``network.network_for``. ``word`` names the format of buffered words; None trains in float32 without a
    scratchpad. ``stay_flips`` are the probabilities that a stored 0, and a stored 1, flips before it is used. Master weights,
    biases, normalisation and accumulation stay in float32, without errors. Raise InputError for unknown names and for numbers
    out of range.
    """

    net: str = "small-cnn"
    word: str | None = "bf16"
    reuse: Reuse = "shared"
    epochs: int = 10
    batch: int = 64
    learning_rate: float = 0.05
    momentum: float = 0.9
    stay_flips: StayFlips = NO_FLIPS

    def __post_init__(self) -> None:
        check_trainable(self.net)
        check_reuse(self.reuse)
        check_stay_flips(self.stay_flips)
        for name in ("epochs", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"expected a number above 0, got {getattr(self, name)!r}", where=name)


@dataclass(frozen=True)
class Trained:
    """The result of a run. Accuracy is that of the last epoch's weights on the test images, in percent, without write errors.

    ``diverged`` says that a loss was not finite, which stopped the training. ``writes`` counts by kind of tensor, or by
    scratchpad if a machine's writes met errors.
    """

    accuracy_percent: float
    train_loss: float
    diverged: bool
    minibatches: int
    test_images: int
    writes: Mapping[str, WriteCounts]
    wall_s: float
