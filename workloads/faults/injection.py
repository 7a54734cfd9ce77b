"""Writes with errors, bit by bit: a failed write keeps the old bit, and only a bit that must flip can fail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError
from simcore.program.program import Int64Array
from workloads.faults.distances import distances, enough_draws
from workloads.faults.error_kernels import compiled_pays, fail_writes
from workloads.faults.rate_table import RateTable, rate_table
from workloads.faults.words import Words

#: Write error rates, shape (word bits, 2): by bit position (0 is the least significant), for 0->1 and for 1->0.
ErrorRates = npt.NDArray[np.float64]

_ONE = np.uint32(1)


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
    if compiled_pays(len(new)):
        return Written(*fail_writes(old, new, rate_table(rates), rng))
    return written_in_numpy(old, new, rates, rng)


def written_in_numpy(old: Words, new: Words, rates: ErrorRates, rng: np.random.Generator) -> Written:
    """Do what `write_words` does without compiled functions."""
    flips = old ^ new
    flipped = int(np.bitwise_count(flips).sum())
    stored, failed = new.copy(), 0
    if not flipped:
        return Written(stored, flipped, 0)
    table = rate_table(rates)
    for bits, highest in table.groups:
        word, bit = words_and_bits(drawn_sites(len(bits) * len(new), highest, rng), bits)
        must_flip = (flips[word] >> bit & _ONE).nonzero()[0]
        word, bit = word[must_flip], bit[must_flip]
        fails = _fails(new[word], bit, table, rng)
        stored ^= masks(len(new), word[fails], bit[fails])
        failed += len(fails)
    return Written(stored, flipped, failed)


def words_and_bits(sites: Int64Array, bits: npt.NDArray[np.uint32]) -> tuple[Int64Array, npt.NDArray[np.uint32]]:
    """Return the word and the bit of each site, of which every word has one for each of ``bits``, in this order."""
    word = sites // len(bits)  # numpy's divmod takes three times as long
    return word, bits[sites - word * len(bits)]


def masks(words: int, word: Int64Array, bit: npt.NDArray[np.uint32]) -> Words:
    """Return a mask for each of so many words, in which the ``bit`` of each site is set. No site comes twice."""
    found = np.zeros(words, np.uint32)
    np.add.at(found, word, _ONE << bit)  # several times faster than bitwise_or.at
    return found


def failing(old: Words, new: Words, bit: Words, rates: ErrorRates, rng: np.random.Generator) -> Int64Array:
    """Return the numbers of those drawn sites that fail, ascending: each is the ``bit`` of a word that overwrites ``old``."""
    must_flip = ((old ^ new) >> bit & _ONE).nonzero()[0]
    return must_flip[_fails(new[must_flip], bit[must_flip], rate_table(rates), rng)]


def _fails(new: Words, bit: Words, table: RateTable, rng: np.random.Generator) -> Int64Array:
    """Return which of the drawn sites, all of which must flip, fail in that direction: to the value of ``bit`` in ``new``."""
    to_zero = (new >> bit & _ONE) ^ _ONE
    return (rng.random(len(new)) < table.shares[bit + bit + to_zero]).nonzero()[0]


def drawn_sites(sites: int, rate: float, rng: np.random.Generator) -> Int64Array:
    """Return, in ascending order, a random subset of ``sites`` sites to which each belongs with probability ``rate``."""
    found: list[Int64Array] = []
    last = -1
    while last < sites:
        found.append(last + np.cumsum(distances(enough_draws(sites - last, rate), rate, sites + 1, rng)))
        last = int(found[-1][-1])
    drawn = found[0] if len(found) == 1 else np.concatenate(found)
    return drawn[: np.searchsorted(drawn, sites)]
