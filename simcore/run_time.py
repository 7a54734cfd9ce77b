"""A limit on the time of a run, so that a typing slip does not run for days."""

from __future__ import annotations

from simcore.errors import InputError
from simcore.kinds.runs import Estimate, RunOrder

#: A run with a longer estimate is an error unless the user lifts the limit.
LIMIT_S = 3600.0

_UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def refuse_too_long(estimate: Estimate, order: RunOrder, limit_s: float | None) -> None:
    """Raise InputError, with the estimate, for a run that takes longer than ``limit_s``. None allows any time."""
    if limit_s is None or estimate.seconds <= limit_s:
        return
    checking = ", values checked" if order.check_values else ""
    raise InputError(
        f"simulating about {estimate.cycles:,.0f} cycles or more (engine '{order.engine}'{checking}) takes about "
        f"{in_words(estimate.seconds)}, the limit is {in_words(limit_s)}",
        hint="choose fewer images or layers, or lift the limit (limit_s=None, --no-limit)",
    )


def in_words(spent_s: float) -> str:
    """Return a time in the largest unit of which it has two or more: "90 seconds", "3 hours"."""
    size, unit = next(((size, unit) for size, unit in _UNITS if spent_s >= 2 * size), _UNITS[-1])
    return f"{spent_s / size:,.0f} {unit}"
