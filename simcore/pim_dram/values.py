"""The check of values: mapped products on bit planes, the tree's sums, and where they can, integers through all layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simcore.kinds.kind import RunOrder
from simcore.pim_dram.machine import PimMachine

if TYPE_CHECKING:
    from workloads.pim.network_map import NetworkMap


def values_of(machine: PimMachine, order: RunOrder, placed: NetworkMap) -> dict[str, str]:
    """Return, by layer, "equal" or why it has no values.

    Raise WrongValuesError for the first layer whose result is not numpy's.
    """
    from workloads.pim.check_values import check_network

    network = order.network.with_batch(1) if placed.placement == "pipelined" else order.network
    signed, seed = machine.spec.precision.signed, machine.spec.seed
    return check_network(network, placed, machine.recording, signed=signed, seed=seed, only=order.wanted)


def check_seconds(machine: PimMachine, order: RunOrder) -> float:
    """Return about how long the check takes, rounded up from measurements."""
    return order.network.macs() * (2 + 0.05 * machine.counts.operations) * 1e-9
