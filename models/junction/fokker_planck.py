"""Solution of the Fokker-Planck equation of a perpendicular macrospin under a current: the oracle of error rates. Needs scipy.

With x = cos(theta) and p the probability per unit of x (equation in docs/stt-mram.md):

    dp/dtau = d/dx [ (1 - x^2) ((i - x) p + (1 / (2 stability)) dp/dx) ]

The spin starts with the Boltzmann distribution of its well (x > 0). A write has failed if x > 0 still holds at the end. Finite
volumes of equal angle with exponentially fitted fluxes keep probabilities positive and conserve their sum, so that error rates of
1e-15 keep all their digits. The implicit third-order Radau IIA step damps the stiff modes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.junction.checks import at_least, positive
from simcore.errors import InputError

Array = npt.NDArray[np.float64]

#: The Radau IIA step is 2 Re(residue / (z - pole)): one complex tridiagonal solve.
_POLE = 2 + 1j * np.sqrt(2)
_RESIDUE = (1 + _POLE / 3) / (_POLE / 3 - 2 / 3)


@dataclass(frozen=True)
class ErrorCurve:
    """Write error rate over time: ``error_rate[k]`` at ``tau[k]``, equally spaced from 0; both float64 of equal length."""

    tau: Array
    error_rate: Array

    def at(self, tau: float) -> float:
        """Return the error rate at a time on the curve, by a cubic spline of its logarithm. Raise InputError beyond its end."""
        if not 0 <= tau <= self.tau[-1]:
            raise InputError(f"expected a tau between 0 and {self.tau[-1]:g}, got {tau!r}", where="tau")
        return float(np.exp(_interpolate().CubicSpline(self.tau, np.log(self.error_rate))(tau)))

    def decay_rate(self) -> float:
        """Return the rate of the slowest mode: minus the slope of ln(error rate) over the last tenth of the curve, per tau."""
        last = len(self.tau) * 9 // 10
        return float(np.log(self.error_rate[last] / self.error_rate[-1]) / (self.tau[-1] - self.tau[last]))


def error_curve(
    overdrive: float, thermal_stability: float, tau_end: float, *, cells: int = 1200, steps_per_tau: int | None = None
) -> ErrorCurve:
    """Solve the equation from tau = 0 to at least ``tau_end``, in about 0.02 s.

    The discretisation error falls with the square of ``cells``. ``steps_per_tau`` is 25 (1 + i) by default. Raise InputError for
    a negative overdrive, for a stability or ``tau_end`` that is not positive, for fewer than 16 cells or an odd number of them,
    and if scipy is not installed.
    """
    at_least("overdrive", overdrive, 0.0)
    positive("thermal_stability", thermal_stability)
    positive("tau_end", tau_end)
    if cells < 16 or cells % 2:
        raise InputError(f"expected an even number of cells of at least 16, got {cells!r}", where="cells")
    per_tau = steps_per_tau or int(np.ceil(25 * (1 + overdrive)))
    steps = int(np.ceil(tau_end * per_tau))
    start, forward, backward = _chain(overdrive, thermal_stability, cells)
    left_in_well = _march(start, forward / per_tau, backward / per_tau, steps)
    return ErrorCurve(np.arange(steps + 1) / per_tau, left_in_well)


def _chain(overdrive: float, thermal_stability: float, cells: int) -> tuple[Array, Array, Array]:
    """Return the starting masses and the rates from each cell to the next and back, a Markov chain in detailed balance."""
    faces = np.cos(np.linspace(0, np.pi, cells + 1))
    centres = np.cos((np.arange(cells) + 0.5) * np.pi / cells)
    volumes, gaps = faces[:-1] - faces[1:], centres[:-1] - centres[1:]
    potential = thermal_stability * (2 * overdrive - centres) * centres
    conductance = (1 - faces[1:-1] ** 2) / (2 * thermal_stability) / gaps
    rise = np.diff(potential)
    forward = conductance * _bernoulli(rise) / volumes[:-1]
    backward = conductance * _bernoulli(-rise) / volumes[1:]
    start = np.where(centres > 0, volumes * np.exp(thermal_stability * (centres**2 - 1)), 0.0)
    return start / start.sum(), forward, backward


def _bernoulli(z: Array) -> Array:
    """Return z / (exp(z) - 1), which is 1 at 0."""
    small = np.abs(z) < 1e-8
    safe = np.where(small, 1.0, z)
    fitted: Array = np.where(small, 1 - z / 2, safe / np.expm1(safe))
    return fitted


def _march(start: Array, forward: Array, backward: Array, steps: int) -> Array:
    """Return the mass left in the first half of the cells after each step."""
    lapack = _lapack()
    leaving = np.zeros_like(start)
    leaving[:-1] += forward
    leaving[1:] += backward
    factors = lapack.zgttrf(forward.astype(complex), -leaving - _POLE, backward.astype(complex))[:-1]
    mass = start
    half = len(start) // 2
    left = np.ones(steps + 1)
    for step in range(1, steps + 1):
        solved, _ = lapack.zgttrs(*factors, mass.astype(complex)[:, None])
        mass = 2 * (_RESIDUE * solved[:, 0]).real
        left[step] = mass[:half].sum()
    return left


def _lapack() -> Any:
    try:
        from scipy.linalg import lapack
    except ImportError as error:
        raise _needs_scipy() from error
    return lapack


def _interpolate() -> Any:
    try:
        from scipy import interpolate
    except ImportError as error:
        raise _needs_scipy() from error
    return interpolate


def _needs_scipy() -> InputError:
    return InputError("the Fokker-Planck solver needs scipy", hint="pip install 'simcore[device]'")
