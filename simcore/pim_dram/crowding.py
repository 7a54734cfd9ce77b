"""How many subarrays of a bank shall compute at a time: more of them share the same limits, buses and periphery.

With tFAW, for example, more subarrays make no more activations per second, and a mapping for more of them may take more
multiplications in all. The closed form here only chooses; the engines find the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from simcore.dram.tables import ResolvedDram
from simcore.pim.limits import LAND
from simcore.pim.sequence import BURSTS, HOLD, SECOND, Sequence
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.run import commands_of

if TYPE_CHECKING:
    from workloads.pim.network_map import NetworkMap


def best_placement(machine: PimMachine, made: Sequence, place: Callable[[int], NetworkMap]) -> NetworkMap:
    """Return the placement that ends soonest: with all subarrays that may compute at a time, or with 1/2, 1/4, ... of them.

    ``made`` is the sequence of a round. ``place`` returns the placement on so many subarrays of each bank.
    """
    subarrays, found = machine.subarrays, []
    while True:
        placed = place(subarrays)
        found.append(placed)
        if subarrays == 1 or round_cycles(machine, made, machine.banks, subarrays) == alone_cycles(machine, made):
            break
        subarrays //= 2
    return min(found, key=lambda placed: _cycles(machine, made, placed))


def round_cycles(machine: PimMachine, made: Sequence, banks: int, subarrays: int) -> float:
    """Return the least cycles of a round in which ``subarrays`` of each of ``banks`` of a channel take part."""
    timing, units = machine.dram.timing, banks * subarrays
    issued = dict(zip(machine.dram.commands, commands_of(made, machine.dram).tolist(), strict=True))
    counted = {name: activations_of(name) * times for name, times in issued.items()}
    openings = sum(times for name, times in issued.items() if counted[name])
    in_rank = -(-banks // machine.ranks) * subarrays
    on_bus = units if data_bus_level(machine.dram) == 0 else in_rank
    limits: tuple[float, ...] = (
        alone_cycles(machine, made),
        in_rank * sum(counted.values()) * max(timing["nFAW"] / 4, timing["nPOW"] / 32),
        in_rank * openings * spacing_of(machine),
        units * made.commands * timing["nCMD"],
        on_bus * int(made.operations[:, BURSTS].sum()) * machine.dram.burst_cycles,
        subarrays * held_cycles(made),
    )
    return max(limits)


def alone_cycles(machine: PimMachine, made: Sequence) -> int:
    """Return the cycles of a round's row operations in a subarray that waits for nothing, without its bursts and holds."""
    timing, operations = machine.dram.timing, made.operations
    second = int((operations[:, SECOND] >= 0).sum())
    return len(operations) * (timing["nRAS"] + timing["nRP"]) + second * timing["nWLOV"]


def held_cycles(made: Sequence) -> int:
    """Return the cycles for which the periphery of a bank has rows of one subarray in a round."""
    return int(made.operations[:, HOLD].sum())


def spacing_of(machine: PimMachine) -> int:
    """Return the least cycles between two activations of a rank."""
    timing = machine.dram.timing
    return min((timing[name] for name in ("nRRD", "nRRDS") if name in timing), default=0)


def data_bus_level(dram: ResolvedDram) -> int:
    """Return the level of which each node has a data bus of its own: the channel (0), or the rank (such as a pseudo-channel)."""
    read = dram.roles["read"]
    shared = [
        rule.latency
        for rule in dram.rules
        if read in rule.preceding and read in rule.following and (rule.level == 0 or (rule.sibling and rule.level == 1))
    ]
    return 0 if dram.rank_level == 0 or max(shared, default=0) >= dram.burst_cycles else dram.rank_level


def activations_of(command: str) -> int:
    """Return as how many activations a command counts: ACT as one, ACT3 as three, COPY as none, COPY2 as two, LAND as one."""
    if command == LAND:
        return 1
    found = re.fullmatch(r"(ACT|COPY)([0-9]*)", command)
    if found is None:
        return 0
    return int(found[2]) if found[2] else int(found[1] == "ACT")


def _cycles(machine: PimMachine, made: Sequence, placed: NetworkMap) -> float:
    """Return about how long the multiplications of an image take: of all layers, or of the slowest stage of a pipeline."""
    rounds: dict[int, float] = {}
    for layer in placed.products:
        mapped = layer.layer_map
        assert mapped is not None
        if placed.placement == "together":
            banks = -(-mapped.banks // machine.channels)
            each = round_cycles(machine, made, banks, mapped.units_per_bank)
        else:
            each = round_cycles(machine, made, machine.banks, placed.array.subarrays)
        rounds[layer.stage] = rounds.get(layer.stage, 0.0) + mapped.rounds * each
    return max(rounds.values())
