"""The write error rate as simcore uses it: the refined closed form where it is good, Fokker-Planck solutions where it is not.

Only a bit that must flip can fail, and a failed write keeps the old bit.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

from models.junction.checks import at_least, between, positive
from models.junction.closed_form import butler_error_rate, refined_error_rate, refined_pulse, sun_error_rate
from models.junction.error_table import error_table
from models.junction.junction import Direction, Junction
from models.junction.thermal import escape_rate
from simcore.errors import InputError, did_you_mean

#: From here on the closed form is within 2.5 % of the Fokker-Planck solution (stability 30 to 80); below, the table is used.
CLOSED_FORM_FROM = 2.5
#: Below the table's first overdrive the spin is left to thermal activation.
TABLE_FROM = 0.8

#: No pulse is so short that a larger overdrive than this would be asked for.
_MAX_OVERDRIVE = 1e6


def write_error_rate(overdrive: float, tau: float, thermal_stability: float, method: str = "best") -> float:
    """Probability, 0 to 1, that a write of ``tau`` = pulse / tau_D leaves the old bit where it should have flipped it.

    Methods: "best" is the refined closed form from overdrive 2.5 on; below, the table of Fokker-Planck solutions (stability 10 to
    120); under its overdrive of 0.8, thermal activation (Brown). "fokker-planck" solves anew and needs the extra ``device``.
    "refined", "butler" and "sun" are the closed forms, for overdrives above 1; "table" the table alone.
    Raises InputError for an unknown method and for an overdrive, stability or tau outside the method's range.
    """
    positive("overdrive", overdrive)
    at_least("tau", tau, 0.0)
    positive("thermal_stability", thermal_stability)
    if method not in METHODS:
        raise InputError(f"no method of write error rates is called '{method}'", hint=did_you_mean(method, METHODS))
    return METHODS[method](overdrive, tau, thermal_stability)


def pulse_for_error_rate(overdrive: float, error_rate: float, thermal_stability: float) -> float:
    """The tau at which ``write_error_rate`` ("best") has fallen to ``error_rate``; the inverse over time.

    Raises InputError for an overdrive below 0.8: what thermal activation needs is no write pulse.
    """
    between("error_rate", error_rate, 0.0, 1.0)
    at_least("overdrive", overdrive, TABLE_FROM)
    if overdrive >= CLOSED_FORM_FROM:
        return refined_pulse(overdrive, error_rate, thermal_stability)
    return error_table().pulse(overdrive, error_rate, thermal_stability)


def overdrive_for_error_rate(tau: float, error_rate: float, thermal_stability: float) -> float:
    """The least overdrive, of at least 0.8, with which a pulse of ``tau`` reaches ``error_rate``; the inverse over current."""
    positive("tau", tau)
    between("error_rate", error_rate, 0.0, 1.0)
    low, high = TABLE_FROM, 2 * CLOSED_FORM_FROM
    while write_error_rate(high, tau, thermal_stability) > error_rate:
        high *= 2
        if high > _MAX_OVERDRIVE:
            raise InputError(f"no overdrive up to {_MAX_OVERDRIVE:g} reaches a write error rate of {error_rate:g} in tau {tau:g}")
    for _ in range(60):
        middle = (low + high) / 2
        above = write_error_rate(middle, tau, thermal_stability) > error_rate
        low, high = (middle, high) if above else (low, middle)
    return high


def junction_error_rate(
    junction: Junction, voltage_v: float, pulse_ns: float, direction: Direction | None = None, method: str = "best"
) -> float:
    """Write error rate of a junction at a voltage across it and a pulse, in one direction or at the mean critical current."""
    overdrive = junction.overdrive(voltage_v, direction)
    return write_error_rate(overdrive, junction.tau(pulse_ns), junction.thermal_stability, method)


def _best(overdrive: float, tau: float, thermal_stability: float) -> float:
    if overdrive >= CLOSED_FORM_FROM:
        return refined_error_rate(overdrive, tau, thermal_stability)
    if overdrive >= TABLE_FROM:
        return error_table().error_rate(overdrive, tau, thermal_stability)
    # Brown's rate is too high where the barrier is low: an overdrive below the table's first never errs less than that one.
    at_table_end = error_table().error_rate(TABLE_FROM, tau, thermal_stability)
    return max(exp(-escape_rate(overdrive, thermal_stability) * tau), at_table_end)


def _from_table(overdrive: float, tau: float, thermal_stability: float) -> float:
    return error_table().error_rate(overdrive, tau, thermal_stability)


def _solved(overdrive: float, tau: float, thermal_stability: float) -> float:
    from models.junction.fokker_planck import error_curve

    return 1.0 if tau == 0 else error_curve(overdrive, thermal_stability, tau).at(tau)


#: Method -> error rate of (overdrive, tau, stability).
METHODS: dict[str, Callable[[float, float, float], float]] = {
    "best": _best,
    "refined": refined_error_rate,
    "table": _from_table,
    "fokker-planck": _solved,
    "butler": butler_error_rate,
    "sun": sun_error_rate,
}

#: Those of the methods that hold above the critical current only.
CLOSED_FORMS = ("refined", "butler", "sun")
