"""Networks that are as narrow as a user asks for, so that they train faster."""

from __future__ import annotations

from simcore.errors import InputError
from workloads.network import Network
from workloads.pruning.groups import pruning_groups
from workloads.pruning.narrow import narrow


def with_width(network: Network, width: float) -> Network:
    """Return the network with this share of the filters of every convolution that can be narrowed, at least 1 of each.

    Shares are rounded to nearest. Raise InputError for a share that is not above 0 and at most 1.
    """
    if not 0 < width <= 1:
        raise InputError(f"expected a share of the filters above 0 and at most 1, got {width}", "width")
    free = [group for group in pruning_groups(network) if group.kept_because is None]
    return narrow(network, {group.name: max(1, int(width * group.filters + 0.5)) for group in free})
