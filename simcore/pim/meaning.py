"""The operations on integers that a micro-program can compute: the widths of their operands and results, and their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcore.errors import InputError, did_you_mean

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Meaning:
    """One operation: the widths of its operands and of its result from the widths ``n`` and ``m``, and its value in integers.

    ``value`` takes the operands; the result counts modulo 2 to the power of its width. Only operations with ``has_signed`` mean
    something else for signed operands.
    """

    name: str
    widths: Callable[[int, int], tuple[int, ...]]
    out_bits: Callable[[int, int], int]
    value: Callable[..., Integers]
    has_signed: bool = False


def _two(n: int, m: int) -> tuple[int, ...]:
    return n, n


def _same(n: int, m: int) -> int:
    return n


def _one(n: int, m: int) -> int:
    return 1


def _selected(a: Integers, b: Integers, choice: Integers) -> Integers:
    return np.where(choice != 0, a, b).astype(np.int64)


OPERATIONS = {
    meaning.name: meaning
    for meaning in (
        Meaning("and", _two, _same, lambda a, b: a & b),
        Meaning("or", _two, _same, lambda a, b: a | b),
        Meaning("xor", _two, _same, lambda a, b: a ^ b),
        Meaning("not", lambda n, m: (n,), _same, lambda a: ~a),
        Meaning("maj", lambda n, m: (n, n, n), _same, lambda a, b, c: (a & b) | (c & (a | b))),
        Meaning("add", _two, _same, lambda a, b: a + b),
        Meaning("sub", _two, _same, lambda a, b: a - b),
        Meaning("less", _two, _one, lambda a, b: (a < b).astype(np.int64), has_signed=True),
        Meaning("equal", _two, _one, lambda a, b: (a == b).astype(np.int64)),
        Meaning("select", lambda n, m: (n, n, 1), _same, _selected),
        Meaning("mul", lambda n, m: (n, m), lambda n, m: n + m, lambda a, b: a * b, has_signed=True),
    )
}


def meaning_of(name: str) -> Meaning:
    """Return an operation by its name. Raise InputError for an unknown one."""
    if name not in OPERATIONS:
        raise InputError(f"no operation '{name}' on integers", hint=did_you_mean(name, OPERATIONS))
    return OPERATIONS[name]
