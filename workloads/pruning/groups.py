"""Groups of convolutions whose filters are pruned together, and those whose filters all stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from simcore.errors import InputError, did_you_mean
from workloads.network import Network
from workloads.pruning.channels import ChannelFlow, channel_flow, conv_layers


@dataclass(frozen=True)
class PruningGroup:
    """Convolutions with equally many filters, of which the same ones are pruned, because their outputs are added.

    A convolution whose output is added to no other is a group of its own. ``kept_because`` says why the group cannot be pruned;
    it is None if it can. A depthwise convolution is in no group, because it follows the channels of its input.
    """

    layers: tuple[str, ...]
    filters: int
    kept_because: str | None = None

    @property
    def name(self) -> str:
        """Return the group's first layer, which names the group."""
        return self.layers[0]


def pruning_groups(network: Network, flow: ChannelFlow | None = None) -> tuple[PruningGroup, ...]:
    """Return the groups in the order of their first layers. ``flow`` is the network's, if it is known already."""
    walked = channel_flow(network) if flow is None else flow
    reasons: dict[str, str] = {}
    for source, why in walked.kept.items():
        reasons.setdefault(walked.leader(source), why)
    members: dict[str, list[str]] = {}
    for source in walked.filters:
        members.setdefault(walked.leader(source), []).append(source)
    return tuple(
        PruningGroup(tuple(layers), walked.filters[layers[0]], reasons.get(leader)) for leader, layers in members.items()
    )


def prunable_filters(network: Network, exempt: Sequence[str] = ()) -> dict[str, int]:
    """Return the filters of every convolution that may be pruned, in the order of the network.

    ``exempt`` are names or patterns such as ``conv1_*`` of layers that keep all filters; the others of their groups keep theirs,
    too. Raise InputError for a pattern that matches no convolution, and if no layer is left to prune.
    """
    where = f"network '{network.name}'"
    convolutions = conv_layers(network)
    for pattern in exempt:
        if not any(fnmatchcase(name, pattern) for name in convolutions):
            message = f"expected a convolution to exempt from pruning, got '{pattern}'"
            raise InputError(message, where, did_you_mean(pattern, convolutions))
    groups = pruning_groups(network)
    free = [group for group in groups if group.kept_because is None and not _matches(group.layers, exempt)]
    if not free:
        why = next((group.kept_because for group in groups if group.kept_because is not None), "it has no convolution")
        raise InputError("no layer is left to prune", where, "all are exempt" if exempt else why)
    names = {name: group.filters for group in free for name in group.layers}
    return {name: names[name] for name in convolutions if name in names}


def _matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def live_of_groups(network: Network, live: Mapping[str, int], flow: ChannelFlow | None = None) -> dict[str, int]:
    """Return the live filters of every convolution that has filters of its own, from those of some of them.

    A layer that ``live`` does not name has those of its group, or all of its filters. Raise InputError for a name that is no such
    convolution, counts below 1 or above the filters, different counts in one group, and fewer filters in a group that keeps them.
    """
    where = f"network '{network.name}'"
    groups = pruning_groups(network, flow)
    known = {name for group in groups for name in group.layers}
    for name in live:
        if name not in known:
            problem = "follows its input's channels" if name in conv_layers(network) else "is no convolution of it"
            raise InputError(f"live filters of '{name}', which {problem}", where, did_you_mean(name, known))
    return {name: count for group in groups for name, count in _live_of_group(group, live, where).items()}


def _live_of_group(group: PruningGroup, live: Mapping[str, int], where: str) -> dict[str, int]:
    """Return the live filters of each layer of a group."""
    named = {name: live[name] for name in group.layers if name in live}
    for name, count in named.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= group.filters:
            lost = "; it would lose all filters" if count == 0 else ""
            raise InputError(f"expected 1 to {group.filters} live filters of '{name}', got {count!r}{lost}", where)
    if len(set(named.values())) > 1:
        counts = ", ".join(f"{count} of '{name}'" for name, count in named.items())
        raise InputError(f"expected equal live filters in layers whose outputs are added, got {counts}", where)
    alive = next(iter(named.values()), group.filters)
    if alive < group.filters and group.kept_because is not None:
        raise InputError(f"'{group.name}' cannot lose filters", where, group.kept_because)
    return dict.fromkeys(group.layers, alive)
