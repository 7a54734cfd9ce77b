"""The check of values: mapped products on bit planes, the tree's sums, and where they can, integers through all layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simcore.kinds.runs import RunOrder
from simcore.pim_dram.machine import PimMachine

if TYPE_CHECKING:
    from simcore.results import Results
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


def does_more(results: Results) -> bool:
    """Return whether the check did operations that the run does not issue: those that the published count leaves out."""
    machine = results.details["machine"]
    return "equal" in results.values.values() and len(machine.operations) < len(machine.recording.operations)


def value_lines(results: Results) -> Sequence[str]:
    """Return what a reader of the findings must know, too: operations that were only checked, and that there are no products."""
    if not results.values:
        return []
    if "equal" not in results.values.values():
        return [f"Values: nothing to check, because there are no products in {', '.join(results.values)}."]
    if does_more(results):
        return ["Values: the check includes the operations that the published count leaves out; the run issues none of them."]
    return []
