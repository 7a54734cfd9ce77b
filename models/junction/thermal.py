"""Read disturb and retention: how heat, with or without a current below the critical one, flips a stored bit."""

from __future__ import annotations

from math import exp, expm1, pi, sqrt

from models.junction.checks import at_least, between, positive
from models.junction.junction import Junction


def escape_rate(overdrive: float, thermal_stability: float) -> float:
    """Return the escapes from the well per tau_D at an overdrive 0 <= i < 1, after Brown.

    The rate is sqrt(stability / pi) (1 - i^2) (1 - i) exp(-stability (1 - i)^2). It is accurate if the barrier
    stability x (1 - i)^2 exceeds 5.
    """
    i = 0.0 if overdrive == 0 else between("overdrive", overdrive, 0.0, 1.0)
    d = positive("thermal_stability", thermal_stability)
    return sqrt(d / pi) * (1 - i * i) * (1 - i) * exp(-d * (1 - i) ** 2)


def read_disturb_probability(junction: Junction, overdrive: float, read_ns: float) -> float:
    """Return the probability that a read of ``read_ns`` at this overdrive, 0 <= i < 1, flips the bit that it reads.

    It is 1 - exp(-(t / tau_0) exp(-stability (1 - i)^n)), with the junction's tau_0 and exponent n.
    """
    i = 0.0 if overdrive == 0 else between("overdrive", overdrive, 0.0, 1.0)
    barrier = junction.thermal_stability * (1 - i) ** junction.read_disturb_exponent
    return -expm1(-(at_least("read_ns", read_ns, 0.0) / junction.attempt_time_ns) * exp(-barrier))


def retention_s(junction: Junction) -> float:
    """Return the mean time until an idle bit flips, tau_0 exp(stability), in seconds."""
    return 1e-9 * junction.attempt_time_ns * exp(junction.thermal_stability)


def expected_retention_failures(junction: Junction, bits: int, time_s: float) -> float:
    """Return the expected number of ``bits`` that flip within ``time_s``: bits x (1 - exp(-time / retention))."""
    return -positive("bits", bits) * expm1(-at_least("time_s", time_s, 0.0) / retention_s(junction))
