"""Which filters stay: those with the highest scores, in each group of layers or over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from workloads.learning.pruning.rankings import Scores
from workloads.pruning.groups import PruningGroup

#: Positions among the filters of a convolution, in ascending order.
Positions = npt.NDArray[np.int64]


def group_scores(groups: Sequence[PruningGroup], scores: Mapping[str, Scores]) -> dict[str, Scores]:
    """Return the scores of the filters of each group, by its name: the mean over its layers.

    A layer's scores are first divided by their mean magnitude, so that layers of different size count alike. The order within a
    layer stays the same.
    """
    return {group.name: np.mean([_relative(scores[layer]) for layer in group.layers], axis=0) for group in groups}


def highest(scores: Scores, keep: int) -> Positions:
    """Return the positions of the ``keep`` highest scores. Of equal scores the first ones stay."""
    return np.sort(np.argsort(-scores, kind="stable")[:keep])


def kept_over_all(groups: Sequence[PruningGroup], scores: Mapping[str, Scores], total: int) -> dict[str, int]:
    """Return the filters that each group keeps if the lowest scores of all groups go until at most ``total`` filters are left.

    A score of a group stands for one filter of each of its layers. Each group keeps at least one.
    """
    kept = {group.name: group.filters for group in groups}
    layers = {group.name: len(group.layers) for group in groups}
    live = sum(layers[name] * filters for name, filters in kept.items())
    ranked = sorted((score, index, name) for index, name in enumerate(kept) for score in scores[name].tolist())
    for _, _, name in ranked:
        if live <= total:
            break
        if kept[name] > 1:
            kept[name] -= 1
            live -= layers[name]
    return kept


def _relative(scores: Scores) -> Scores:
    return scores / (float(np.abs(scores).mean()) or 1.0)
