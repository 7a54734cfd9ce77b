"""What heat alone, or heat and a current below the critical one, does to a stored bit: read disturb and retention."""

from __future__ import annotations

from math import exp, expm1, pi, sqrt

from models.junction.checks import at_least, between, positive
from models.junction.junction import Junction


def escape_rate(overdrive: float, thermal_stability: float) -> float:
    """Escapes from the well per tau_D at an overdrive 0 <= i < 1, after Brown:
    sqrt(stability / pi) (1 - i^2) (1 - i) exp(-stability (1 - i)^2). Good where the barrier stability x (1 - i)^2 exceeds 5."""
    i = 0.0 if overdrive == 0 else between("overdrive", overdrive, 0.0, 1.0)
    d = positive("thermal_stability", thermal_stability)
    return sqrt(d / pi) * (1 - i * i) * (1 - i) * exp(-d * (1 - i) ** 2)


def read_disturb_probability(junction: Junction, overdrive: float, read_ns: float) -> float:
    """Probability that a read at this overdrive, 0 <= i < 1, for ``read_ns`` flips the bit it reads:
    1 - exp(-(t / tau_0) exp(-stability (1 - i)^n)), with the junction's tau_0 and exponent n."""
    i = 0.0 if overdrive == 0 else between("overdrive", overdrive, 0.0, 1.0)
    barrier = junction.thermal_stability * (1 - i) ** junction.read_disturb_exponent
    return -expm1(-(at_least("read_ns", read_ns, 0.0) / junction.attempt_time_ns) * exp(-barrier))


def retention_s(junction: Junction) -> float:
    """Mean time until a bit left alone flips, tau_0 exp(stability), in seconds."""
    return 1e-9 * junction.attempt_time_ns * exp(junction.thermal_stability)


def expected_retention_failures(junction: Junction, bits: int, time_s: float) -> float:
    """How many of ``bits`` are expected to flip within ``time_s``: bits x (1 - exp(-time / retention))."""
    return -positive("bits", bits) * expm1(-at_least("time_s", time_s, 0.0) / retention_s(junction))
