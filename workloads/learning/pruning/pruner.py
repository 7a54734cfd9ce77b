"""The pruning between two epochs: ranking, choice and structural removal. Needs torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

from workloads.learning.data import Dataset
from workloads.learning.pruning.activations import mean_activations
from workloads.learning.pruning.choice import group_scores, highest, kept_over_all
from workloads.learning.pruning.rankings import Filters, Scores, checked_scores, load_ranking
from workloads.learning.pruning.removal import convolution, with_filters
from workloads.learning.pruning.setup import PrunedTraining
from workloads.learning.pruning.state import State
from workloads.network import Network
from workloads.pruning.channels import conv_layers
from workloads.pruning.groups import PruningGroup, prunable_filters, pruning_groups
from workloads.pruning.live import rounded


class Pruner:
    """Prunes the network of a run. Filters that are gone stay gone. Raise InputError for an unknown ranking."""

    def __init__(self, start: Network, setup: PrunedTraining, seed: int) -> None:
        self._setup, self._seed = setup, seed
        self._ranking = load_ranking(setup.ranking)
        self._order = tuple(conv_layers(start))
        self.filters = prunable_filters(start, setup.exempt)

    def prune(self, state: State, data: Dataset, epoch: int, live: Mapping[str, int]) -> None:
        """Remove the filters with the lowest scores from the state's network before this epoch is trained.

        ``live`` has the filters that each layer keeps or, if the setup ranks over all layers, the sum of what they keep.
        """
        groups = [group for group in pruning_groups(state.net.network) if group.name in self.filters]
        total = sum(live.values())
        if sum(group.filters * len(group.layers) for group in groups) <= total:
            return
        scores = group_scores(groups, self._scores(state, data, groups, epoch))
        keep = live if self._setup.scope == "layer" else self._over_all(groups, scores, total)
        kept = {
            layer: highest(scores[group.name], keep[group.name])
            for group in groups
            for layer in group.layers
            if keep[group.name] < group.filters
        }
        if kept:
            state.live |= {layer: state.live[layer][positions] for layer, positions in kept.items()}
            state.net, state.optimiser = with_filters(state.net, state.optimiser, kept)

    def _over_all(self, groups: Sequence[PruningGroup], scores: Mapping[str, Scores], total: int) -> dict[str, int]:
        """Return the filters that each group keeps if all groups together keep ``total``, rounded as the setup asks."""
        kept = kept_over_all(groups, scores, total)
        return {
            group.name: min(group.filters, rounded(kept[group.name], self.filters[group.name], self._setup.round_filters))
            for group in groups
        }

    def _scores(self, state: State, data: Dataset, groups: Sequence[PruningGroup], epoch: int) -> dict[str, Scores]:
        """Return the ranking's scores of the layers in these groups."""
        measured = cache(partial(mean_activations, state.net, data))

        def of_layer(name: str) -> Scores:
            return measured()[name]

        def ranked(name: str) -> Scores:
            weights = convolution(state.net.layer(name)).weight.detach().numpy().copy()
            filters = Filters(name, weights, (self._seed, epoch, self._order.index(name)), partial(of_layer, name))
            return checked_scores(self._ranking, filters, self._setup.ranking)

        return {name: ranked(name) for group in groups for name in group.layers}
