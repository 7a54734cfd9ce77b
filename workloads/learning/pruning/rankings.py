"""Rankings of filters. A ranking is one function: it gives each filter of a convolution a score. The lowest are pruned first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, did_you_mean
from simcore.extensions.model_file import load_value

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Filters:
    """The live filters of one convolution, as a ranking sees them. Its arrays are copies.

    ``weights`` has the shape (filters, channels, rows, columns). ``seed`` differs between runs, epochs and layers, but is equal
    when a run is repeated.
    """

    layer: str
    weights: npt.NDArray[np.float32]
    seed: tuple[int, ...]
    activations: Callable[[], npt.NDArray[np.float64]]

    @property
    def mean_activation(self) -> npt.NDArray[np.float64]:
        """Return the mean magnitude of each filter's channel, behind its normalisation and activation, over training images."""
        return self.activations()


#: Returns one finite score per filter.
Ranking = Callable[[Filters], npt.ArrayLike]


def l1_norm(filters: Filters) -> npt.ArrayLike:
    """Return the sum of the magnitudes of each filter's weights (Li et al., arXiv 1608.08710)."""
    return np.abs(filters.weights.astype(np.float64)).sum(axis=(1, 2, 3))


def mean_activation(filters: Filters) -> npt.ArrayLike:
    """Return the mean magnitude of each filter's channel."""
    return filters.mean_activation


def random(filters: Filters) -> npt.ArrayLike:
    """Return a uniform draw for each filter."""
    return np.random.default_rng(filters.seed).uniform(1, 2, len(filters.weights))


#: The rankings by name.
RANKINGS: dict[str, Ranking] = {"l1": l1_norm, "mean-activation": mean_activation, "random": random}


def load_ranking(name: str) -> Ranking:
    """Return the ranking of this name, or the function that ``FILE.py:NAME`` names. The file is executed.

    Raise InputError, with the nearest name, if there is none.
    """
    if name in RANKINGS:
        return RANKINGS[name]
    if ".py" not in name:
        hint = did_you_mean(name, [*RANKINGS, "FILE.py:NAME"])
        raise InputError(f"no ranking is called '{name}'", "ranking", hint)
    found: Any = load_value(name, cast(type, Callable), "ranking")
    return cast(Ranking, found)


def checked_scores(ranking: Ranking, filters: Filters, name: str) -> Scores:
    """Return the scores as float64. Raise InputError unless there is one finite number for each filter."""
    given = ranking(filters)
    where = f"ranking '{name}', layer '{filters.layer}'"
    try:
        scores = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"expected {len(filters.weights)} numbers, got {type(given).__name__}", where) from None
    if scores.shape != (len(filters.weights),):
        raise InputError(f"expected one score for each of {len(filters.weights)} filters, got the shape {scores.shape}", where)
    if not np.isfinite(scores).all():
        first = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise InputError(f"expected finite scores, got {scores[first]} for filter {first}", where)
    return scores
