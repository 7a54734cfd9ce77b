"""A training whose network shrinks, and the two that it is compared with: how many epochs each procedure trains each network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING

from simcore.errors import InputError

if TYPE_CHECKING:
    from workloads.network import Network
    from workloads.pruning.log import PruningLog

#: The procedures, in the order of tables and of JSON.
PROCEDURES = ("dense", "pruned_while_training", "train_prune_retrain")
DENSE, PRUNED, RETRAINED = PROCEDURES
MOST_SAMPLES = 10**12


@dataclass(frozen=True, kw_only=True)
class Training:
    """Training of ``network``, for its batch, on ``samples`` images an epoch, with the live filters of ``log``.

    ``retrain_epochs`` train the pruned network after a dense training that is compared. Every ``every_nth`` of the distinct
    networks is simulated, and the first and the last. Raise InputError for numbers out of range.
    """

    network: Network
    log: PruningLog
    samples: int
    retrain_epochs: int = 10
    every_nth: int = 1

    def __post_init__(self) -> None:
        from workloads.pruning.schedule import MOST_EPOCHS

        for name, value, least, most in (
            ("samples", self.samples, 1, MOST_SAMPLES),
            ("retrain_epochs", self.retrain_epochs, 0, MOST_EPOCHS),
            ("every_nth_network", self.every_nth, 1, MOST_EPOCHS),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InputError(f"expected an integer from {least} to {most:,}, got {value!r}", name)

    @property
    def minibatches(self) -> int:
        """Return the minibatches of an epoch. The last one counts as a whole one."""
        return ceil(self.samples / self.network.batch)

    @cached_property
    def live(self) -> tuple[Mapping[str, int], ...]:
        """Return the live filters of every distinct network: the dense one first, then in the order of training."""
        later = [live for live, _ in self.log.distinct() if dict(live) != dict(self.log.filters)]
        return dict(self.log.filters), *later

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """Return the distinct networks in the order of ``live``."""
        from workloads.pruning.narrow import narrow

        return tuple(narrow(self.network, live) for live in self.live)

    @cached_property
    def network_of_epoch(self) -> tuple[int, ...]:
        """Return which of ``networks`` each epoch trains."""
        places = {tuple(live[name] for name in self.log.filters): place for place, live in enumerate(self.live)}
        return tuple(places[tuple(live[name] for name in self.log.filters)] for live in self.log.live)

    @cached_property
    def simulated(self) -> tuple[int, ...]:
        """Return the places, in ``networks``, of those that are simulated."""
        last = len(self.live) - 1
        return tuple(sorted({0, last, *range(0, last, self.every_nth)}))

    def epochs(self, procedure: str) -> dict[int, int]:
        """Return the epochs that a procedure trains each of ``networks``."""
        if procedure == PRUNED:
            counts: dict[int, int] = {}
            for place in self.network_of_epoch:
                counts[place] = counts.get(place, 0) + 1
            return counts
        last = self.network_of_epoch[-1]
        retrained = {last: self.retrain_epochs} if procedure == RETRAINED and self.retrain_epochs else {}
        return {0: self.log.epochs + retrained.pop(0, 0), **retrained}

    def weights(self, procedure: str) -> dict[int, Fraction]:
        """Return the training steps of a procedure that each simulated network stands for.

        A network that is not simulated counts as a mix of its two simulated neighbours with the same multiply-accumulates.
        """
        found: dict[int, Fraction] = {}
        for place, epochs in self.epochs(procedure).items():
            for neighbour, share in self.shares[place]:
                found[neighbour] = found.get(neighbour, Fraction(0)) + share * epochs * self.minibatches
        return found

    @cached_property
    def shares(self) -> Sequence[tuple[tuple[int, Fraction], ...]]:
        """Return, for each of ``networks``, the simulated networks that stand for it, each with its share."""
        return tuple(self._shares(place) for place in range(len(self.live)))

    @cached_property
    def step_macs(self) -> tuple[int, ...]:
        """Return the multiply-accumulates of a training step of each of ``networks``."""
        from workloads.training import training_step

        return tuple(training_step(network).macs() for network in self.networks)

    def _shares(self, place: int) -> tuple[tuple[int, Fraction], ...]:
        if place in self.simulated:
            return ((place, Fraction(1)),)
        before = max(other for other in self.simulated if other < place)
        after = min(other for other in self.simulated if other > place)
        more, own, less = (self.step_macs[other] for other in (before, place, after))
        share = Fraction(own - less, more - less)
        return (before, share), (after, 1 - share)
