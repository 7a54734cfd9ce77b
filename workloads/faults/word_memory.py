"""The scratchpad that training uses: the address to which each word is written, and the word that was there before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from simcore.errors import InputError, did_you_mean
from workloads.faults.injection import ErrorRates, write_words
from workloads.faults.stay import NO_FLIPS, StayFlips, after_stay
from workloads.faults.words import Words
from workloads.layers.held import TensorKind

TENSORS: tuple[TensorKind, ...] = get_args(TensorKind)

#: ``own``: every layer's tensor has its own addresses, so a word overwrites its predecessor from the previous minibatch.
#: ``shared``: each kind of tensor has one region, in which every layer's tensor starts at the first address, so a word overwrites
#: what the previously written layer left there.
Reuse = Literal["own", "shared"]
REUSES: tuple[Reuse, ...] = get_args(Reuse)


def check_reuse(reuse: str) -> None:
    """Raise InputError for an unknown way of reusing addresses."""
    if reuse not in REUSES:
        raise InputError(f"no way of reusing addresses is called '{reuse}'", hint=did_you_mean(reuse, REUSES))


@dataclass
class WriteCounts:
    """Counts of the writes of one kind of tensor: words, bits that had to flip, and bits that failed to flip.

    ``stay_bits`` counts the bits that flipped between their write and their use.
    """

    words: int = 0
    flipped_bits: int = 0
    failed_bits: int = 0
    stay_bits: int = 0


@dataclass
class WordMemory:
    """A memory of words that exists for one training run. It is empty (all zeros) at the start.

    ``rates`` gives the error rates of each kind of tensor. The random draws for one kind depend only on the seed and on the
    earlier writes of this kind. ``stay`` gives the probabilities with which stored bits flip before they are used; every use of a
    word sees the same flips. Raise InputError for an unknown way of reuse.
    """

    rates: Mapping[TensorKind, ErrorRates]
    seed: int
    reuse: Reuse = "own"
    stay: StayFlips = NO_FLIPS
    counts: dict[TensorKind, WriteCounts] = field(default_factory=lambda: {tensor: WriteCounts() for tensor in TENSORS})

    def __post_init__(self) -> None:
        check_reuse(self.reuse)
        self._images: dict[tuple[TensorKind, int], Words] = {}
        # Philox is counter-based, so its streams for different keys are independent.
        self._draws = {
            tensor: np.random.Generator(np.random.Philox(np.random.SeedSequence((self.seed, index))))
            for index, tensor in enumerate(TENSORS)
        }
        self._stay_draws = {
            tensor: np.random.Generator(np.random.Philox(np.random.SeedSequence((self.seed, len(TENSORS) + index))))
            for index, tensor in enumerate(TENSORS)
        }

    def write(self, tensor: TensorKind, layer: int, words: Words) -> Words:
        """Write a layer's tensor, flattened, from the first address of its region on. Return the words that are now stored."""
        image = self._image((tensor, layer if self.reuse == "own" else 0), words.size)
        written = write_words(image[: words.size], words.ravel(), self.rates[tensor], self._draws[tensor])
        stayed = after_stay(written.words, len(self.rates[tensor]), self.stay, self._stay_draws[tensor])
        image[: words.size] = stayed.words
        counts = self.counts[tensor]
        counts.words += words.size
        counts.flipped_bits += written.flipped_bits
        counts.failed_bits += written.failed_bits
        counts.stay_bits += stayed.flipped_bits
        return stayed.words.reshape(words.shape)

    def _image(self, region: tuple[TensorKind, int], size: int) -> Words:
        """Return the region's words, at least ``size`` of them. A region grows by zeros."""
        image = self._images.get(region, np.zeros(0, np.uint32))
        if image.size < size:
            image = np.concatenate([image, np.zeros(size - image.size, np.uint32)])
            self._images[region] = image
        return image
