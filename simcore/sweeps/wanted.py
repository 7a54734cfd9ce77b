"""The choices of a space that meet its conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simcore.errors import InputError, did_you_mean
from simcore.reading.tree import plain
from simcore.spec import MachineSpec
from simcore.sweeps.resolve import Resolver
from simcore.sweeps.space import NETWORK, RUN, RUN_OPTIONS, SYSTEM, Choice, Space
from simcore.sweeps.table import shown_value


def wanted_choices(space: Space, resolver: Resolver) -> Iterator[Choice]:
    """Yield the choices of a space that meet its conditions. Raise InputError for a condition that cannot be decided."""
    return (choice for choice in space.choices() if meets(choice, space, resolver))


def meets(choice: Choice, space: Space, resolver: Resolver) -> bool:
    """Return whether a choice meets all conditions of its space."""

    def value_of(name: str) -> object:
        return _value(name, choice, resolver)

    return all(condition.holds(value_of) for condition in space.conditions)


def _value(name: str, choice: Choice, resolver: Resolver) -> object:
    """Return the value of a key at a choice: the one that it chose, else the one of its system."""
    if name in (NETWORK, SYSTEM):
        return shown_value(choice[name])
    if name in choice:
        return plain(choice[name].value)
    if name.startswith(RUN) and name.removeprefix(RUN) in RUN_OPTIONS:
        return None
    is_changed = any(name.startswith(f"{key}.") or key.startswith(f"{name}.") for key in choice)
    return _of_system(name, resolver.machine(choice) if is_changed else resolver.system_of(choice))


def _of_system(name: str, machine: MachineSpec) -> object:
    """Return the value of a key of a machine. Raise InputError if it has no such key."""
    found: Any = machine.model_dump(mode="json")
    for step in name.split("."):
        if not isinstance(found, dict) or step not in found:
            known = list(found) if isinstance(found, dict) else []
            raise InputError(f"no key '{name}' in system '{machine.name}'", "conditions", did_you_mean(step, known))
        found = found[step]
    return found
