"""How many subarrays of a bank shall compute at a time: more of them share the same limits, buses and periphery.

With tFAW, for example, more subarrays make no more activations per second, and a mapping for more of them may take more
multiplications in all. The closed form here only chooses; the engines find the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram
from simcore.pim.causes import sensing_cycles
from simcore.pim.limits import LAND
from simcore.pim.sequence import BURSTS, FIRST, HOLD, SECOND, TRANSFER, Sequence
from simcore.pim_dram.machine import PimMachine

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
    """Return about how long a round takes in which ``subarrays`` of each of ``banks`` of a channel take part.

    All begin each operation before any begins the next, so each operation takes the longest of its own time and of the times for
    which all together need what they share.
    """
    timing, operations, dram = machine.dram.timing, made.operations, machine.dram
    units, in_rank = banks * subarrays, -(-banks // machine.ranks) * subarrays
    counts = np.array([activations_of(name) for name in dram.commands])
    first, second = counts[operations[:, FIRST]], np.where(operations[:, SECOND] >= 0, counts[operations[:, SECOND]], 0)
    bursts = np.where(made.row_copies, 0, operations[:, BURSTS])
    commands = 2 + (operations[:, SECOND] >= 0) + made.row_copies + operations[:, BURSTS]
    on_bus = units if data_bus_level(dram) == 0 else in_rank
    needed = (
        _operation_cycles(machine, made),
        in_rank * (first + second) * max(timing["nFAW"] / 4, timing["nPOW"] / 32),
        in_rank * ((first > 0) + 0 + (second > 0)) * spacing_of(machine),
        units * commands * timing["nCMD"],
        on_bus * bursts * dram.burst_cycles,
        subarrays * operations[:, HOLD],
    )
    return float(np.maximum.reduce(needed).sum())


def alone_cycles(machine: PimMachine, made: Sequence) -> int:
    """Return the cycles of a round's row operations in a subarray that waits for nothing, without its bursts."""
    return int(_operation_cycles(machine, made).sum())


def _operation_cycles(machine: PimMachine, made: Sequence) -> IntArray:
    timing, operations, dram = machine.dram.timing, made.operations, machine.dram
    read, write = dram.roles["read"], dram.roles["write"]
    writes, held = operations[:, TRANSFER] == write, operations[:, HOLD]
    sensed = np.where(writes, sensing_cycles(dram, write), sensing_cycles(dram, read))
    closed = np.where(held > 0, np.maximum(timing["nRAS"], sensed + held + writes * timing["nWR"]), timing["nRAS"])
    found: IntArray = closed + (operations[:, SECOND] >= 0) * timing["nWLOV"] + timing["nRP"]
    return found


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
