"""Loops over partial sums that are written with errors, compiled: folds are small, and numpy takes a dozen calls for each.

Each has a form in numpy of the same meaning, in `sum_writes`. Random numbers come from numpy's generators in the same order. A
function takes the address of the words of its call (`error_columns`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64

from simcore.timing.addresses import array_at, drawn_double, types
from workloads.faults.error_columns import (
    BIT,
    BITS,
    CHANCES,
    FACTORS,
    FOLD,
    FOLDS,
    FOUND,
    MASKS,
    NEXT_DOUBLE,
    OLD,
    PARTIALS,
    SITES,
    STATE,
    SUM_COLUMNS,
    SUMS,
    VALUES,
    WORD,
)
from workloads.faults.error_loops import OPTIONS, helper, place

__all__ = ["OPTIONS", "SIGNATURES", "add_sums", "place_sums", "sum_peak"]

#: The words of fixed-point sums hold integers from -_TOP to _TOP - 1.
_TOP = 2.0**31
_SIZE_BITS, _ALL_BITS = 0x7FFFFFFF, 0xFFFFFFFF


def place_sums(address: int) -> tuple[int, int]:
    """Append to SITES, and fill FOLD, WORD and BIT, in which there is room for all sites.

    Return how many sites are known, and whether these are all; if not, further draws are needed.
    """
    call = array_at(address, SUM_COLUMNS, np.int64)
    bits = array_at(call[BITS], call[BITS + 1], np.uint32)
    sites = array_at(call[SITES], call[SITES + 1], np.int64)
    fold_of = array_at(call[FOLD], call[FOLD + 1], np.int64)
    word_of = array_at(call[WORD], call[WORD + 1], np.int64)
    bit_of = array_at(call[BIT], call[BIT + 1], np.uint32)
    divisor = array_at(call[CHANCES], call[CHANCES + 1], np.float64)[0]
    known, are_all = place(call, divisor, len(bits) * call[FOLDS] * call[SUMS], sites)
    if are_all:
        fold = begin = 0
        for site in range(known):
            write = sites[site] // len(bits)
            if write - begin >= call[SUMS]:
                fold = write // call[SUMS]
                begin = fold * call[SUMS]
            fold_of[site], word_of[site] = fold, write - begin
            bit_of[site] = bits[sites[site] - write * len(bits)]
    return known, are_all


def sum_peak(address: int) -> tuple[int, int]:
    """Return bit patterns without signs: of the largest of the sums as they grow fold by fold, and of the largest of PARTIALS."""
    call = array_at(address, SUM_COLUMNS, np.int64)
    partials = array_at(call[PARTIALS], call[PARTIALS + 1], np.float32)
    patterns = array_at(call[PARTIALS], call[PARTIALS + 1], np.uint32)
    values = array_at(call[VALUES], call[VALUES + 1], np.float32)
    found = array_at(call[VALUES], call[VALUES + 1], np.uint32)
    peak = largest = 0
    for at in range(call[SUMS]):
        values[at] = 0
    for first in range(0, len(partials), max(call[SUMS], 1)):
        for at in range(call[SUMS]):
            values[at] += partials[first + at]
            peak = max(peak, int(np.int64(found[at])) & _SIZE_BITS)
            largest = max(largest, int(np.int64(patterns[first + at])) & _SIZE_BITS)
    return peak, largest


@helper
def _word(values: Any, patterns: Any, at: int, factors: Any) -> int:
    """Return the word of a sum: its bit pattern, or, where there are factors, an integer, which saturates."""
    if not len(factors):
        return int(np.int64(patterns[at]))
    scaled = np.float64(values[at]) * factors[0]
    if np.isnan(scaled):
        return 0
    return int(min(max(np.rint(scaled), -_TOP), _TOP - 1)) & _ALL_BITS


@helper
def _put(values: Any, patterns: Any, at: int, word: int, factors: Any) -> None:
    """Make a sum that of a word."""
    if len(factors):
        values[at] = np.float32((word - (word >> 31 << 32)) * factors[1])
    else:
        patterns[at] = word


@helper
def _flipping(call: Any, fold: int, begin: int, end: int, first: int, before: int, after: int) -> int:
    """Find, of the sites from ``begin`` to ``end``, those in a part whose bit must flip, and return their number.

    SITES gets for each its word, its bit and whether it must become 0. The part begins at sum ``first``. Its sums lie in VALUES
    from ``after`` on, and those of the fold before from ``before`` on; the first fold overwrites OLD.
    """
    held = array_at(call[OLD], call[OLD + 1], np.uint32)
    sites = array_at(call[SITES], call[SITES + 1], np.int64)
    word_of = array_at(call[WORD], call[WORD + 1], np.int64)
    bit_of = array_at(call[BIT], call[BIT + 1], np.uint32)
    values = array_at(call[VALUES], call[VALUES + 1], np.float32)
    patterns = array_at(call[VALUES], call[VALUES + 1], np.uint32)
    factors = array_at(call[FACTORS], call[FACTORS + 1], np.float64)
    found, words = 0, abs(after - before)
    for site in range(begin, end):
        word, bit = word_of[site] - first, np.int64(bit_of[site])
        if 0 <= word < words:
            old = np.int64(held[word]) if fold == 0 else _word(values, patterns, before + word, factors)
            new = _word(values, patterns, after + word, factors)
            sites[found] = word << 6 | bit << 1 | (new >> bit & 1 ^ 1)
            found += (old ^ new) >> bit & 1
    return found


@helper
def _fail(call: Any, count: int, after: int) -> int:
    """Let the ``count`` SITES whose bit must flip fail at random, and return how many do."""
    sites = array_at(call[SITES], call[SITES + 1], np.int64)
    chances = array_at(call[CHANCES], call[CHANCES + 1], np.float64)
    values = array_at(call[VALUES], call[VALUES + 1], np.float32)
    patterns = array_at(call[VALUES], call[VALUES + 1], np.uint32)
    masks = array_at(call[MASKS], call[MASKS + 1], np.uint32)
    factors = array_at(call[FACTORS], call[FACTORS + 1], np.float64)
    failed = 0
    for site in range(count):
        fails = int(drawn_double(call[NEXT_DOUBLE], call[STATE]) < chances[1 + (sites[site] & 63)])
        masks[sites[site] >> 6] |= fails << (sites[site] >> 1 & 31)
        failed += fails
    for site in range(count):  # all failed bits of a word at once, because its value is rounded
        word = sites[site] >> 6
        if masks[word]:
            _put(values, patterns, after + word, _word(values, patterns, after + word, factors) ^ masks[word], factors)
            masks[word] = 0
    return failed


def add_sums(address: int) -> int:
    """Fill FOUND with the sums of PARTIALS and OLD with the last words written, and return how many bits fail.

    A part of the sums that fills the scratchpad is added over all folds before the next.
    """
    call = array_at(address, SUM_COLUMNS, np.int64)
    held = array_at(call[OLD], call[OLD + 1], np.uint32)
    fold_of = array_at(call[FOLD], call[FOLD + 1], np.int64)
    partials = array_at(call[PARTIALS], call[PARTIALS + 1], np.float32)
    values = array_at(call[VALUES], call[VALUES + 1], np.float32)
    patterns = array_at(call[VALUES], call[VALUES + 1], np.uint32)
    found = array_at(call[FOUND], call[FOUND + 1], np.float32)
    factors = array_at(call[FACTORS], call[FACTORS + 1], np.float64)
    folds, sums, failed = call[FOLDS], call[SUMS], 0
    for first in range(0, sums, len(held)):
        words, end = min(len(held), sums - first), 0
        before, after = 0, words
        for word in range(words):
            values[word] = 0
        for fold in range(folds):
            begin = end
            while end < len(fold_of) and fold_of[end] == fold:
                end += 1
            for word in range(words):
                values[after + word] = values[before + word] + partials[fold * sums + first + word]
            failed += _fail(call, _flipping(call, fold, begin, end, first, before, after), after)
            before, after = after, before
        for word in range(words):
            held[word] = _word(values, patterns, before + word, factors)
            found[first + word] = values[before + word] + partials[folds * sums + first + word]
    return failed


_PAIR = types.UniTuple(int64, 2)
#: The types of each function.
SIGNATURES = {"place_sums": _PAIR(int64), "sum_peak": _PAIR(int64), "add_sums": int64(int64)}
