"""The counters of bank timings, read out of the banks' state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from simcore.machine.machine import Machine
from simcore.program.program import Int64Array

#: In place of a count, for a bank whose timing has no counter of that name.
NOT_COUNTED = -1

Counters = Mapping[str, Int64Array]


def read_counters(machine: Machine, states: Callable[[int], Iterable[Int64Array]]) -> Counters:
    """Return what each bank has counted so far, by the counter's name, summed over the bank's ports.

    ``states(bank)`` are the state arrays of the bank's ports; banks of all scratchpads are numbered in one sequence.
    """
    found = {name: np.full(machine.banks, NOT_COUNTED, dtype=np.int64) for name in machine.counters}
    for pad in machine.scratchpads if found else ():
        for bank, group in enumerate(pad.groups, pad.first_bank):
            timing = machine.timings[group]
            for place, name in enumerate(timing.counters, len(timing.bank_state)):
                found[name][bank] = sum(int(state[place]) for state in states(bank))
    return found


def counted_since(before: Counters, now: Counters) -> Counters:
    """Return what was counted after ``before``."""
    return {name: np.where(counts == NOT_COUNTED, NOT_COUNTED, counts - before[name]) for name, counts in now.items()}
