"""Conditions on metrics that end a comparison with an error, such as ``cycles>+2%``, for continuous integration."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

from simcore.compare.comparison import Comparison
from simcore.compare.rows import Row
from simcore.errors import InputError, did_you_mean

_COMPARED: dict[str, Callable[[float, float], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le}
_FORM = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(>=|<=|>|<)\s*([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*(%?)\s*")
_EXPECTED = "expected METRIC>LIMIT such as 'cycles>+2%', 'energy_pj<-5%', 'cycles>+1000' or 'area_mm2>3.5'"
_LONGEST = 200


@dataclass(frozen=True)
class Condition:
    """A condition that a run must not meet. A limit with a sign or in percent is a change from the first run."""

    text: str
    metric: str
    sign: str
    limit: float
    is_change: bool
    is_percent: bool


def condition_of(text: str) -> Condition:
    """Return the condition that a text describes. Raise InputError for another form."""
    found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise InputError(f"{_EXPECTED}, got '{text[:_LONGEST]}'", "--fail-if")
    metric, sign, limit, percent = found.groups()
    if not math.isfinite(float(limit)):
        raise InputError(f"{_EXPECTED}, got '{text}'", "--fail-if")
    is_change = limit[0] in "+-" or bool(percent)
    return Condition(text.strip(), metric, sign, float(limit), is_change, bool(percent))


def failures(found: Comparison, conditions: Sequence[Condition]) -> list[str]:
    """Return a line for each condition that a run other than the first meets. Raise InputError for unknown metrics."""
    rows = {row.name[0]: row for row in found.metrics}
    lines = []
    for condition in conditions:
        if condition.metric not in rows:
            hint = did_you_mean(condition.metric, rows)
            raise InputError(f"no metric named '{condition.metric}'", f"--fail-if {condition.text}", hint)
        for number in range(1, len(found.runs)):
            measured = _measured(rows[condition.metric], condition, number, found.names[number])
            if _COMPARED[condition.sign](measured, condition.limit):
                unit = " %" if condition.is_percent else ""
                said = f"{measured:+,.2f}{unit}" if condition.is_change else f"{measured:,.6g}"
                lines.append(f"{condition.text}: {condition.metric} of {found.names[number]} is {said}")
    return lines


def _measured(row: Row, condition: Condition, number: int, name: str) -> float:
    """Return what a condition speaks of: the value of a run, or its change. A change from zero is infinite percent."""
    value, change = row.values[number], row.change(number)
    if value is None or (condition.is_change and change is None):
        where = f"--fail-if {condition.text}"
        raise InputError(f"'{condition.metric}' is not known for every run, so that {name} cannot be judged", where)
    if not condition.is_change:
        return value
    assert change is not None
    if not condition.is_percent:
        return change
    percent = row.percent(number)
    return math.copysign(math.inf, change) if percent is None else percent
