"""What bank timings of the user's own count on a machine: the meaning of each counter, and the energy of its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simcore.errors import InputError
from simcore.machine.bank_group import group_timing
from simcore.machine.counters import NOT_COUNTED
from simcore.program.outcome import Outcome
from simcore.results.banks import is_own_column
from simcore.spec import System
from simcore.spec.scratchpad import BankGroup
from simcore.timing.bank_timing import BankTiming, location
from simcore.timing.counters import event_energies_pj

#: The parts of the energy that every scratchpad has.
_ACTIONS = ("read", "write")


@dataclass(frozen=True)
class EventRates:
    """The energy of one event of a counter in a scratchpad: ``pj`` for each bank of the machine, 0 where it costs nothing."""

    scratchpad: str
    counter: str
    pj: tuple[float, ...]
    source: str

    @property
    def part(self) -> str:
        """The name of this part of the energy."""
        return f"{self.scratchpad}_{self.counter}_pj"


def own_counters(system: System) -> dict[str, str]:
    """Return the counters of the system's bank timings, name -> meaning.

    Raise InputError for a counter with the name of another column of the table of banks, and for two meanings of one name.
    """
    found: dict[str, str] = {}
    for _, _, timing in _groups(system):
        for name, meaning in timing.counters.items():
            where = location(type(timing))
            if is_own_column(name) or name in _ACTIONS:
                raise InputError(f"expected a counter with a name of its own, got '{name}', which every bank has", where)
            if found.setdefault(name, meaning) != meaning:
                raise InputError(f"counter '{name}': expected one meaning, got '{found[name]}' and '{meaning}'", where)
    return found


def event_rates(system: System) -> tuple[EventRates, ...]:
    """Return the energy of every counted event that has one, by scratchpad and counter. Raise InputError as `own_counters`."""
    own_counters(system)
    banks = sum(pad.banks for pad in system.scratchpads.values())
    rates: dict[tuple[str, str], list[float]] = {}
    sources: dict[tuple[str, str], list[str]] = {}
    first = 0
    for scratchpad, group, timing in _groups(system):
        for counter, pj in event_energies_pj(timing).items():
            key = (scratchpad, counter)
            rates.setdefault(key, [0.0] * banks)[first : first + group.banks] = [pj] * group.banks
            sources.setdefault(key, []).append(f"{timing.name}.{timing.event_energy[counter]}, {pj:g} pJ an event")
        first += group.banks
    return tuple(EventRates(*key, tuple(pj), f"declared: {'; '.join(dict.fromkeys(sources[key]))}") for key, pj in rates.items())


def event_parts(outcome: Outcome | None, rates: Sequence[EventRates]) -> Mapping[str, float]:
    """Return the energy in pJ of a layer's counted events by part."""
    parts = {}
    for rate in rates:
        counts = None if outcome is None else outcome.counters[rate.counter]
        counted = 0 if counts is None else np.where(counts == NOT_COUNTED, 0, counts)
        parts[rate.part] = float((counted * np.array(rate.pj)).sum())
    return parts


def _groups(system: System) -> Iterator[tuple[str, BankGroup, BankTiming]]:
    """Yield every bank group with its scratchpad and timing, in the engines' order."""
    for name, pad in system.scratchpads.items():
        for group in pad.groups:
            yield name, group, group_timing(system, name, group)
