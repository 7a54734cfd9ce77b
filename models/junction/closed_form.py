"""Closed forms of switching under a current above the critical one: error rates, their inverse, and the mean switching time.

All arguments are dimensionless: overdrive i > 1, tau = pulse / tau_D >= 0, stability > 0. Error rates are exact down to 1e-300,
because nothing is subtracted from 1. docs/stt-mram.md has the derivation.
"""

from __future__ import annotations

from math import exp, expm1, log, log1p, pi

from models.junction.checks import above, at_least, between, positive
from models.junction.constants import EULER_GAMMA

_OVERFLOW = 700.0


def escape_angle_squared(overdrive: float) -> float:
    """Return the squared starting angle from which the noise-free spin reaches the equator in tau, times exp(2 (i-1) tau).

    It follows from the integral of d theta / (sin theta (i - cos theta)) from a small angle to pi/2.
    """
    i = above("overdrive", overdrive, 1.0)
    return float(2 * 2 ** ((i - 1) / (i + 1)) * ((i - 1) / i) ** (2 / (i + 1)))


def decay_rate(overdrive: float, thermal_stability: float) -> float:
    """Return the rate at which the error rate falls per tau: the slowest Fokker-Planck mode to first order in 1/stability."""
    i = above("overdrive", overdrive, 1.0)
    return 2 * (i - 1) + (2 / (i - 1) - 1) / positive("thermal_stability", thermal_stability)


def refined_error_rate(overdrive: float, tau: float, thermal_stability: float) -> float:
    """Return the write error rate with the exact zero-temperature angle and the first-order decay rate.

    It is within 2.5 % of the Fokker-Planck solution for i >= 2.5 (error rates 1e-10 to 0.5, stability 30 to 80), and worse below.
    """
    scale, rate = escape_angle_squared(overdrive), decay_rate(overdrive, thermal_stability)
    return _error_rate(overdrive, tau, thermal_stability, scale, rate)


def butler_error_rate(overdrive: float, tau: float, thermal_stability: float) -> float:
    """Return the write error rate of Butler et al. (IEEE Trans. Magn. 2012, arXiv 1202.2621; derived again here).

    The model has linear drift, a thermal start and noise during the pulse. It is pessimistic below i = 3: at i = 2 it gives twice
    the Fokker-Planck rate.
    """
    above("overdrive", overdrive, 1.0)
    return _error_rate(overdrive, tau, thermal_stability, pi**2 / 4, 2 * (overdrive - 1))


def sun_error_rate(overdrive: float, tau: float, thermal_stability: float) -> float:
    """Return the write error rate with a thermal start and no noise during the pulse, as in Sun's switching time."""
    i, t = above("overdrive", overdrive, 1.0), at_least("tau", tau, 0.0)
    d = positive("thermal_stability", thermal_stability)
    return -expm1(-(pi**2 / 4) * d * exp(-2 * (i - 1) * t))


def _error_rate(i: float, tau: float, delta: float, scale: float, rate: float) -> float:
    t, d = at_least("tau", tau, 0.0), positive("thermal_stability", delta)
    grown = rate * t
    if grown > _OVERFLOW:
        return scale * d * (i - 1) / i * exp(-grown) if grown < 2 * _OVERFLOW else 0.0
    return -expm1(-scale * d * (i - 1) / (i * exp(grown) - 1))


def butler_pulse(overdrive: float, error_rate: float, thermal_stability: float) -> float:
    """Return the tau at which ``butler_error_rate`` is ``error_rate``; 0 if it is never that high."""
    return _pulse(overdrive, error_rate, thermal_stability, pi**2 / 4, 2 * (above("overdrive", overdrive, 1.0) - 1))


def refined_pulse(overdrive: float, error_rate: float, thermal_stability: float) -> float:
    """Return the tau at which ``refined_error_rate`` is ``error_rate``; 0 if it is never that high."""
    scale, rate = escape_angle_squared(overdrive), decay_rate(overdrive, thermal_stability)
    return _pulse(overdrive, error_rate, thermal_stability, scale, rate)


def _pulse(i: float, error_rate: float, delta: float, scale: float, rate: float) -> float:
    failures = -log1p(-between("error_rate", error_rate, 0.0, 1.0))
    grown = (scale * positive("thermal_stability", delta) * (i - 1) / failures + 1) / i
    return max(0.0, log(grown) / rate)


def mean_switching_time(overdrive: float, thermal_stability: float) -> float:
    """Return the mean switching time in tau by Sun's model: (C + ln(pi^2 stability / 4)) / (2 (i - 1)), C is Euler's constant."""
    i = above("overdrive", overdrive, 1.0)
    return (EULER_GAMMA + log(pi**2 * positive("thermal_stability", thermal_stability) / 4)) / (2 * (i - 1))
