"""Time: the phases of a cycle, and clock domains related by a rational ratio. Written once, used by both engines."""

from __future__ import annotations

from enum import IntEnum
from math import gcd


class Phase(IntEnum):
    """The phases of one core cycle, in order. What a phase reads was settled in an earlier one (ARCHITECTURE.md)."""

    RETIRE = 0
    SETTLE = 1
    ISSUE = 2
    GRANT = 3
    ADVANCE = 4
    COMPUTE = 5


def clock_ratio(core_hz: int, domain_hz: int) -> tuple[int, int]:
    """(p, q) in lowest terms: one cycle of the domain lasts p/q core cycles."""
    divisor = gcd(core_hz, domain_hz)
    return core_hz // divisor, domain_hz // divisor


#: With no larger term in a ratio, the products below stay inside int64 for 2^32 cycles.
MAX_RATIO_TERM = 1 << 31
#: With no more core cycles in a DRAM's cycle, none of its waits is taken for a machine that is stuck.
MAX_CORE_CYCLES = 64


def cycle_ratio(core_hz: int, cycle_ps: int) -> tuple[int, int]:
    """(p, q) in lowest terms: one cycle of a domain, given as its length in picoseconds, lasts p/q core cycles."""
    divisor = gcd(core_hz * cycle_ps, 10**12)
    return core_hz * cycle_ps // divisor, 10**12 // divisor


def core_cycle_of(domain_cycle: int, p: int, q: int) -> int:
    """The core cycle at which the domain's cycle happens: ceil(domain_cycle * p / q)."""
    return (domain_cycle * p + q - 1) // q


def domain_cycle_at(core_cycle: int, p: int, q: int) -> int:
    """The first cycle of the domain that happens at ``core_cycle`` or later."""
    if core_cycle <= 0:
        return 0
    return ((core_cycle - 1) * q) // p + 1
