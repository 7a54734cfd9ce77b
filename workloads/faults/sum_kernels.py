"""Partial sums with errors by compiled functions, those of `sum_loops`, as `sum_writes` has them in numpy."""

from __future__ import annotations

import numpy as np

from workloads.faults.error_kernels import Borrowed, Group, borrowed, called, draw, groups_of, room, words_of_draws
from workloads.faults.rate_table import RateTable
from workloads.faults.sum_sites import Sites
from workloads.faults.sum_words import FixedSums, FloatSums, SumFormat
from workloads.faults.words import Values, Words

_INFINITY = int(np.array(np.inf, np.float32).view(np.uint32))


def drawn_sums(table: RateTable, folds: int, sums: int, rng: np.random.Generator) -> list[Sites]:
    """Return, for the bits of each rate, those that may fail of the sums that ``folds`` folds write."""
    return [_placed(group, folds, sums, rng) for group in groups_of(table)]


def _placed(group: Group, folds: int, sums: int, rng: np.random.Generator) -> Sites:
    known, are_all, below = 0, 0, group.bits.array.size * folds * sums
    while not are_all:
        count = draw(below, group, known, rng)
        size = known + count
        found = Sites(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.uint32))
        if not count:
            break
        words = words_of_draws((0, 0, 0, 0), group, (count, known), rng)
        known, are_all = called("place_sums", (*words, *_words(found), *(0,) * 10, folds, sums))
    return Sites(found.fold[:known], found.word[:known], found.bit[:known])


def _words(sites: Sites) -> tuple[int, ...]:
    """Describe sites, which must stay in memory. Raise TypeError if they cannot be borrowed."""
    fold, word, bit = Borrowed(sites.fold, np.int64), Borrowed(sites.word, np.int64), Borrowed(sites.bit, np.uint32)
    return *fold.words, *word.words, *bit.words


def add_up(
    partials: Values, held: Words, sites: Sites, form: SumFormat, table: RateTable, rng: np.random.Generator
) -> tuple[Values, int] | None:
    """Return what `sum_writes.add_up` does, or None for what compiled functions do not add.

    Which of two not-a-numbers remains of their sum depends, in numpy, on where they stand. So ``partials`` must not hold any.
    """
    groups = groups_of(table)
    if not groups or not isinstance(form, FloatSums | FixedSums):
        return None
    folds, sums = len(partials) - 1, partials.shape[1]
    given, found = borrowed(partials, np.float32), np.empty(sums, np.float32)
    room.grow(0, len(sites.fold))
    room.grow_sums(sums)
    arrays = *given.words, *room.values.words, *room.masks.words, *Borrowed(found, np.float32).words
    before = words_of_draws((*Borrowed(held, np.uint32).words, 0, 0), groups[0], (0, 0), rng)
    before = *before, *_words(sites), *arrays
    peak, largest = called("sum_peak", (*before, 0, 0, folds, sums))
    if largest > _INFINITY:
        return None
    factors = _factors(form, peak)
    return found, called("add_sums", (*before, *factors.words, folds, sums), rng)


def _factors(form: FloatSums | FixedSums, peak: int) -> Borrowed[np.float64]:
    """Return the factors from values to words and back, of which sums in float32 need none. ``peak`` is a bit pattern."""
    if isinstance(form, FloatSums):
        return Borrowed(np.empty(0), np.float64)
    scale = form.scale(float(np.array(peak, np.uint32).view(np.float32)))
    return Borrowed(np.array([2.0**scale, 2.0**-scale]), np.float64)
