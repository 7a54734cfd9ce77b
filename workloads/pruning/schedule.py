"""Schedules: which fraction of every layer's filters is pruned in every epoch of a training.

The convention: a training of E epochs has the epochs 1 to E. A schedule is a function of the time t of the training, from 0 to 1;
epoch e trains the network that is pruned as at time e / E. Fractions are exact, because a rounded one could move a filter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from simcore.errors import InputError

#: The largest number of epochs that is accepted, because each has a row per layer in the log.
MOST_EPOCHS = 100_000

#: (epoch from 1 on, number of epochs, filters of each layer that may be pruned) -> pruned fraction of each of these layers.
Fractions = Callable[[int, int, Mapping[str, int]], Mapping[str, Fraction]]


@dataclass(frozen=True)
class Schedule:
    """A schedule and the text that declares it. ``fractions`` returns the pruned fraction of every layer in an epoch."""

    text: str
    fractions: Fractions


@dataclass(frozen=True)
class Ramp:
    """The part of the training, from time ``begin`` to time ``end``, in which the pruned fraction rises to ``target``.

    With ``every`` = n filters are pruned only in every n-th epoch; between, the fraction stays.
    """

    target: Fraction
    begin: Fraction = Fraction(0)
    end: Fraction = Fraction(1)
    every: int = 1

    def done(self, epoch: int, epochs: int) -> Fraction:
        """Return how much of the ramp is behind, from 0 to 1, in an epoch."""
        time = Fraction(epoch - epoch % self.every, epochs)
        if time >= self.end:
            return Fraction(1)
        return max(Fraction(0), (time - self.begin) / (self.end - self.begin))


def linear(ramp: Ramp) -> Fractions:
    """Return a schedule that prunes equally much in every epoch of the ramp."""
    return lambda epoch, epochs, filters: dict.fromkeys(filters, ramp.target * ramp.done(epoch, epochs))


def cubic(ramp: Ramp) -> Fractions:
    """Return a schedule that prunes most at first: target x (1 - (1 - t)^3), t being the part of the ramp that is behind."""
    return lambda epoch, epochs, filters: dict.fromkeys(filters, ramp.target * (1 - (1 - ramp.done(epoch, epochs)) ** 3))


def one_shot(target: Fraction, time: Fraction) -> Fractions:
    """Return a schedule that prunes all at once, before the first epoch e with e / E > ``time``."""
    return lambda epoch, epochs, filters: dict.fromkeys(filters, target if Fraction(epoch, epochs) > time else Fraction(0))


def per_epoch(fraction: Fraction, until: int | None) -> Fractions:
    """Return a schedule that prunes ``fraction`` of the original filters in every epoch, up to and with epoch ``until``."""

    def fractions(epoch: int, epochs: int, filters: Mapping[str, int]) -> Mapping[str, Fraction]:
        """Return the sum of what was pruned. Raise InputError if it is everything."""
        pruned = fraction * (epoch if until is None else min(epoch, until))
        if pruned >= 1:
            raise InputError(f"expected less than 100 % pruned, got {float(100 * pruned):.4g} % in epoch {epoch}", "schedule")
        return dict.fromkeys(filters, pruned)

    return fractions


def every_epochs(n: int, filters_each: int, until: int) -> Fractions:
    """Return a schedule that prunes ``filters_each`` filters of the network after every ``n`` epochs, up to epoch ``until``.

    Without scores, every layer loses a share of them in proportion to its filters.
    """

    def fractions(epoch: int, epochs: int, filters: Mapping[str, int]) -> Mapping[str, Fraction]:
        """Return what was pruned before this epoch. Raise InputError if it is everything."""
        whole = sum(filters.values())
        gone = min((epoch - 1) // n, until // n) * filters_each
        if gone >= whole:
            raise InputError(f"expected fewer than all {whole} filters pruned, got {gone} in epoch {epoch}", "schedule")
        return dict.fromkeys(filters, Fraction(gone, whole))

    return fractions
