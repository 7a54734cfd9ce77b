"""The request for a training run with pruning, and what each of its epochs does: plain data, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from simcore.errors import InputError, did_you_mean
from workloads.learning.network import check_trainable

Procedure = Literal["while-training", "prune-retrain", "iterative"]
Scope = Literal["layer", "global"]


@dataclass(frozen=True, kw_only=True)
class PrunedTraining:
    """What is trained, how, and how filters are pruned meanwhile: gradient descent with momentum.

    ``net`` is a name for ``network.network_for``; ``width`` narrows its convolutions. ``procedure``:

    - ``while-training``: before each of ``epochs`` epochs, filters are pruned to what the schedule says of that epoch;
    - ``prune-retrain``: ``epochs`` dense ones, then what the schedule prunes at last is pruned at once, and ``retrain_epochs``;
    - ``iterative``: the same in ``rounds`` equal steps, over which the epochs of retraining are spread evenly.

    ``schedule`` is a text for ``workloads.pruning.schedule_from``. The learning rate falls linearly to 0 over ``epochs``, and
    again over the retraining after each pruning. ``scope`` says whether the schedule holds for each layer or for all filters that
    may be pruned together. ``exempt`` has patterns of convolutions that keep all filters. With ``round_filters`` layers keep
    multiples of 8, 16 or 32 filters. Raise InputError for unknown names and for numbers out of range.
    """

    schedule: str
    net: str = "vgg-like"
    width: float = 1.0
    procedure: Procedure = "while-training"
    ranking: str = "l1"
    scope: Scope = "layer"
    exempt: tuple[str, ...] = ()
    round_filters: int | None = None
    epochs: int = 20
    retrain_epochs: int = 10
    rounds: int = 5
    batch: int = 64
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __post_init__(self) -> None:
        check_trainable(self.net)
        for name, known in (("procedure", get_args(Procedure)), ("scope", get_args(Scope))):
            if getattr(self, name) not in known:
                value = getattr(self, name)
                raise InputError(f"no {name} is called '{value}'", name, did_you_mean(str(value), known))
        for name in ("epochs", "retrain_epochs", "rounds", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"expected a number above 0, got {getattr(self, name)!r}", where=name)
        for name in ("momentum", "weight_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"expected a number from 0 to below 1, got {getattr(self, name)!r}", where=name)
        if self.procedure == "iterative" and self.retrain_epochs < self.rounds:
            message = f"expected at least one epoch for each of {self.rounds} rounds, got {self.retrain_epochs}"
            raise InputError(message, where="retrain_epochs")
