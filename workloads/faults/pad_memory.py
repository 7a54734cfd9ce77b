"""The scratchpads of a machine while it trains: every word that is written, where it lands, and which of its bits fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workloads.faults.injection import ErrorRates, drawn_sites, failing, masks, words_and_bits, write_words
from workloads.faults.rate_table import rate_table
from workloads.faults.stay import NO_FLIPS, StayFlips, after_stay
from workloads.faults.step_writes import PADS, RegionWrites
from workloads.faults.sum_words import SumFormat
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
class Sites:
    """Bits of partial sums that may fail, in order of the fold whose write it is: the fold, the sum in that fold, and the bit."""

    fold: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]
    bit: npt.NDArray[np.uint32]


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
            kept = self._with_safe_banks(region, base, wanted, written.words)
            stayed = after_stay(kept, len(rates), self._stay, self._draws[region.pad])
            image[place] = stored[taken] = stayed.words
            counts.stay_bits += stayed.flipped_bits
            counts.flipped_bits += written.flipped_bits
            counts.failed_bits += int(np.bitwise_count(kept ^ wanted).sum())
        return stored.reshape(words.shape)

    def _with_safe_banks(self, region: RegionWrites, base: int, wanted: Words, stored: Words) -> Words:
        """Return the stored words, with those in safe banks as they were wanted."""
        share = self._shares.get(region.pad)
        return stored if share is None else np.where(share.is_safe(base + np.arange(stored.size)), wanted, stored)

    def sum_sites(self, region: RegionWrites, folds: int, sums: int) -> Sites | None:
        """Count the partial sums that ``folds`` folds write, and return the bits of them that may fail, or None."""
        assert region.stored_words == folds * sums, (region, folds, sums)
        self.counts[region.pad].words += folds * sums
        rates = self._rates[region.pad, region.kind]
        drawn = [
            words_and_bits(drawn_sites(len(bits) * folds * sums, highest, self._draws[region.pad]), bits)
            for bits, highest in rate_table(rates).groups
        ]
        write = np.concatenate([np.zeros(0, np.int64), *(each for each, _ in drawn)])
        if not len(write):
            return None
        bit = np.concatenate([bit for _, bit in drawn])
        if sum(len(each) > 0 for each, _ in drawn) > 1:
            order = np.argsort(write, kind="stable")
            write, bit = write[order], bit[order]
        fold = write // sums
        word = write - fold * sums
        share = self._shares.get(region.pad)
        if share is None:
            return Sites(fold, word, bit)
        risky = ~share.is_safe(region.base_word + word % region.capacity_words)
        return Sites(fold[risky], word[risky], bit[risky])

    def add_up(self, region: RegionWrites, layer: str, partials: Values, form: SumFormat, sites: Sites) -> Values:
        """Return the sums of ``partials`` [fold, sum], all folds but the last of which write their sums with errors."""
        with np.errstate(invalid="ignore", over="ignore"):  # a failed write may have left an infinity or not-a-number
            scale = form.scale(float(np.abs(np.cumsum(partials, axis=0)).max(initial=0.0)))
            return self._added(region, layer, partials, (form, scale), sites)

    def _added(self, region: RegionWrites, layer: str, partials: Values, form: tuple[SumFormat, int], sites: Sites) -> Values:
        folds, sums = len(partials) - 1, partials.shape[1]
        encode, scale = form[0].encode, form[1]
        image, base = self._image(region, layer)
        found, size = np.empty(sums, np.float32), region.capacity_words
        for first in range(0, sums, size):
            part = slice(first, min(first + size, sums))
            place = slice(base, base + part.stop - first)
            old, values = image[place].copy(), np.zeros(part.stop - first, np.float32)
            for fold, (begin, end) in enumerate(pairwise(np.searchsorted(sites.fold, np.arange(folds + 1)))):
                new = values + partials[fold, part]
                word, bit = sites.word[begin:end] - first, sites.bit[begin:end]
                if size < sums:
                    here = (word >= 0) & (word < len(new))
                    word, bit = word[here], bit[here]
                if len(word):
                    was = old[word] if fold == 0 else encode(values[word], scale)
                    self._fail(region, new, was, (word, bit), form)
                values = new
            image[place] = encode(values, scale)
            found[part] = values + partials[folds, part]
        return found

    def _fail(
        self,
        region: RegionWrites,
        new: Values,
        was: Words,
        sites: tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]],
        form: tuple[SumFormat, int],
    ) -> None:
        """Put the old bits back into the sums ``new`` at those of the drawn sites whose write fails."""
        word, bit = sites
        encoded = form[0].encode(new[word], form[1])
        fails = failing(was, encoded, bit, self._rates[region.pad, region.kind], self._draws[region.pad])
        flipped = masks(len(new), word[fails], bit[fails])
        failed = np.flatnonzero(flipped)
        new[failed] = form[0].decode(form[0].encode(new[failed], form[1]) ^ flipped[failed], form[1])
        self.counts[region.pad].failed_bits += len(fails)

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
