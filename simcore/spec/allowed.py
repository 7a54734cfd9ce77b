"""Which of the changes that a kind of machine proposes its machine allows."""

from __future__ import annotations

from collections.abc import Iterable

from simcore.errors import InputError
from simcore.kinds.advice import Change
from simcore.spec.load import override_system
from simcore.spec.machine_spec import MachineSpec


def first_allowed(system: MachineSpec, changes: Iterable[Change]) -> Change | None:
    """Return the first change with which the system is still valid, or None."""
    for change in changes:
        try:
            override_system(system, change.overrides)
        except InputError:
            continue
        return change
    return None
