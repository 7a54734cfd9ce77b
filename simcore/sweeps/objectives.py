"""What a sweep compares its points by: metrics of a run that shall be small, or large."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.errors import InputError, did_you_mean

_GOALS = ("min", "max")


@dataclass(frozen=True)
class Objective:
    """A metric of the table of points, and whether less of it is better or more."""

    metric: str
    goal: str = "min"

    def __str__(self) -> str:
        return self.metric if self.goal == "min" else f"{self.goal}:{self.metric}"


#: The objectives of a sweep that names none.
DEFAULT = (Objective("cycles"), Objective("energy_pj"), Objective("area_mm2"))


def objective(text: object, where: str) -> Objective:
    """Return the objective that a text such as ``energy_pj`` or ``max:macs`` names. Raise InputError for another form."""
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"expected a metric such as energy_pj or max:array_utilisation_percent, got {text!r}", where)
    goal, colon, metric = text.strip().rpartition(":")
    if colon and goal not in _GOALS:
        raise InputError(f"expected min:METRIC or max:METRIC, got {text!r}", where, did_you_mean(goal, _GOALS))
    return Objective(metric.strip(), goal or "min")
