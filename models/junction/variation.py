"""Process variation: the critical currents of cells differ, so that a few weak cells cause most of the write errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import log, pi, sqrt

import numpy as np
import numpy.typing as npt

from models.junction.checks import at_least, positive
from models.junction.write_error import CLOSED_FORMS, overdrive_for_error_rate, pulse_for_error_rate, write_error_rate
from simcore.errors import InputError

Array = npt.NDArray[np.float64]

#: The least overdrive of a cell, however far out in the distribution it lies.
_LEAST_OVERDRIVE = 1e-3
#: The overdrive or the pulse that keeps a mean error rate is looked for up to so many times that of equal cells.
_MOST_TIMES = 8.0
#: How near the rate that is kept comes to the one that is asked for, and a rate that counts as none.
_NEAR, _NO_RATE = 1e-9, 1e-300
_MOST_STEPS = 200


@lru_cache(maxsize=16384)
def mean_error_rate(
    overdrive: float, tau: float, thermal_stability: float, sigma: float, *, points: int = 64, method: str = "best"
) -> float:
    """Return the write error rate averaged over cells whose overdrive is normal with relative standard deviation ``sigma``.

    Gauss-Hermite quadrature with ``points`` nodes computes the mean, so the result is the same every time. Raise InputError for a
    sigma below 0 or from 0.3 on, and as ``write_error_rate`` does.
    """
    if at_least("sigma", sigma, 0.0) == 0:
        return write_error_rate(overdrive, tau, thermal_stability, method)
    nodes, weights = _quadrature(points)
    cells = _overdrives(overdrive, sigma, nodes * sqrt(2))
    return float(weights @ _rates(cells, tau, thermal_stability, method)) / sqrt(pi)


@lru_cache(maxsize=8)
def _quadrature(points: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    return nodes, weights


@lru_cache(maxsize=4096)
def overdrive_for_mean_error_rate(tau: float, error_rate: float, thermal_stability: float, sigma: float) -> float:
    """Return the least mean overdrive of cells whose mean write error rate is at most ``error_rate`` in a pulse of ``tau``.

    With a ``sigma`` of 0 the cells are equal. Raise InputError if no overdrive keeps the rate, because weak cells always fail.
    """
    equal = overdrive_for_error_rate(tau, error_rate, thermal_stability)
    mean_of = partial(mean_error_rate, tau=tau, thermal_stability=thermal_stability, sigma=sigma)
    return _least(equal, error_rate, mean_of, "overdrive") if sigma else equal


@lru_cache(maxsize=4096)
def pulse_for_mean_error_rate(overdrive: float, error_rate: float, thermal_stability: float, sigma: float) -> float:
    """Return the shortest pulse in tau_D with which cells of this mean overdrive fail on average at most at ``error_rate``.

    With a ``sigma`` of 0 the cells are equal. Raise InputError if no pulse keeps the rate, because weak cells always fail.
    """
    equal = pulse_for_error_rate(overdrive, error_rate, thermal_stability)
    mean_of = partial(mean_error_rate, overdrive, thermal_stability=thermal_stability, sigma=sigma)
    return _least(equal, error_rate, mean_of, "pulse") if sigma else equal


def _least(equal: float, error_rate: float, mean_of: Callable[[float], float], what: str) -> float:
    """Return the least value at which ``mean_of``, which falls, is at most ``error_rate``; ``equal`` is that of equal cells.

    The mean is within 1e-9 of the rate. False position on the logarithm of the rate finds it in about eight tries: where one
    end stays twice, its value counts half (the Illinois rule), so that both ends come nearer.
    """

    def excess(value: float) -> float:
        return log(max(mean_of(value), _NO_RATE) / error_rate)

    low, high = 0.5 * equal, equal
    over, under = excess(low), excess(high)
    while under > 0:
        low, over, high = high, under, 1.1 * high
        if high > _MOST_TIMES * equal:
            raise InputError(f"no {what} keeps a mean write error rate of {error_rate:g}, because the weakest cells always fail")
        under = excess(high)
    if over <= 0:
        return low
    stayed = 0
    for _ in range(_MOST_STEPS):
        middle = low + (high - low) * over / (over - under)
        found = excess(middle)
        if -_NEAR <= found <= 0:
            return middle
        if high - low <= _NEAR * high:
            break
        if found > 0:
            low, over, under = middle, found, under / 2 if stayed > 0 else under
        else:
            high, under, over = middle, found, over / 2 if stayed < 0 else over
        stayed = 1 if found > 0 else -1
    return high


def sampled_error_rates(
    overdrive: float, tau: float, thermal_stability: float, sigma: float, *, cells: int, seed: int, method: str = "best"
) -> Array:
    """Return the write error rates of ``cells`` cells drawn with ``seed``, float64 of length ``cells``: a map of weak bits."""
    positive("cells", cells)
    at_least("sigma", sigma, 0.0)
    drawn = _overdrives(overdrive, sigma, np.random.default_rng(seed).standard_normal(cells))
    return _rates(drawn, tau, thermal_stability, method)


def mean_factor(overdrive: float, tau: float, sigma: float) -> float:
    """Return the factor by which variation raises the mean error rate, to first order: exp(s^2 / 2) with s = 2 tau i sigma.

    To this order ln(error rate) is normal with standard deviation s. The factor is an upper estimate if the error rate is not
    small.
    """
    spread = 2 * at_least("tau", tau, 0.0) * positive("overdrive", overdrive) * at_least("sigma", sigma, 0.0)
    return float(np.exp(spread**2 / 2))


def _rates(cells: Array, tau: float, thermal_stability: float, method: str) -> Array:
    """Return the error rate of each cell. The closed forms end at the critical current; below it their cells always fail."""
    least = 1.0 if method in CLOSED_FORMS else 0.0
    return np.array([write_error_rate(float(i), tau, thermal_stability, method) if i > least else 1.0 for i in cells])


def _overdrives(overdrive: float, sigma: float, deviations: Array) -> Array:
    if sigma >= 0.3:
        raise InputError(f"expected a relative standard deviation below 0.3, got {sigma!r}", where="sigma")
    return np.maximum(overdrive * (1 + sigma * deviations), _LEAST_OVERDRIVE)
