"""Loops over the bits at which writes may fail, compiled: small arrays, for which numpy's calls take longer than their work.

Each has a form in numpy of the same meaning, in `injection`. Random numbers come from numpy's generators in the same order. A
function takes the address of the words of its call (`error_columns`).
"""

from __future__ import annotations

from typing import Any, cast

import numba
import numpy as np
from numba import int64

from simcore.timing.addresses import array_at, drawn_double, types
from workloads.faults.error_columns import (
    BITS,
    CHANCES,
    COLUMNS,
    COUNT,
    DRAWS,
    KNOWN,
    NEW,
    NEXT_DOUBLE,
    OLD,
    SITES,
    STATE,
)

# numba's annotations do not know `_nrt`. Arrays belong to the caller, so no reference is counted.
_njit: Any = numba.njit
#: The options of the functions of this file where they are compiled.
OPTIONS = {"_nrt": False, "error_model": "numpy"}
helper: Any = _njit(**OPTIONS)
_intrinsic: Any = cast(Any, numba).extending.intrinsic


@_intrinsic
def _ones(typing_context: Any, word: Any) -> Any:
    """Return how many bits of a word are set; only inside a kernel."""
    return word(word), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])


def count_flips(address: int) -> int:
    """Return how many bits of OLD and NEW differ."""
    call = array_at(address, NEW + 2, np.int64)
    old = array_at(call[OLD], call[OLD + 1], np.uint32)
    new = array_at(call[NEW], call[NEW + 1], np.uint32)
    found = 0
    for word in range(len(new)):
        found += _ones(np.int64(old[word] ^ new[word]))
    return int(found)


@helper
def place(call: Any, divisor: float, below: int, sites: Any) -> tuple[int, int]:
    """Append to the KNOWN ``sites`` those at the distances of COUNT draws.

    Return how many sites are known, and whether all ``below`` are.
    """
    draws, known = array_at(call[DRAWS], call[DRAWS + 1], np.float64), call[KNOWN]
    last, most = sites[known - 1] if known else -1, float(below + 1)
    for draw in range(call[COUNT]):
        last += int(max(min(np.ceil(draws[draw] / divisor), most), 1.0))
        if last >= below:
            return known, 1
        sites[known] = last
        known += 1
    return known, 0


def fail_writes(address: int) -> tuple[int, int]:
    """Append to SITES, and put the OLD bits back into the NEW words where a write fails.

    Return how many sites are known, and how many fail, -1 if further draws are needed.
    """
    call = array_at(address, COLUMNS, np.int64)
    old = array_at(call[OLD], call[OLD + 1], np.uint32)
    new = array_at(call[NEW], call[NEW + 1], np.uint32)
    bits = array_at(call[BITS], call[BITS + 1], np.uint32)
    sites = array_at(call[SITES], call[SITES + 1], np.int64)
    chances = array_at(call[CHANCES], call[CHANCES + 1], np.float64)
    known, are_all = place(call, chances[0], len(bits) * len(new), sites)
    if not are_all:
        return known, -1
    must_flip = failed = 0
    for site in range(known):  # without a branch: whether a bit must flip cannot be foreseen
        word = sites[site] // len(bits)
        bit = np.int64(bits[sites[site] - word * len(bits)])
        sites[must_flip] = word << 5 | bit
        must_flip += int(np.int64(old[word] ^ new[word]) >> bit & 1)
    for site in range(must_flip):
        at, of = sites[site] >> 5, sites[site] & 31
        to_zero = np.int64(new[at]) >> of & 1 ^ 1
        fails = int(drawn_double(call[NEXT_DOUBLE], call[STATE]) < chances[1 + 2 * of + to_zero])
        new[at] ^= fails << of
        failed += fails
    return known, failed


#: The types of each function.
SIGNATURES = {"count_flips": int64(int64), "fail_writes": types.UniTuple(int64, 2)(int64)}
