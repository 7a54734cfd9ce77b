"""Quantities with units: "64 KiB" in bytes, "1 GHz" in Hz, "10 ns" in picoseconds. A plain integer is in the base unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from simcore.errors import InputError, nearest
from simcore.reading.numbers import MAX_DIGITS, shown

_QUANTITY = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Za-z/]*)\s*")


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its name and an example for messages, its base unit, and the size of each unit in the base unit."""

    kind: str
    example: str
    base: str
    scales: Mapping[str, int]


# Binary prefixes only: 'KB' means 1000 to some and 1024 to others, so it is refused rather than guessed.
SIZE = Dimension("a size", "64 KiB", "B", {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30})
FREQUENCY = Dimension("a frequency", "1 GHz", "Hz", {"Hz": 1, "kHz": 10**3, "MHz": 10**6, "GHz": 10**9})
TIME = Dimension("a time", "10 ns", "ps", {"ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12})
# Data sheets give bandwidth and work per second in powers of ten.
BANDWIDTH = Dimension("a bandwidth", "480 GB/s", "B/s", {"B/s": 1, "MB/s": 10**6, "GB/s": 10**9, "TB/s": 10**12})
MAC_RATE = Dimension("a rate", "6 TMAC/s", "MAC/s", {"MAC/s": 1, "MMAC/s": 10**6, "GMAC/s": 10**9, "TMAC/s": 10**12})


def parse(value: object, dimension: Dimension) -> int:
    """Return the quantity as a whole number of the dimension's base unit.

    Raise InputError for another type, an unknown unit, or a fraction of the base unit.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    expected = f"expected {dimension.kind} such as '{dimension.example}', got {shown(value)}"
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None or len(match[1]) > MAX_DIGITS:
        raise InputError(expected)
    number, unit = match.groups()
    scale = dimension.scales.get(unit or dimension.base)
    if scale is None:
        meant = _meant(unit, dimension)
        raise InputError(expected, hint=f"did you mean '{meant}'?" if meant else f"units: {', '.join(dimension.scales)}")
    amount = Fraction(number.replace("_", "")) * scale
    if amount.denominator != 1:
        raise InputError(f"expected a whole number of {dimension.base}, got {shown(value)}")
    return int(amount)


def _meant(unit: str, dimension: Dimension) -> str | None:
    same_letters = [known for known in dimension.scales if known.lower() == unit.lower()]
    return same_letters[0] if same_letters else nearest(unit, dimension.scales)


def parse_size_bytes(value: object) -> int:
    """Return a size in bytes, or raise InputError."""
    return parse(value, SIZE)


def parse_frequency_hz(value: object) -> int:
    """Return a frequency in Hz, or raise InputError."""
    return parse(value, FREQUENCY)


def parse_time_ps(value: object) -> int:
    """Return a time in picoseconds, or raise InputError."""
    return parse(value, TIME)


def parse_bytes_per_s(value: object) -> int:
    """Return a bandwidth in bytes per second, or raise InputError."""
    return parse(value, BANDWIDTH)


def parse_macs_per_s(value: object) -> int:
    """Return a rate in multiply-accumulates per second, or raise InputError."""
    return parse(value, MAC_RATE)


def format_quantity(amount: int, dimension: Dimension) -> str:
    """Return the amount in the largest unit that divides it, so that parsing returns the same amount: 65536 bytes is '64 KiB'."""
    unit, scale = max(
        ((unit, scale) for unit, scale in dimension.scales.items() if amount % scale == 0),
        key=lambda found: found[1] if amount else -found[1],
    )
    return f"{amount // scale} {unit}"


def format_size(size_bytes: int) -> str:
    """Return bytes as text: '64 KiB'."""
    return format_quantity(size_bytes, SIZE)


def format_frequency(frequency_hz: int) -> str:
    """Return Hz as text: '1 GHz'."""
    return format_quantity(frequency_hz, FREQUENCY)


def format_time(time_ps: int) -> str:
    """Return picoseconds as text: '10 ns'."""
    return format_quantity(time_ps, TIME)
