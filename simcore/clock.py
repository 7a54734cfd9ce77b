"""Time: the phases of a cycle, and clock domains that relate by a rational ratio. Both engines use this one definition."""

from __future__ import annotations

from enum import IntEnum
from math import gcd


class Phase(IntEnum):
    """The phases of one core cycle, in order. A phase reads only what an earlier phase has settled (ARCHITECTURE.md)."""

    RETIRE = 0
    SETTLE = 1
    ISSUE = 2
    GRANT = 3
    ADVANCE = 4
    COMPUTE = 5


def clock_ratio(core_hz: int, domain_hz: int) -> tuple[int, int]:
    """Return (p, q) in lowest terms, where one cycle of the domain lasts p/q core cycles."""
    divisor = gcd(core_hz, domain_hz)
    return core_hz // divisor, domain_hz // divisor


#: The largest term of a ratio. It keeps the products below inside int64 for 2^32 cycles.
MAX_RATIO_TERM = 1 << 31
#: The most core cycles in one cycle of a DRAM, so that the engines never mistake a wait for the DRAM for a stuck machine.
MAX_CORE_CYCLES = 64


def cycle_ratio(core_hz: int, cycle_ps: int) -> tuple[int, int]:
    """Return (p, q) in lowest terms, where one cycle of the domain, which lasts ``cycle_ps`` picoseconds, is p/q core cycles."""
    divisor = gcd(core_hz * cycle_ps, 10**12)
    return core_hz * cycle_ps // divisor, 10**12 // divisor


def core_cycle_of(domain_cycle: int, p: int, q: int) -> int:
    """Return the core cycle in which the domain's cycle happens: ceil(domain_cycle * p / q)."""
    return (domain_cycle * p + q - 1) // q


def domain_cycle_at(core_cycle: int, p: int, q: int) -> int:
    """Return the first cycle of the domain that happens in ``core_cycle`` or later."""
    if core_cycle <= 0:
        return 0
    return ((core_cycle - 1) * q) // p + 1
