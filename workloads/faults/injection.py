"""Writes with errors, bit by bit: a failed write keeps the old bit, and only a bit that must flip can fail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError
from workloads.faults.words import Words

#: Write error rates, shape (word bits, 2): by bit position (0 is the least significant), for 0->1 and for 1->0.
ErrorRates = npt.NDArray[np.float64]


class Written(NamedTuple):
    """The stored words of a write, the number of bits that had to flip, and the number of those that did not."""

    words: Words
    flipped_bits: int
    failed_bits: int


def error_rates(word_bits: int, rate: float | tuple[float, float], bits: Iterable[int] | None = None) -> ErrorRates:
    """Return the error rates of a word: ``rate`` at ``bits`` (all by default), and 0 elsewhere.

    ``rate`` is one number, or one for 0->1 and one for 1->0. Raise InputError for a rate outside 0 to 1 and for a bit that the
    word does not have.
    """
    rates = np.zeros((word_bits, 2))
    positions = range(word_bits) if bits is None else tuple(bits)
    for bit in positions:
        if not 0 <= bit < word_bits:
            raise InputError(f"expected bits 0 to {word_bits - 1} of a word of {word_bits}, got {bit}")
    for each in rate if isinstance(rate, tuple) else (rate,):
        if not 0 <= each <= 1:
            raise InputError(f"expected a write error rate from 0 to 1, got {each!r}")
    rates[list(positions)] = rate
    return rates


def write_words(old: Words, new: Words, rates: ErrorRates, rng: np.random.Generator) -> Written:
    """Write ``new`` over ``old`` (both of length n). Each bit that must flip fails independently with its own rate.

    To avoid one random number per bit, the function draws, for all bits of one rate, the sites (word, bit) at which a write would
    fail, using the geometric distance from each site to the next. A drawn site fails if its bit must flip, with the ratio of
    the rate in its direction to the higher one as probability. Each site therefore fails with its own rate, independently of
    the others.
    """
    flips = old ^ new
    flipped = int(np.bitwise_count(flips).sum())
    stored, failed = new.copy(), 0
    if not flipped:
        return Written(stored, flipped, 0)
    for bits, highest in bits_by_rate(rates):
        word, place = np.divmod(drawn_sites(len(bits) * len(new), highest, rng), len(bits))
        bit = bits[place]
        must_flip = np.flatnonzero((flips[word] >> bit) & np.uint32(1))
        word, bit = word[must_flip], bit[must_flip]
        fails = failing(old[word], new[word], bit, rates, rng)
        np.bitwise_xor.at(stored, word[fails], np.uint32(1) << bit[fails])
        failed += int(fails.sum())
    return Written(stored, flipped, failed)


def bits_by_rate(rates: ErrorRates) -> list[tuple[npt.NDArray[np.uint32], float]]:
    """Return the bits that may fail, ascending, together with all others of the same higher rate, and that rate."""
    highest = rates.max(axis=1)
    return [(np.flatnonzero(highest == rate).astype(np.uint32), float(rate)) for rate in np.unique(highest[highest > 0])]


def failing(old: Words, new: Words, bit: Words, rates: ErrorRates, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which of the sites, drawn at the higher rate of their bit, fail: ``bit`` of a word that overwrites ``old``."""
    must_flip = ((old ^ new) >> bit & np.uint32(1)).astype(bool)
    to_zero = 1 - ((new >> bit) & np.uint32(1)).astype(np.intp)
    drawn_at = rates.max(axis=1)[bit]
    fails: npt.NDArray[np.bool_] = must_flip & (rng.random(len(new)) * drawn_at < rates[bit, to_zero])
    return fails


def drawn_sites(sites: int, rate: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return, in ascending order, a random subset of ``sites`` sites to which each belongs with probability ``rate``."""
    found: list[npt.NDArray[np.int64]] = []
    last = -1
    while last < sites:
        enough = (sites - last) * rate
        # The distance to a rare site may exceed every integer that can be summed.
        distances = np.minimum(rng.geometric(rate, int(enough + 5 * enough**0.5) + 1), sites + 1)
        found.append(last + np.cumsum(distances))
        last = int(found[-1][-1])
    drawn = np.concatenate(found)
    return drawn[: np.searchsorted(drawn, sites)]
