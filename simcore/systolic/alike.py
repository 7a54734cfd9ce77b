"""The comparison of two systems: do they take the same cycles for the same work, and is the plan of the work the same?"""

from __future__ import annotations

import json
from typing import Any

from simcore.machine.bank_group import group_timing
from simcore.spec import System
from simcore.spec.scratchpad import BankGroup

#: Keys of a System on which no cycle depends. The banks of scratchpads are compared by their timing instead.
_COSTS_NOTHING: dict[str, Any] = {"name": True, "description": True, "technology": True, "memory": {"type"}}
_BANKS = {"timing", "macro", "bank_groups"}


def cycle_content(system: System) -> str:
    """Return everything on which the system's cycles depend. Names, technology and cells of macros are left out."""
    timings = [
        [name, group.banks, *_timing(system, name, group)] for name, pad in system.scratchpads.items() for group in pad.groups
    ]
    return json.dumps({**_without_banks(system), "timings": timings}, sort_keys=True)


def plan_content(system: System) -> str:
    """Return everything on which the system's plans depend: all that its cycles depend on except the timing of the banks."""
    return json.dumps(_without_banks(system), sort_keys=True)


def roomless_content(system: System) -> str:
    """Return everything on which the system's plans depend except the capacities of its scratchpads."""
    content = _without_banks(system)
    pads = {name: {**pad, "capacity_bytes": None} for name, pad in content["scratchpads"].items()}
    return json.dumps({**content, "scratchpads": pads}, sort_keys=True)


def _without_banks(system: System) -> dict[str, Any]:
    pads: dict[str, Any] = {"scratchpads": dict.fromkeys(system.scratchpads, _BANKS)}
    content: dict[str, Any] = system.model_dump(mode="json", exclude={**_COSTS_NOTHING, **pads})
    return {**content, "order of scratchpads": list(system.scratchpads)}


def alike_in_time(one: System, other: System) -> bool:
    """Return whether the systems differ in costs alone: names, technology, cells of macros. All bank timings must be equal."""
    return cycle_content(one) == cycle_content(other)


def _timing(system: System, scratchpad: str, group: BankGroup) -> list[Any]:
    """Return a bank group's timing. A model from the user's file is compared by file and name.

    Each reading of the file makes another class, so two objects of one model would never be equal.
    """
    if group.timing is not None and ".py:" in group.timing.model:
        return [group.timing.model_dump(mode="json")]
    timing = group_timing(system, scratchpad, group)
    return [f"{type(timing).__module__}.{type(timing).__qualname__}", dict(timing.values)]
