"""Endurance: how long the most often written line of a memory lasts."""

from __future__ import annotations

from math import inf

from models.junction.checks import at_least, between, positive


def lifetime_s(endurance_writes: float, writes_per_s: float, levelling: float = 0.0, mean_writes_per_s: float = 0.0) -> float:
    """Return the seconds until the busiest line, written ``writes_per_s`` times a second, has used up ``endurance_writes``.

    With ``levelling`` 0 the busiest line gets its own writes. With 1 all writes are spread evenly, so that every line gets
    ``mean_writes_per_s``. In between, the rate is mixed linearly. The result is infinite if nothing is written. Raise InputError
    for a mean above the busiest line's rate, levelling outside 0 to 1, or a negative rate.
    """
    positive("endurance_writes", endurance_writes)
    busiest = at_least("writes_per_s", writes_per_s, 0.0)
    mean = at_least("mean_writes_per_s", mean_writes_per_s, 0.0)
    share = levelling if levelling in (0, 1) else between("levelling", levelling, 0.0, 1.0)
    at_least("writes_per_s of the busiest line", busiest, mean)
    rate = (1 - share) * busiest + share * mean
    return endurance_writes / rate if rate else inf


def busiest_writes_per_s(writes_of_busiest_line: float, cycles: int, clock_hz: float) -> float:
    """Return the writes per second of a line that ``cycles`` core cycles wrote this often, if the run repeats for ever."""
    return at_least("writes", writes_of_busiest_line, 0) * positive("clock_hz", clock_hz) / positive("cycles", cycles)
