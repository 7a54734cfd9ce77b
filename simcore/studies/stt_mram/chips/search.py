"""The search for lower bits that may err: scratchpad by scratchpad, then together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simcore.studies.stt_mram.chips.formats import Format
from simcore.studies.stt_mram.chips.made import NO_SPLIT, Split, Writes, made_chip
from workloads.faults.chip import OPERAND_PADS, SUM_PAD, Chip
from workloads.faults.placement import SRAM

#: A chip with a mean loss below this number of percentage points counts as good.
TOLERATED_LOSS_POINTS = 1.0
#: A scratchpad by itself may lose this much, so that all together may stay below the limit.
ALONE_LOSS_POINTS = 0.4
#: A run that loses so many percentage points counts as lost.
LOST_POINTS = 5.0

#: Returns the mean loss of a chip in percentage points over some of the first seeds, and notes the chip as tried.
Lose = Callable[[Chip, str], float]


@dataclass(frozen=True)
class Tried:
    """A chip of the search, and which of its parts it is: "alone" (one scratchpad errs), "together", or that of another net."""

    chip: Chip
    part: str


def alone(words: Format, writes: Writes, pad: str, bits: int) -> Chip:
    """Return a chip in which only the lower bits of one scratchpad err; the bits above are written with care."""
    split = Split({**NO_SPLIT.bits, pad: bits})
    return made_chip(f"{pad} low {bits} bits", words, writes.guarded, low=writes.low_cheapest, split=split)


def together(words: Format, writes: Writes, split: Split) -> Chip:
    """Return a chip with an SRAM accumulator, errors in low bits, and the bits above written with care."""
    name = f"search: {split.described or 'no errors'}"
    return made_chip(name, words, writes.guarded, sums=SRAM, low=writes.low_cheapest, split=split)


def found_split(words: Format, writes: Writes, lose: Lose) -> Split:
    """Return the lower bits that may err.

    Each scratchpad gets the most bits that it tolerates alone. If all operands together lose too much, each gives up a level of
    its own until they do not. The bits of the accumulator err on chips without SRAM only.
    """
    bits = {pad: _alone(words, writes, pad, words.levels, lose) for pad in OPERAND_PADS}
    bits[SUM_PAD] = _alone(words, writes, SUM_PAD, (words.sum_bits,), lose)
    return tolerated_split(words, writes, Split(bits), lose, "together")


def tolerated_split(words: Format, writes: Writes, split: Split, lose: Lose, part: str) -> Split:
    """Return a split, or the first that loses little enough if each operand gives up a level of its own again and again."""
    bits = dict(split.bits)
    while any(bits[pad] for pad in OPERAND_PADS):
        if lose(together(words, writes, Split(bits)), part) < TOLERATED_LOSS_POINTS:
            break
        bits |= {pad: _next(words.levels, bits[pad]) for pad in OPERAND_PADS}
    return Split(bits)


def _alone(words: Format, writes: Writes, pad: str, levels: Sequence[int], lose: Lose) -> int:
    for bits in levels:
        if lose(alone(words, writes, pad, bits), "alone") < ALONE_LOSS_POINTS:
            return bits
    return 0


def _next(levels: Sequence[int], bits: int) -> int:
    """Return the next smaller number of bits, or 0."""
    return max((level for level in levels if level < bits), default=0)
