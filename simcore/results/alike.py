"""Whether two systems take the same cycles for the same work."""

from __future__ import annotations

from simcore.machine import build_machine
from simcore.spec import System
from simcore.timing import BankTiming

#: What a System has that no cycle depends on. Banks are compared by their resolved timing instead.
_COSTS_NOTHING = {"name", "description", "technology", "scratchpads"}
_BANKS = {"timing", "macro", "bank_groups"}


def alike_in_time(one: System, other: System) -> bool:
    """Whether the systems differ in costs alone: technology, cells of their macros, names."""
    if any(getattr(one, key) != getattr(other, key) for key in type(one).model_fields if key not in _COSTS_NOTHING):
        return False
    if one.scratchpads.keys() != other.scratchpads.keys():
        return False
    pads = [(one.scratchpads[name], other.scratchpads[name]) for name in one.scratchpads]
    if any(mine.model_dump(exclude=_BANKS) != theirs.model_dump(exclude=_BANKS) for mine, theirs in pads):
        return False
    return _timings(one) == _timings(other)


def _timings(system: System) -> list[BankTiming]:
    """The timing of every bank, in the engines' order."""
    machine = build_machine(system)
    return [machine.timings[group] for pad in machine.scratchpads for group in pad.groups]
