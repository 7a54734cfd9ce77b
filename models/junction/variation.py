"""Process variation: the critical currents of cells differ, so that a few weak cells cause most of the write errors."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import numpy.typing as npt

from models.junction.checks import at_least, positive
from models.junction.write_error import CLOSED_FORMS, write_error_rate
from simcore.errors import InputError

Array = npt.NDArray[np.float64]

#: The least overdrive of a cell, however far out in the distribution it lies.
_LEAST_OVERDRIVE = 1e-3


def mean_error_rate(
    overdrive: float, tau: float, thermal_stability: float, sigma: float, *, points: int = 64, method: str = "best"
) -> float:
    """Return the write error rate averaged over cells whose overdrive is normal with relative standard deviation ``sigma``.

    Gauss-Hermite quadrature with ``points`` nodes computes the mean, so the result is the same every time. Raise InputError for a
    sigma below 0 or from 0.3 on, and as ``write_error_rate`` does.
    """
    if at_least("sigma", sigma, 0.0) == 0:
        return write_error_rate(overdrive, tau, thermal_stability, method)
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    cells = _overdrives(overdrive, sigma, nodes * sqrt(2))
    return float(weights @ _rates(cells, tau, thermal_stability, method)) / sqrt(pi)


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
