"""The scratchpad as training sees it: which address each word is written to, and what lay there before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from simcore.errors import InputError, did_you_mean
from workloads.faults.injection import ErrorRates, write_words
from workloads.faults.words import Words

#: ``activations``: a layer's input, written once, read by the forward pass and the weight gradient. ``weights``: written once a
#: minibatch, read by the forward pass and the input gradient. ``errors``: the gradient of a layer's output, written once, read by
#: both gradients.
TensorKind = Literal["activations", "weights", "errors"]
TENSORS: tuple[TensorKind, ...] = get_args(TensorKind)

#: ``own``: every layer's tensor has addresses of its own, so that a word overwrites its predecessor of the last minibatch.
#: ``shared``: each kind of tensor has one region, in which every layer's tensor starts at the first address, so that a word
#: overwrites what the layer written before it left there.
Reuse = Literal["own", "shared"]
REUSES: tuple[Reuse, ...] = get_args(Reuse)


def check_reuse(reuse: str) -> None:
    """Raise InputError for an unknown way of reusing addresses."""
    if reuse not in REUSES:
        raise InputError(f"no way of reusing addresses is called '{reuse}'", hint=did_you_mean(reuse, REUSES))


@dataclass
class WriteCounts:
    """What was written of one kind of tensor: words, bits that had to flip, bits that did not."""

    words: int = 0
    flipped_bits: int = 0
    failed_bits: int = 0


@dataclass
class WordMemory:
    """A memory of words that lives as long as a training run; empty (all zeros) at its start.

    ``rates`` gives the error rates of each kind of tensor. The draws of one kind of tensor depend on the seed and on what was
    written of this kind alone. Raises InputError for an unknown way of reuse.
    """

    rates: Mapping[TensorKind, ErrorRates]
    seed: int
    reuse: Reuse = "own"
    counts: dict[TensorKind, WriteCounts] = field(default_factory=lambda: {tensor: WriteCounts() for tensor in TENSORS})

    def __post_init__(self) -> None:
        check_reuse(self.reuse)
        self._images: dict[tuple[TensorKind, int], Words] = {}
        # Philox is counter-based: its streams for different keys are independent.
        self._draws = {
            tensor: np.random.Generator(np.random.Philox(np.random.SeedSequence((self.seed, index))))
            for index, tensor in enumerate(TENSORS)
        }

    def write(self, tensor: TensorKind, layer: int, words: Words) -> Words:
        """Write a layer's tensor, flattened, from the first address of its region on; returns what now lies there."""
        image = self._image((tensor, layer if self.reuse == "own" else 0), words.size)
        written = write_words(image[: words.size], words.ravel(), self.rates[tensor], self._draws[tensor])
        image[: words.size] = written.words
        counts = self.counts[tensor]
        counts.words += words.size
        counts.flipped_bits += written.flipped_bits
        counts.failed_bits += written.failed_bits
        return written.words.reshape(words.shape)

    def _image(self, region: tuple[TensorKind, int], size: int) -> Words:
        """The region's words, at least ``size`` of them; a region grows by zeros."""
        image = self._images.get(region, np.zeros(0, np.uint32))
        if image.size < size:
            image = np.concatenate([image, np.zeros(size - image.size, np.uint32)])
            self._images[region] = image
        return image
