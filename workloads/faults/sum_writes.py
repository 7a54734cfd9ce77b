"""Partial sums that are written with errors: which of their bits may fail, and what they add up to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workloads.faults import sum_kernels
from workloads.faults.error_kernels import compiled_pays
from workloads.faults.injection import ErrorRates, drawn_sites, failing, masks, words_and_bits
from workloads.faults.rate_table import rate_table
from workloads.faults.sum_sites import Sites, joined
from workloads.faults.sum_words import SumFormat
from workloads.faults.words import Values, Words


def drawn_sums(rates: ErrorRates, folds: int, sums: int, rng: np.random.Generator) -> Sites | None:
    """Return those bits of the sums that ``folds`` folds write which may fail, word by word, or None."""
    table = rate_table(rates)
    if compiled_pays(folds * sums):
        found = sum_kernels.drawn_sums(table, folds, sums, rng)
    else:
        found = [_placed(bits, highest, folds, sums, rng) for bits, highest in table.groups]
    return joined(found, sums)


def _placed(bits: Words, rate: float, folds: int, sums: int, rng: np.random.Generator) -> Sites:
    write, bit = words_and_bits(drawn_sites(len(bits) * folds * sums, rate, rng), bits)
    fold = write // sums
    return Sites(fold, write - fold * sums, bit)


def add_up(
    partials: Values, held: Words, sites: Sites, form: SumFormat, rates: ErrorRates, rng: np.random.Generator
) -> tuple[Values, int]:
    """Return the sums of ``partials`` [fold, sum], all folds but the last of which write theirs with errors, and the failed bits.

    The sums go round the words that the scratchpad ``held``, in which those stay that were written last.
    """
    if compiled_pays(partials.size):
        found = sum_kernels.add_up(partials, held, sites, form, rate_table(rates), rng)
        if found is not None:
            return found
    return added_in_numpy(partials, held, sites, form, rates, rng)


def added_in_numpy(
    partials: Values, held: Words, sites: Sites, form: SumFormat, rates: ErrorRates, rng: np.random.Generator
) -> tuple[Values, int]:
    """Do what `add_up` does without compiled functions."""
    folds, sums = len(partials) - 1, partials.shape[1]
    found, size, failed = np.empty(sums, np.float32), len(held), 0
    with np.errstate(invalid="ignore", over="ignore"):  # a failed write may have left an infinity or not-a-number
        scale = form.scale(float(np.abs(np.cumsum(partials, axis=0)).max(initial=0.0)))
        for first in range(0, sums, size):
            part = slice(first, min(first + size, sums))
            place = slice(0, part.stop - first)
            old, values = held[place].copy(), np.zeros(part.stop - first, np.float32)
            for fold, (begin, end) in enumerate(pairwise(np.searchsorted(sites.fold, np.arange(folds + 1)))):
                new = values + partials[fold, part]
                word, bit = sites.word[begin:end] - first, sites.bit[begin:end]
                if size < sums:
                    here = (word >= 0) & (word < len(new))
                    word, bit = word[here], bit[here]
                if len(word):
                    was = old[word] if fold == 0 else form.encode(values[word], scale)
                    failed += _fail(new, was, word, bit, (form, scale), rates, rng)
                values = new
            held[place] = form.encode(values, scale)
            found[part] = values + partials[folds, part]
    return found, failed


def _fail(
    new: Values,
    was: Words,
    word: npt.NDArray[np.int64],
    bit: Words,
    form: tuple[SumFormat, int],
    rates: ErrorRates,
    rng: np.random.Generator,
) -> int:
    """Put the old bits back into the sums ``new`` at those of the drawn sites whose write fails, and return how many do."""
    fails = failing(was, form[0].encode(new[word], form[1]), bit, rates, rng)
    flipped = masks(len(new), word[fails], bit[fails])
    failed = np.flatnonzero(flipped)
    new[failed] = form[0].decode(form[0].encode(new[failed], form[1]) ^ flipped[failed], form[1])
    return len(fails)
