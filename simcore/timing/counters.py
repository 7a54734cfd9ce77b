"""Counters of a bank timing: what ``serve`` counts for the tables, and the energy of each counted event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simcore.timing.bank_timing import BankTiming

#: The endings of the names of parameters that hold the energy of an event, and the picojoules of their unit.
ENERGY_UNITS_PJ = {"_fj": 1e-3, "_pj": 1.0}

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def event_energies_pj(timing: BankTiming) -> dict[str, float]:
    """Return the energy in pJ of one event of each counter that has one, as the parameters of the timing set it."""
    return {name: timing.values[parameter] * _unit_pj(parameter) for name, parameter in timing.event_energy.items()}


def _unit_pj(parameter: str) -> float:
    return ENERGY_UNITS_PJ.get(parameter[-3:], 0.0)


def counters_declared_wrongly(cls: type[BankTiming]) -> str | None:
    """Return what is wrong with a class's counters or their energies, in one line, or None."""
    for attribute in ("counters", "event_energy"):
        table = getattr(cls, attribute)
        if not isinstance(table, Mapping):
            return f"{cls.__name__}.{attribute}: expected a mapping from name to text, got {table!r}"
        for name, text in table.items():
            if not isinstance(name, str) or not isinstance(text, str):
                return f"{cls.__name__}.{attribute}: expected a name and a text, got {name!r}: {text!r}"
    for name in cls.counters:
        if not _NAME.fullmatch(name):
            return f"{cls.__name__}.counters: expected a name of small letters, digits and underscores, got {name!r}"
        if name in cls.bank_state:
            return f"{cls.__name__}.counters: '{name}' is also among bank_state"
    return _energy_declared_wrongly(cls)


def _energy_declared_wrongly(cls: type[BankTiming]) -> str | None:
    for name, parameter in cls.event_energy.items():
        if name not in cls.counters:
            return f"{cls.__name__}.event_energy: '{name}' is not among counters"
        if parameter not in cls.parameters:
            return f"{cls.__name__}.event_energy: '{parameter}' is not among parameters"
        if not _unit_pj(parameter):
            return f"{cls.__name__}.event_energy: expected a parameter whose name ends in _fj or _pj, got '{parameter}'"
    return None
