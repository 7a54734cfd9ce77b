"""The epochs of a run: the filters that each of them trains with, and its learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from workloads.learning.pruning.setup import PrunedTraining
from workloads.network import Network
from workloads.pruning import declared_log, live_filters, prunable_filters, rounded, schedule_from
from workloads.pruning.schedule import Schedule


@dataclass(frozen=True)
class Epoch:
    """One epoch. ``live`` has the live filters of each layer that may be pruned, if all layers are pruned alike.

    The learning rate falls from ``first_rate`` at the first minibatch to ``last_rate`` behind the last one.
    """

    stage: str
    live: Mapping[str, int]
    first_rate: float
    last_rate: float


def epochs_of(network: Network, setup: PrunedTraining) -> tuple[Epoch, ...]:
    """Return the epochs of a run in order.

    Raise InputError for a schedule that does not suit the network or the number of epochs, for patterns of exempt layers without
    a match, and if no layer may be pruned.
    """
    schedule, dense = schedule_from(setup.schedule), prunable_filters(network, setup.exempt)
    log = declared_log(network, schedule, setup.epochs, exempt=setup.exempt, multiple=setup.round_filters)
    if setup.procedure == "while-training":
        return tuple(_stage(setup, "train", [{name: live[name] for name in dense} for live in log.live]))
    rounds = setup.rounds if setup.procedure == "iterative" else 1
    ends = [setup.retrain_epochs * done // rounds for done in range(rounds + 1)]
    epochs = [*_stage(setup, "train", [dense] * setup.epochs)]
    for number, (begin, end) in enumerate(pairwise(ends), start=1):
        epochs += _stage(setup, "retrain", [_live(dense, schedule, setup, Fraction(number, rounds))] * (end - begin))
    return tuple(epochs)


def _live(dense: Mapping[str, int], schedule: Schedule, setup: PrunedTraining, share: Fraction) -> dict[str, int]:
    """Return the filters that are left when this share of what the schedule prunes at last is pruned."""
    pruned = schedule.fractions(setup.epochs, setup.epochs, dense)
    return {
        name: rounded(live_filters(filters, share * pruned[name]), filters, setup.round_filters)
        for name, filters in dense.items()
    }


def _stage(setup: PrunedTraining, stage: str, live: Sequence[Mapping[str, int]]) -> Iterator[Epoch]:
    """Yield epochs over which the learning rate falls linearly to 0."""
    for number, of_epoch in enumerate(live):
        first, last = (setup.learning_rate * (1 - done / len(live)) for done in (number, number + 1))
        yield Epoch(stage, of_epoch, first, last)
