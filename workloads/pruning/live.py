"""Live filters of every convolution in every epoch, as a schedule declares them without any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from simcore.errors import InputError
from workloads.network import Network
from workloads.pruning.content import network_digest
from workloads.pruning.groups import live_of_groups, prunable_filters
from workloads.pruning.log import PruningLog
from workloads.pruning.schedule import MOST_EPOCHS, Schedule

#: The multiples to which ``--round-filters`` prunes, because arrays have so many columns.
MULTIPLES = (8, 16, 32)


def declared_log(
    network: Network, schedule: Schedule, epochs: int, *, exempt: Sequence[str] = (), multiple: int | None = None
) -> PruningLog:
    """Return the log of live filters that the schedule gives, for epochs 1 to ``epochs``.

    A layer keeps filters x (1 - fraction), rounded to the nearest integer (a half up) and at least 1. With ``multiple`` it then
    keeps the nearest multiple, at least one. ``exempt`` are patterns of layers that keep all. Raise InputError for epochs below
    1, another multiple than MULTIPLES, and a schedule or patterns that do not suit the network.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int) or not 1 <= epochs <= MOST_EPOCHS:
        raise InputError(f"expected 1 to {MOST_EPOCHS:,} epochs, got {epochs!r}", "epochs")
    if multiple is not None and multiple not in MULTIPLES:
        raise InputError(f"expected filters in multiples of 8, 16 or 32, got {multiple!r}", "round_filters")
    filters = prunable_filters(network, exempt)
    found: dict[tuple[int, ...], Mapping[str, int]] = {}
    live = []
    for epoch in range(1, epochs + 1):
        pruned = schedule.fractions(epoch, epochs, filters)
        counts = {name: rounded(live_filters(filters[name], pruned[name]), filters[name], multiple) for name in filters}
        key = tuple(counts.values())
        if key not in found:
            found[key] = live_of_groups(network, counts)
        live.append(found[key])
    return PruningLog(network.name, network_digest(network), live_of_groups(network, {}), tuple(live))


def live_filters(filters: int, pruned: Fraction) -> int:
    """Return the filters that are left when a fraction is pruned: the nearest integer (a half up), and at least 1."""
    return max(1, (2 * filters * (1 - pruned) + 1) // 2)


def rounded(live: int, filters: int, multiple: int | None) -> int:
    """Return the nearest multiple (a half up) to ``live``, at least one multiple, and never more than ``filters``."""
    if multiple is None:
        return live
    return min(filters, max(1, (2 * live + multiple) // (2 * multiple)) * multiple)
