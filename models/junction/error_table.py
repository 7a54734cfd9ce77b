"""Write error rates near the critical current, from a table of Fokker-Planck solutions (models/data/write_error_rate.csv).

For each stability and overdrive, the table holds the tau at which the error rate has fallen to each of several levels. These
times vary slowly, so cubic interpolation of ln(tau) in ln(stability) and overdrive stays within 1 % of the solver (5 % below the
critical current). ``build`` makes the table and needs scipy; reading it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, expm1, log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.junction.checks import at_least, between
from models.junction.fokker_planck import error_curve
from simcore.errors import InputError

Array = npt.NDArray[np.float64]
PATH = Path(__file__).parents[1] / "data" / "write_error_rate.csv"

STABILITIES = (10, 12.5, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120)
OVERDRIVES = tuple(round(0.8 + 0.05 * step, 2) for step in range(17)) + tuple(round(1.7 + 0.1 * step, 1) for step in range(10))
LEVELS = (0.99, 0.95, 0.85, 0.7, 0.5, 0.3, 0.15, 0.05, 0.01, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-15)

HEADER = """\
# tau = t / tau_D at which the write error rate of a perpendicular macrospin has fallen to the level that heads the column.
# Derived: own Fokker-Planck solution (models/junction/fokker_planck.py, 1200 cells), made by models.junction.error_table.build.
"""


@dataclass(frozen=True)
class ErrorTable:
    """``tau[s, i, l]`` is the time to level l at stability s and overdrive i; float64, axes ascending, levels descending."""

    stabilities: Array
    overdrives: Array
    levels: Array
    tau: Array

    def covers(self, overdrive: float, thermal_stability: float) -> bool:
        """Return whether the point lies within the table."""
        inside = self.overdrives[0] <= overdrive <= self.overdrives[-1]
        return bool(inside and self.stabilities[0] <= thermal_stability <= self.stabilities[-1])

    def times(self, overdrive: float, thermal_stability: float) -> Array:
        """Return the time to each level at a point. Raise InputError, with the range of the table, for a point outside it."""
        if not self.covers(overdrive, thermal_stability):
            ranges = (
                f"overdrive {self.overdrives[0]:g} to {self.overdrives[-1]:g} and "
                f"stability {self.stabilities[0]:g} to {self.stabilities[-1]:g}"
            )
            raise InputError(
                f"the table of write error rates holds {ranges}, got overdrive {overdrive:g} and stability {thermal_stability:g}",
                hint="the method fokker-planck solves any case",
            )
        rows, row_weights = _rows(self._stabilities, thermal_stability)
        columns, column_weights = _cubic(self.overdrives, overdrive)
        times: Array = np.exp(np.einsum("s,i,sil->l", row_weights, column_weights, self._log_tau[rows, columns]))
        return times

    @cached_property
    def _stabilities(self) -> tuple[float, ...]:
        return tuple(self.stabilities.tolist())

    @cached_property
    def _log_tau(self) -> Array:
        return np.log(self.tau)

    @cached_property
    def _hazards(self) -> Array:
        return _hazard(self.levels)

    def error_rate(self, overdrive: float, tau: float, thermal_stability: float) -> float:
        """Return the write error rate. Beyond the last level it follows the slowest mode, a pure exponential."""
        at_least("tau", tau, 0.0)
        times = self.times(overdrive, thermal_stability)
        hazards = self._hazards
        if tau >= times[-1]:
            return exp(_straight(tau, times, hazards, -2))
        if tau <= times[0]:
            return -expm1(-exp(_straight(tau, times, hazards, 0)))
        near, weights = _cubic(times, tau)
        return -expm1(-exp(float(weights @ hazards[near])))

    def pulse(self, overdrive: float, error_rate: float, thermal_stability: float) -> float:
        """Return the tau at which the error rate is reached: the inverse of ``error_rate``, by bisection."""
        between("error_rate", error_rate, 0.0, 1.0)
        low, high = 0.0, float(self.times(overdrive, thermal_stability)[-1])
        while self.error_rate(overdrive, high, thermal_stability) > error_rate:
            high *= 2
        for _ in range(80):
            middle = (low + high) / 2
            above = self.error_rate(overdrive, middle, thermal_stability) > error_rate
            low, high = (middle, high) if above else (low, middle)
        return high


@lru_cache(maxsize=64)
def _rows(stabilities: tuple[float, ...], thermal_stability: float) -> tuple[slice, Array]:
    """Return the rows around a stability and their weights. Searches over currents and times stay at one stability."""
    return _cubic(np.log(np.array(stabilities)), log(thermal_stability))


def _hazard(levels: Array) -> Array:
    """Return ln(-ln(1 - level)), which is a straight line where the error rate falls exponentially, and smooth up to 1."""
    return np.log(-np.log1p(-levels))


def _straight(tau: float, times: Array, hazards: Array, first: int) -> float:
    """Return the value at ``tau`` on the straight line through two neighbouring levels."""
    slope = (hazards[first + 1] - hazards[first]) / (times[first + 1] - times[first])
    return float(hazards[first] + slope * (tau - times[first]))


def _cubic(points: Array, at: float) -> tuple[slice, Array]:
    """Return the four points around ``at`` and their weights in the cubic through them."""
    first = min(max(int(points.searchsorted(at)) - 2, 0), len(points) - 4)
    a, b, c, d = points[first : first + 4].tolist()
    to_a, to_b, to_c, to_d = at - a, at - b, at - c, at - d
    weights = (
        to_b / (a - b) * (to_c / (a - c)) * (to_d / (a - d)),
        to_a / (b - a) * (to_c / (b - c)) * (to_d / (b - d)),
        to_a / (c - a) * (to_b / (c - b)) * (to_d / (c - d)),
        to_a / (d - a) * (to_b / (d - b)) * (to_c / (d - c)),
    )
    return slice(first, first + 4), np.array(weights)


@lru_cache(maxsize=1)
def error_table() -> ErrorTable:
    """Return the table that comes with simcore."""
    lines = [line for line in PATH.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    levels = np.array([float(name) for name in lines[0].split(",")[2:]])
    body = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    stabilities, overdrives = np.unique(body[:, 0]), np.unique(body[:, 1])
    return ErrorTable(stabilities, overdrives, levels, body[:, 2:].reshape(len(stabilities), len(overdrives), len(levels)))


def build() -> Iterator[str]:
    """Yield the lines of the table, solved anew (this takes a minute or two)."""
    yield HEADER.rstrip("\n")
    yield ",".join(["thermal_stability", "overdrive", *(f"{level:g}" for level in LEVELS)])
    for stability in STABILITIES:
        for overdrive in OVERDRIVES:
            yield ",".join([f"{stability:g}", f"{overdrive:g}", *(f"{tau:.6g}" for tau in level_times(overdrive, stability))])


def level_times(overdrive: float, thermal_stability: float) -> Array:
    """Return the solver's time to each level; for a level far off, extrapolate the slowest mode."""
    end = 4 * (1 + log(thermal_stability))
    curve = error_curve(overdrive, thermal_stability, end)
    while curve.error_rate[-1] > LEVELS[0] / 4:
        end *= 2
        curve = error_curve(overdrive, thermal_stability, end, steps_per_tau=None if end < 200 else 20)
    falling = np.flatnonzero(curve.error_rate > LEVELS[-1] / 10)
    logs, tau = np.log(curve.error_rate[falling]), curve.tau[falling]
    wanted = np.log(LEVELS)
    rate = (logs[len(logs) * 9 // 10] - logs[-1]) / (tau[-1] - tau[len(logs) * 9 // 10])
    beyond = tau[-1] + (logs[-1] - wanted) / rate
    times: Array = np.where(wanted >= logs[-1], _crossings(tau, logs, wanted), beyond)
    return times


def _crossings(tau: Array, logs: Array, wanted: Array) -> Array:
    """Return the times at which the falling curve crosses each level, by a cubic through the four nearest points."""
    rising = -logs
    crossings = []
    for level in np.minimum(-wanted, rising[-1]):
        near, weights = _cubic(rising, level)
        crossings.append(float(weights @ tau[near]))
    return np.array(crossings)
