"""An estimate of the time of a run, before it is planned."""

from __future__ import annotations

from simcore.kinds.runs import Estimate, RunOrder
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.values import check_seconds

#: Commands per second of each engine, rounded down from measurements. The compiled engine replays equal repeats of a sequence:
#: of a layer it issues about so many commands in each subarray that computes.
_COMMANDS_PER_S = {"compiled": 1e6, "simpy": 400.0}
_MOST_ISSUED = {"compiled": 6e3, "simpy": float("inf")}


def run_estimate(machine: PimMachine, order: RunOrder) -> Estimate:
    """Return the cycles and seconds, without stalls and without phases other than multiplications."""
    cycles = seconds = 0.0
    commands_of_a_round = (machine.counts.activations + machine.counts.operations) * machine.banks * machine.subarrays
    for instance in order.network.instances():
        if order.wanted is not None and instance.name not in order.wanted:
            continue
        rounds = -(-instance.macs // (machine.columns * machine.units))
        cycles += rounds * machine.multiply_cycles
        most = _MOST_ISSUED[order.engine] * machine.banks * machine.subarrays
        seconds += min(rounds * commands_of_a_round, most) / _COMMANDS_PER_S[order.engine]
    if order.check_values:
        seconds += check_seconds(machine, order)
    if not order.shortcuts.equal_layers:
        seconds *= 2
    return Estimate(cycles, seconds)
