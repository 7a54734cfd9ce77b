"""Checks of physical arguments. Each raises one InputError that says what was expected and what it got."""

from __future__ import annotations

import math
from numbers import Real

from simcore.errors import InputError

#: No write pulse is longer: a second.
LONGEST_PULSE_NS = 1e9


def positive(name: str, value: float) -> float:
    """Return ``value`` if it is a finite number above zero, else raise InputError."""
    return above(name, value, 0.0)


def above(name: str, value: float, limit: float) -> float:
    """Return ``value`` if it is a finite number above ``limit``, else raise InputError."""
    if not (_is_number(value) and math.isfinite(value) and value > limit):
        raise InputError(f"expected a number above {limit:g}, got {value!r}", where=name)
    return float(value)


def pulse_ns(value: float) -> float:
    """Return ``value`` if it is a pulse above zero and at most a second long, else raise InputError."""
    if positive("pulse_ns", value) > LONGEST_PULSE_NS:
        raise InputError(f"expected a pulse of at most {LONGEST_PULSE_NS:g} ns, got {value!r}", where="pulse_ns")
    return float(value)


def at_least(name: str, value: float, limit: float) -> float:
    """Return ``value`` if it is a finite number not below ``limit``, else raise InputError."""
    if not (_is_number(value) and math.isfinite(value) and value >= limit):
        raise InputError(f"expected a number of at least {limit:g}, got {value!r}", where=name)
    return float(value)


def between(name: str, value: float, low: float, high: float) -> float:
    """Return ``value`` if it lies strictly between ``low`` and ``high``, else raise InputError."""
    if not (_is_number(value) and low < value < high):
        raise InputError(f"expected a number between {low:g} and {high:g}, got {value!r}", where=name)
    return float(value)


def _is_number(value: object) -> bool:
    return type(value) is float or (isinstance(value, Real) and not isinstance(value, bool))
