"""The write that may fail, bit by bit: a failed write keeps the old bit, and only a bit that has to flip can fail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError
from workloads.faults.words import Words

#: Write error rates, shape (word bits, 2): by bit position (0 the least significant) for 0->1 and for 1->0.
ErrorRates = npt.NDArray[np.float64]


class Written(NamedTuple):
    """What a write left behind, how many bits had to flip and how many of them did not."""

    words: Words
    flipped_bits: int
    failed_bits: int


def error_rates(word_bits: int, rate: float | tuple[float, float], bits: Iterable[int] | None = None) -> ErrorRates:
    """Error rates of a word: ``rate`` (one, or one for 0->1 and one for 1->0) at ``bits`` (all by default), 0 elsewhere.

    Raises InputError for a rate outside 0 to 1 and for a bit that the word does not have.
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
    """Write ``new`` over ``old`` (both of length n); each bit that has to flip fails on its own with its rate.

    One coin per bit would mostly be thrown in vain. Instead the sites (word, bit) at which a write of the highest rate would fail
    are drawn, by the geometric distance from each to the next; such a site fails if its bit has to flip, with its own rate over
    the highest. That gives every site its rate, independently of the others.
    """
    flips = old ^ new
    flipped = int(np.bitwise_count(flips).sum())
    at_risk = np.flatnonzero(rates.max(axis=1))
    stored = new.copy()
    if not len(at_risk) or not flipped:
        return Written(stored, flipped, 0)
    highest = float(rates.max())
    word, place = np.divmod(_drawn_sites(len(at_risk) * len(new), highest, rng), len(at_risk))
    bit = at_risk[place].astype(np.uint32)
    must_flip = np.flatnonzero((flips[word] >> bit) & np.uint32(1))
    word, bit = word[must_flip], bit[must_flip]
    to_zero = 1 - ((new[word] >> bit) & np.uint32(1)).astype(np.intp)
    fails = rng.random(len(word)) * highest < rates[bit, to_zero]
    np.bitwise_xor.at(stored, word[fails], np.uint32(1) << bit[fails])
    return Written(stored, flipped, int(fails.sum()))


def _drawn_sites(sites: int, rate: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Those of ``sites`` that come up, ascending, where each does with probability ``rate``."""
    found: list[npt.NDArray[np.int64]] = []
    last = -1
    while last < sites:
        enough = (sites - last) * rate
        # A rare site's distance may be beyond any integer that can be summed.
        distances = np.minimum(rng.geometric(rate, int(enough + 5 * enough**0.5) + 1), sites + 1)
        found.append(last + np.cumsum(distances))
        last = int(found[-1][-1])
    drawn = np.concatenate(found)
    return drawn[: np.searchsorted(drawn, sites)]
