"""The comparison of two systems: do they take the same cycles for the same work?"""

from __future__ import annotations

from simcore.machine.bank_group import group_timing
from simcore.spec import System
from simcore.spec.scratchpad import BankGroup, TimingSpec
from simcore.timing.bank_timing import BankTiming

#: Keys of a System on which no cycle depends. The banks of scratchpads are compared by their timing instead.
_COSTS_NOTHING = {"name", "description", "technology", "scratchpads", "memory"}
_BANKS = {"timing", "macro", "bank_groups"}


def alike_in_time(one: System, other: System) -> bool:
    """Return whether the systems differ in costs alone: names, technology, cells of macros. All bank timings must be equal."""
    if any(getattr(one, key) != getattr(other, key) for key in type(one).model_fields if key not in _COSTS_NOTHING):
        return False
    if one.memory.model_dump(exclude={"type"}) != other.memory.model_dump(exclude={"type"}):
        return False
    if list(one.scratchpads) != list(other.scratchpads):
        return False
    pads = [(one.scratchpads[name], other.scratchpads[name]) for name in one.scratchpads]
    if any(mine.model_dump(exclude=_BANKS) != theirs.model_dump(exclude=_BANKS) for mine, theirs in pads):
        return False
    return _timings(one) == _timings(other)


def _timings(system: System) -> list[BankTiming | TimingSpec]:
    """Return the timing of every bank, in the engines' order."""
    return [
        timing
        for name, pad in system.scratchpads.items()
        for group in pad.groups
        for timing in [_timing(system, name, group)] * group.banks
    ]


def _timing(system: System, scratchpad: str, group: BankGroup) -> BankTiming | TimingSpec:
    """Return a bank group's timing. A model from the user's file is compared by file and name.

    Each reading of the file makes another class, so two objects of one model would never be equal.
    """
    if group.timing is not None and ".py:" in group.timing.model:
        return group.timing
    return group_timing(system, scratchpad, group)
