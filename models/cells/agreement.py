"""Redundant figures of a cell compared: what is stated beside what follows from the other figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, pi

from models.cells.chain import (
    Span,
    Values,
    error_rate_span,
    macrospin_current_span,
    overdrive_span,
    pulse_span,
    retention_span,
    span,
)
from models.cells.description import CellDescription, Stated
from simcore.errors import InputError, did_you_mean

#: Comparison -> how the figure follows from others.
FORMULAS = {
    "write_energy_pj": "supply voltage x current x pulse",
    "heat_pj": "at least current^2 x R_P x pulse, the heat of the junction alone",
    "write_voltage_v": "current x R_P (or R_AP) + voltage of the access transistor",
    "parallel_resistance_ohm": "resistance-area product / area",
    "critical_current_ua": "(4 e alpha / (hbar eta)) x stability x kT, a macrospin's",
    "overdrive": "current / critical current",
    "sense_current_ua": "at least sense voltage / (R_AP - R_P)",
    "read_current_ua": "read voltage / R_AP (or R_P)",
    "current_asymmetry": "1 + TMR, from spin torques that are equal at equal voltage",
    "write_error_rate": "worse direction, at current / critical current and pulse / tau_D",
    "write_pulse_ns": "what the stated error rate needs in the worse direction",
    "retention_s": "tau_0 exp(stability)",
}


@dataclass(frozen=True)
class Comparison:
    """A stated figure beside what follows from the others. ``reason`` is why the cell admits a contradiction, or None."""

    figure: str
    stated: Stated
    derived: Span
    reason: str | None

    @property
    def how(self) -> str:
        """Return how the figure follows from others."""
        return FORMULAS[self.figure]

    @property
    def agrees(self) -> bool:
        """Return whether the stated range and the derived one have a value in common."""
        return self.stated.low <= self.derived.high and self.derived.low <= self.stated.high

    @property
    def verdict(self) -> str:
        """Return "agrees", "contradiction, told" or "contradiction"."""
        if self.agrees:
            return "agrees"
        return "contradiction" if self.reason is None else "contradiction, told"


def comparisons(cell: CellDescription) -> tuple[Comparison, ...]:
    """Return every comparison that the stated figures allow.

    Raise InputError if the description acknowledges a comparison that it does not allow, or one that agrees.
    """
    found = tuple(
        Comparison(figure, stated, derived, cell.acknowledged.get(figure)) for figure, stated, derived in _compared(cell)
    )
    names = {each.figure: each for each in found}
    for name in cell.acknowledged:
        if name not in names:
            message = f"acknowledged: expected one of the comparisons that the description allows, got '{name}'"
            raise InputError(message, hint=did_you_mean(name, names))
        if names[name].agrees:
            raise InputError(f"acknowledged: '{name}' agrees with the other figures, so there is nothing to acknowledge")
    return found


def contradictions(cell: CellDescription) -> tuple[InputError, ...]:
    """Return an error for each contradiction that the description does not acknowledge."""
    return tuple(_as_error(each) for each in comparisons(cell) if each.verdict == "contradiction")


def _as_error(found: Comparison) -> InputError:
    stated, derived = found.stated, found.derived
    message = (
        f"{found.figure}: stated as {stated.value:.4g} ({stated.low:.4g} to {stated.high:.4g}), but the other figures give "
        f"{derived.value:.4g} ({derived.low:.4g} to {derived.high:.4g}): {found.how}"
    )
    hint = f"correct a figure, widen its 'within', or give the reason under 'acknowledged' as '{found.figure}'"
    return InputError(message, hint=hint)


def _compared(cell: CellDescription) -> Iterator[tuple[str, Stated, Span]]:
    electrical = ("write_current_ua", "write_pulse_ns", "parallel_resistance_ohm", "tmr")
    yield "write_energy_pj", cell.write_energy_pj, span(cell, _energy_pj, ("write_voltage_v", *electrical))
    heat = span(cell, _heat_pj, electrical)
    yield "heat_pj", cell.write_energy_pj, Span(heat.value, heat.low, inf)
    if cell.access_voltage_v is not None:
        yield "write_voltage_v", cell.write_voltage_v, _path_voltage(cell)
    if cell.sense_voltage_v is not None:
        sensed = span(cell, _sense_ua, ("sense_voltage_v", "parallel_resistance_ohm", "tmr"))
        yield "sense_current_ua", cell.read_current_ua, Span(sensed.value, sensed.low, inf)
    if cell.read_voltage_v is not None:
        yield "read_current_ua", cell.read_current_ua, _read_current(cell)
    if cell.diameter_nm is not None and cell.resistance_area_ohm_um2 is not None:
        resistance = span(cell, _resistance_ohm, ("diameter_nm", "resistance_area_ohm_um2"))
        yield "parallel_resistance_ohm", cell.parallel_resistance_ohm, resistance
    if cell.critical_current_ua is not None:
        yield "critical_current_ua", cell.critical_current_ua, macrospin_current_span(cell)
    if cell.overdrive is not None:
        yield "overdrive", cell.overdrive, overdrive_span(cell)
    yield "current_asymmetry", cell.current_asymmetry, span(cell, lambda v: 1 + v["tmr"], ("tmr",))
    if cell.write_error_rate is not None:
        yield "write_error_rate", cell.write_error_rate, error_rate_span(cell)
        yield "write_pulse_ns", cell.write_pulse_ns, pulse_span(cell)
    if cell.retention_s is not None:
        yield "retention_s", cell.retention_s, retention_span(cell)


def _energy_pj(values: Values) -> float:
    # uA x V x ns = 1e-15 J
    return 1e-3 * values["write_current_ua"] * values["write_voltage_v"] * values["write_pulse_ns"]


def _heat_pj(values: Values) -> float:
    return 1e-9 * values["write_current_ua"] ** 2 * values["parallel_resistance_ohm"] * values["write_pulse_ns"]


def _path_voltage(cell: CellDescription) -> Span:
    """Return the voltage over the junction and its transistor: the value lies midway between the two states of the junction."""
    names = ("write_current_ua", "parallel_resistance_ohm", "tmr", "access_voltage_v")
    parallel, antiparallel = span(cell, _parallel_v, names), span(cell, _antiparallel_v, names)
    return Span((parallel.value + antiparallel.value) / 2, parallel.low, antiparallel.high)


def _parallel_v(values: Values) -> float:
    return 1e-6 * values["write_current_ua"] * values["parallel_resistance_ohm"] + values["access_voltage_v"]


def _antiparallel_v(values: Values) -> float:
    resistance_ohm = values["parallel_resistance_ohm"] * (1 + values["tmr"])
    return 1e-6 * values["write_current_ua"] * resistance_ohm + values["access_voltage_v"]


def _sense_ua(values: Values) -> float:
    return 1e6 * values["sense_voltage_v"] / (values["parallel_resistance_ohm"] * values["tmr"])


def _read_current(cell: CellDescription) -> Span:
    """Return the current that the read voltage drives: the value is that of a parallel junction."""
    names = ("read_voltage_v", "parallel_resistance_ohm", "tmr")
    parallel = span(cell, lambda v: 1e6 * v["read_voltage_v"] / v["parallel_resistance_ohm"], names)
    antiparallel = span(cell, lambda v: 1e6 * v["read_voltage_v"] / (v["parallel_resistance_ohm"] * (1 + v["tmr"])), names)
    return Span(parallel.value, antiparallel.low, parallel.high)


def _resistance_ohm(values: Values) -> float:
    return values["resistance_area_ohm_um2"] / (pi / 4 * (1e-3 * values["diameter_nm"]) ** 2)
