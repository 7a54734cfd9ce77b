"""The scratchpads of a machine while it trains: every word that is written, where it lands, and which of its bits fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workloads.faults.injection import ErrorRates, Written, write_words
from workloads.faults.stay import NO_FLIPS, StayFlips, after_stay
from workloads.faults.step_writes import PADS, RegionWrites
from workloads.faults.sum_sites import Sites
from workloads.faults.sum_words import SumFormat
from workloads.faults.sum_writes import add_up, drawn_sums
from workloads.faults.word_memory import Reuse, WriteCounts, check_reuse
from workloads.faults.words import Values, Words
from workloads.layers.held import TensorKind

#: Scratchpad and kind of tensor (None: other data) -> error rates of each bit of its words.
PadRates = Mapping[tuple[str, TensorKind | None], ErrorRates]


@dataclass(frozen=True)
class BankShare:
    """The first ``safe_banks`` of a scratchpad's banks, in which no write fails. Lines of ``line_words`` go round the banks."""

    banks: int
    line_words: int
    safe_banks: int

    def is_safe(self, address: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return whether each word lies in a safe bank."""
        found: npt.NDArray[np.bool_] = address // self.line_words % self.banks < self.safe_banks
        return found


@dataclass(frozen=True)
class _Later:
    """Words that lie in a scratchpad but are made only when an error needs them."""

    first: int
    end: int
    make: Callable[[], Words]


class PadMemory:
    """Scratchpads that exist for one training run. They are empty (all zeros) at the start.

    With ``reuse`` "shared" a tensor lies where the machine's plan puts it, so a word overwrites what an earlier layer left at
    that address; its words follow each other in the tensor's order. With "own" each tensor of each layer has addresses of its
    own. A tensor that is larger than its share goes round it. The draws for a scratchpad depend only on the seed and on the
    earlier writes into it. ``stay`` gives the probabilities with which the bits of stored tensors flip before they are used;
    partial sums are read at once and do not flip.
    """

    def __init__(
        self,
        rates: PadRates,
        seed: int,
        reuse: Reuse = "shared",
        stay: StayFlips = NO_FLIPS,
        shares: Mapping[str, BankShare] | None = None,
    ) -> None:
        """Begin empty. ``shares`` names the scratchpads of which some banks are safe."""
        check_reuse(reuse)
        self._shares = shares or {}
        self.counts = {pad: WriteCounts() for pad in PADS.values()}
        self._rates, self._reuse, self._stay = rates, reuse, stay
        self._errs = {pad: any(each.any() for (of, _), each in rates.items() if of == pad) for pad in self.counts}
        self._images: dict[tuple[str, ...], Words] = {}
        self._later: dict[tuple[str, ...], list[_Later]] = {}
        self._draws = {
            pad: np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, 1, index))))
            for index, pad in enumerate(self.counts)
        }

    def load(self, region: RegionWrites, layer: str, words: Words) -> Words:
        """Write a tensor from main memory, each word as often as the plan fetches it. Return what is read afterwards."""
        return self._write(region, layer, words, region.loaded_words)

    def store(self, region: RegionWrites, layer: str, words: Words) -> Words:
        """Write the results of a layer. Return what is read afterwards."""
        assert region.stored_words == words.size, (layer, region, words.size)
        return self._write(region, layer, words, words.size)

    def _write(self, region: RegionWrites, layer: str, words: Words, count: int) -> Words:
        """Write ``count`` words: the tensor, and then the tensor from its beginning again."""
        counts = self.counts[region.pad]
        counts.words += count
        if not (self._errs[region.pad] or any(self._stay)) or not count:
            return words
        image, base = self._image(region, layer)
        stored = words.ravel().copy()
        for first in range(0, count, region.capacity_words):
            size = min(region.capacity_words, count - first)
            taken = slice(first, first + size) if first + size <= stored.size else np.arange(first, first + size) % stored.size
            place = slice(base, base + size)
            rates = self._rates[region.pad, region.kind]
            wanted = words.ravel()[taken]
            written = write_words(image[place], wanted, rates, self._draws[region.pad])
            kept, failed = self._with_safe_banks(region, base, wanted, written)
            stayed = after_stay(kept, len(rates), self._stay, self._draws[region.pad])
            image[place] = stored[taken] = stayed.words
            counts.stay_bits += stayed.flipped_bits
            counts.flipped_bits += written.flipped_bits
            counts.failed_bits += failed
        return stored.reshape(words.shape)

    def _with_safe_banks(self, region: RegionWrites, base: int, wanted: Words, written: Written) -> tuple[Words, int]:
        """Return the stored words, with those in safe banks as they were wanted, and how many of their bits failed."""
        share = self._shares.get(region.pad)
        if share is None:
            return written.words, written.failed_bits
        kept = np.where(share.is_safe(base + np.arange(wanted.size)), wanted, written.words)
        return kept, int(np.bitwise_count(kept ^ wanted).sum())

    def sum_sites(self, region: RegionWrites, folds: int, sums: int) -> Sites | None:
        """Count the partial sums that ``folds`` folds write, and return the bits of them that may fail, or None."""
        assert region.stored_words == folds * sums, (region, folds, sums)
        self.counts[region.pad].words += folds * sums
        found = drawn_sums(self._rates[region.pad, region.kind], folds, sums, self._draws[region.pad])
        share = self._shares.get(region.pad)
        if share is None or found is None:
            return found
        risky = ~share.is_safe(region.base_word + found.word % region.capacity_words)
        return Sites(found.fold[risky], found.word[risky], found.bit[risky])

    def add_up(self, region: RegionWrites, layer: str, partials: Values, form: SumFormat, sites: Sites) -> Values:
        """Return the sums of ``partials`` [fold, sum], all folds but the last of which write their sums with errors."""
        image, base = self._image(region, layer)
        held = image[base : base + region.capacity_words]
        found, failed = add_up(partials, held, sites, form, self._rates[region.pad, region.kind], self._draws[region.pad])
        self.counts[region.pad].failed_bits += failed
        return found

    def leave_sums(self, region: RegionWrites, layer: str, sums: int, make: Callable[[], Words]) -> None:
        """Note which words a product without failures leaves: the partial sums before its last fold, which ``make`` makes."""
        if not self._errs[region.pad]:
            return
        key, base = self._place(region, layer)
        end = base + min(sums, region.capacity_words)
        kept = [each for each in self._later.get(key, []) if each.first < base or each.end > end]
        self._later[key] = [*kept, _Later(base, end, make)]

    def _place(self, region: RegionWrites, layer: str) -> tuple[tuple[str, ...], int]:
        shared = self._reuse == "shared"
        return ((region.pad,), region.base_word) if shared else ((region.pad, layer, region.tensor), 0)

    def _image(self, region: RegionWrites, layer: str) -> tuple[Words, int]:
        """Return the words of a scratchpad, at least up to the region's end, and the region's first word."""
        key, base = self._place(region, layer)
        waiting = self._later.pop(key, [])
        size = max([base + region.capacity_words, *(later.end for later in waiting)])
        image = self._images.get(key, np.zeros(0, np.uint32))
        if image.size < size:
            image = np.concatenate([image, np.zeros(size - image.size, np.uint32)])
            self._images[key] = image
        for later in waiting:
            made = later.make()
            image[later.first : later.end] = made[len(made) - (later.end - later.first) :]
        return image, base
