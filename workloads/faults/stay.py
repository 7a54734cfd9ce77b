"""Bits that flip while they are stored: by heat, and by reads, each in both directions or only out of one state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcore.errors import InputError
from workloads.faults.injection import drawn_sites, masks, words_and_bits
from workloads.faults.words import Words

#: The probabilities that a stored 0, and a stored 1, is wrong when it is used.
StayFlips = tuple[float, float]
#: Bits stay as they were written.
NO_FLIPS: StayFlips = (0.0, 0.0)


class Stayed(NamedTuple):
    """Words as they are read, and the number of their bits that flipped."""

    words: Words
    flipped_bits: int


def check_stay_flips(flips: StayFlips) -> None:
    """Raise InputError unless both are probabilities."""
    for each in flips:
        if not 0 <= each <= 1:
            raise InputError(f"expected probabilities from 0 to 1, got {each!r}", where="stay_flips")


def after_stay(words: Words, word_bits: int, flips: StayFlips, rng: np.random.Generator) -> Stayed:
    """Return words of ``word_bits`` bits (1-D) as they are after their stay: each bit flips independently, by its value.

    The cost is proportional to the number of flips: sites that would flip at the higher probability are drawn, and each flips
    with the ratio of its own probability to the higher one.
    """
    highest = max(flips)
    if highest == 0 or not words.size:
        return Stayed(words, 0)
    word, bit = words_and_bits(drawn_sites(word_bits * words.size, highest, rng), np.arange(word_bits, dtype=np.uint32))
    own = np.asarray(flips)[(words[word] >> bit) & np.uint32(1)]
    flipped = rng.random(len(word)) * highest < own
    return Stayed(words ^ masks(words.size, word[flipped], bit[flipped]), int(flipped.sum()))
