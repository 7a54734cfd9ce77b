"""Rates as exact rational numbers: bytes per cycle, written 16, 478.7, '4787/10' or '450 GB/s'."""

from __future__ import annotations

import re
from fractions import Fraction

from simcore.errors import InputError
from simcore.reading.numbers import MAX_DIGITS, shown
from simcore.reading.units import parse_bytes_per_s

#: The bounds of a bandwidth in bytes per cycle. They keep every sum that the engines form inside int64.
LEAST_BYTES_PER_CYCLE, MOST_BYTES_PER_CYCLE, MOST_CYCLES = Fraction(1, 100), 2**20, 10**6

_EXPECTED = "expected bytes per cycle such as 16, 478.7, '4787/10' or '450 GB/s'"
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(/[0-9]+)?")


def parse_bytes_per_cycle(value: object, clock_hz: int | None = None) -> Fraction:
    """Return a bandwidth in bytes per cycle of a clock. Bytes per second need ``clock_hz``.

    A decimal means what it says: 478.7 is 4787/10. Raise InputError for another form and outside the bounds.
    """
    rate = _rate(value, clock_hz)
    if rate < LEAST_BYTES_PER_CYCLE:
        raise InputError(f"expected at least {float(LEAST_BYTES_PER_CYCLE)} bytes per cycle, got {shown(value)}")
    if rate > MOST_BYTES_PER_CYCLE:
        raise InputError(f"expected at most {MOST_BYTES_PER_CYCLE} bytes per cycle, got {shown(value)}")
    if rate.denominator > MOST_CYCLES:
        hint = f"round it to a fraction such as {rate.limit_denominator(1000)}"
        raise InputError(f"expected a fraction of whole bytes in at most {MOST_CYCLES} cycles, got {shown(value)}", hint=hint)
    return rate


def _rate(value: object, clock_hz: int | None) -> Fraction:
    if isinstance(value, Fraction):
        return value
    text = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    if text.endswith("B/s") and clock_hz is not None:
        return Fraction(parse_bytes_per_s(text), clock_hz)
    if not _NUMBER.fullmatch(text) or len(text) > 2 * MAX_DIGITS:
        raise InputError(f"{_EXPECTED}, got {shown(value)}")
    number, _, cycles = text.partition("/")
    if cycles and int(cycles) == 0:
        raise InputError(f"{_EXPECTED}, got {shown(value)}")
    return Fraction(number) / int(cycles or 1)


def format_rate(rate: Fraction) -> int | str:
    """Return a rate as it is written in YAML, so that parsing returns the same rate: 16, or '4787/10'."""
    return int(rate) if rate.denominator == 1 else str(rate)
