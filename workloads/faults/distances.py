"""Distances from one site of an error to the next: how many are drawn at once, and what they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simcore.program.program import Int64Array

#: From this rate on numpy finds a geometric variable by search, and below it by inversion.
SEARCHED_FROM_RATE = 1 / 3


def enough_draws(sites: int, rate: float) -> int:
    """Return of how many distances it is nearly certain that they lead past so many sites."""
    enough = sites * rate
    return int(enough + 5 * enough**0.5) + 1


def divisor(rate: float) -> float:
    """Return the number over which `draw` has drawn distances."""
    return 1.0 if rate >= SEARCHED_FROM_RATE else -float(np.log1p(-rate))


def draw(found: npt.NDArray[np.float64], rate: float, rng: np.random.Generator) -> None:
    """Fill ``found``. Over `divisor` and rounded up, its numbers are distances, those of ``rng.geometric``.

    They are found by inversion of an exponential variable, for all at once.
    """
    if rate >= SEARCHED_FROM_RATE:
        found[:] = rng.geometric(rate, len(found))
    else:
        rng.standard_exponential(out=found)


def distances(count: int, rate: float, most: int, rng: np.random.Generator) -> Int64Array:
    """Return distances, those above ``most`` as ``most``: they may exceed every integer.

    An exponential variable may be exactly 0, once in 2^53 times; a distance never is.
    """
    drawn = np.empty(count)
    draw(drawn, rate, rng)
    with np.errstate(over="ignore"):
        found: Int64Array = np.maximum(np.minimum(np.ceil(drawn / divisor(rate)), most), 1.0).astype(np.int64)
    return found
