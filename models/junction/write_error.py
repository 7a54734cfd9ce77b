"""The write error rate that simcore uses: the refined closed form where it is accurate, else Fokker-Planck solutions.

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

#: From this overdrive on, the closed form is within 2.5 % of the Fokker-Planck solution (stability 30 to 80). Below, the table is
#: used.
CLOSED_FORM_FROM = 2.5
#: The first overdrive of the table. Below it, only thermal activation flips the spin.
TABLE_FROM = 0.8

#: The search for an overdrive ends here; no write pulse is so short that it needs a larger one.
_MAX_OVERDRIVE = 1e6


def write_error_rate(overdrive: float, tau: float, thermal_stability: float, method: str = "best") -> float:
    """Return the probability, 0 to 1, that a write of ``tau`` = pulse / tau_D does not flip a bit that it should flip.

    Method "best" uses the refined closed form from overdrive 2.5 on, the table of Fokker-Planck solutions (stability 10 to 120)
    from 0.8 to 2.5, and thermal activation (Brown) below 0.8. "fokker-planck" solves the equation anew and needs the extra
    ``device``. "refined", "butler" and "sun" are the closed forms, for overdrives above 1. "table" uses only the table. Raise
    InputError for an unknown method and for an overdrive, stability or tau outside the method's range.
    """
    positive("overdrive", overdrive)
    at_least("tau", tau, 0.0)
    positive("thermal_stability", thermal_stability)
    if method not in METHODS:
        raise InputError(f"no method of write error rates is called '{method}'", hint=did_you_mean(method, METHODS))
    return METHODS[method](overdrive, tau, thermal_stability)


def pulse_for_error_rate(overdrive: float, error_rate: float, thermal_stability: float) -> float:
    """Return the tau at which ``write_error_rate`` ("best") has fallen to ``error_rate``: its inverse over time.

    Raise InputError for an overdrive below 0.8, where thermal activation takes longer than any write pulse.
    """
    between("error_rate", error_rate, 0.0, 1.0)
    at_least("overdrive", overdrive, TABLE_FROM)
    if overdrive >= CLOSED_FORM_FROM:
        return refined_pulse(overdrive, error_rate, thermal_stability)
    return error_table().pulse(overdrive, error_rate, thermal_stability)


def overdrive_for_error_rate(tau: float, error_rate: float, thermal_stability: float) -> float:
    """Return the least overdrive, at least 0.8, at which a pulse of ``tau`` reaches ``error_rate``: the inverse over current."""
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
    """Return a junction's write error rate at a voltage across it and a pulse.

    Without a direction it is the rate at the geometric mean of both critical currents.
    """
    overdrive = junction.overdrive(voltage_v, direction)
    return write_error_rate(overdrive, junction.tau(pulse_ns), junction.thermal_stability, method)


def _best(overdrive: float, tau: float, thermal_stability: float) -> float:
    if overdrive >= CLOSED_FORM_FROM:
        return refined_error_rate(overdrive, tau, thermal_stability)
    if overdrive >= TABLE_FROM:
        return error_table().error_rate(overdrive, tau, thermal_stability)
    # Brown's rate is too high for a low barrier, so an overdrive below the table's first one never gets a lower error rate than
    # it.
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

#: The methods that hold only above the critical current.
CLOSED_FORMS = ("refined", "butler", "sun")
