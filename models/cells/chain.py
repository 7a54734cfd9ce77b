"""What follows from a cell's description: currents, error rates, energies, latency and retention, as values and as spans.

A span is the least and the greatest result over all combinations of the values that the figures may have. Every result here
rises or falls steadily with each figure, in the same sense whatever the others are, so each end has each figure at one of its
own ends. One figure is an exception: of the asymmetries the one nearest to 1 counts, too, as any other makes one direction worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from models.cells.description import OPERATING_K, CellDescription, Stated, junction_of
from models.junction.junction import DIRECTIONS, Direction, Junction
from models.junction.thermal import retention_s
from models.junction.variation import mean_error_rate
from models.junction.write_error import TABLE_FROM, pulse_for_error_rate, write_error_rate

#: The values of a description's figures, by name.
Values = Mapping[str, float]
#: A figure that follows from others.
Formula = Callable[[Values], float]

#: The figures that a critical current or an error rate depends on.
_JUNCTION = (
    *("thermal_stability", "damping", "anisotropy_field_t", "spin_efficiency", "current_asymmetry"),
    "critical_current_ua",
)


class Span(NamedTuple):
    """A derived figure: its value, and the least and greatest that the uncertainties allow."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class DirectedWrite:
    """The cell's own write in one direction, at its operating temperature.

    ``mean_error_rate`` is that of cells whose overdrive varies, ``error_rate`` that of the cell as described. ``pulse_ns`` is the
    pulse that the stated error rate needs, infinite if no pulse reaches it, and None if no error rate is stated.
    """

    direction: Direction
    critical_current_ua: float
    overdrive: float
    error_rate: float
    mean_error_rate: float
    pulse_ns: float | None


def directed_writes(cell: CellDescription, temperature_k: float = OPERATING_K) -> tuple[DirectedWrite, ...]:
    """Return the cell's own write in both directions."""
    junction, spread = cell.junction(temperature_k), cell.overdrive_spread.value
    tau, stability = junction.tau(cell.write_pulse_ns.value), junction.thermal_stability
    found = []
    for direction in DIRECTIONS:
        critical = junction.critical_current_ua(direction)
        overdrive = cell.write_current_ua.value / critical
        rate = write_error_rate(overdrive, tau, stability)
        mean = mean_error_rate(overdrive, tau, stability, spread)
        wanted = cell.write_error_rate
        pulse = None if wanted is None else _pulse_ns(junction, overdrive, wanted.value)
        found.append(DirectedWrite(direction, critical, overdrive, rate, mean, pulse))
    return tuple(found)


def span(cell: CellDescription, formula: Formula, names: tuple[str, ...]) -> Span:
    """Return a formula's value with the cell's figures, and its span over the uncertainties of the named ones."""
    stated = cell.figures()
    values = {name: figure.value for name, figure in stated.items()}
    least, greatest = dict(values), dict(values)
    for name in names:
        if name in stated:
            results = {end: formula(values | {name: end}) for end in _ends(name, stated[name])}
            least[name], greatest[name] = min(results, key=results.__getitem__), max(results, key=results.__getitem__)
    return Span(formula(values), formula(least), formula(greatest))


def _ends(name: str, figure: Stated) -> tuple[float, ...]:
    if name == "current_asymmetry":
        return figure.low, min(max(1.0, figure.low), figure.high), figure.high
    return figure.low, figure.high


def error_rate_span(cell: CellDescription) -> Span:
    """Return the write error rate of the worse direction at the cell's own current and pulse."""
    return span(cell, _worse_error_rate, (*_JUNCTION, "write_current_ua", "write_pulse_ns"))


def pulse_span(cell: CellDescription) -> Span:
    """Return the pulse in ns that the stated error rate needs in the worse direction, infinite if no pulse reaches it."""
    return span(cell, _needed_pulse_ns, (*_JUNCTION, "write_current_ua", "write_error_rate"))


def overdrive_span(cell: CellDescription) -> Span:
    """Return the write current over the mean critical current of both directions."""
    return span(cell, lambda v: v["write_current_ua"] / _critical_ua(v), (*_JUNCTION, "write_current_ua"))


def macrospin_current_span(cell: CellDescription) -> Span:
    """Return the critical current in uA of a macrospin of this stability, damping and efficiency."""

    def of_macrospin(values: Values) -> float:
        return _critical_ua({name: value for name, value in values.items() if name != "critical_current_ua"})

    return span(cell, of_macrospin, _JUNCTION)


def retention_span(cell: CellDescription) -> Span:
    """Return the mean time in s until an idle bit flips, at the temperature of the stated retention."""
    return span(cell, lambda v: retention_s(junction_of(dict(v), cell.retention_k)), ("thermal_stability",))


def _worse_error_rate(values: Values) -> float:
    junction = junction_of(dict(values), OPERATING_K)
    tau = junction.tau(values["write_pulse_ns"])
    least = min(values["write_current_ua"] / junction.critical_current_ua(direction) for direction in DIRECTIONS)
    return write_error_rate(least, tau, junction.thermal_stability)


def _needed_pulse_ns(values: Values) -> float:
    junction = junction_of(dict(values), OPERATING_K)
    least = min(values["write_current_ua"] / junction.critical_current_ua(direction) for direction in DIRECTIONS)
    return _pulse_ns(junction, least, values["write_error_rate"])


def _pulse_ns(junction: Junction, overdrive: float, error_rate: float) -> float:
    if error_rate >= 1:
        return 0.0
    if overdrive < TABLE_FROM:
        return inf
    return pulse_for_error_rate(overdrive, error_rate, junction.thermal_stability) * junction.tau_d_ns


def _critical_ua(values: Values) -> float:
    return junction_of(dict(values), OPERATING_K).critical_current_ua()
