"""The chips of the study: what is in SRAM, how the rest is written, and which lower bits may err."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.arrays.cheapest import SEARCHED_PULSES
from simcore.studies.stt_mram.chips.formats import Format
from simcore.studies.write_errors.candidate_placements import Candidates, rounded_up
from workloads.faults.chip import OPERAND_PADS, SUM_PAD, Chip, Slices
from workloads.faults.device import MacroDevice
from workloads.faults.placement import SRAM, Storage

#: Error rate of the lower bits that may err.
LOW_RATE = 0.1
#: Error rate of guarded bits. In bf16 one failed bit of an exponent can end a training, and a short one writes 10^8 words.
GUARDED_RATE = 1e-12
#: Half of the banks of each scratchpad of operands, in SRAM.
HALF_SRAM = dict.fromkeys(OPERAND_PADS, 8)
HALF_NAME = "SRAM accumulator and half of the banks, errors in low bits"
#: Overrides of an array that keeps its sums until they are finished, so that no partial sum is written.
OUTPUT_STATIONARY = ("array.dataflow=os",)


class Writes:
    """The writes of a device, each at one error rate."""

    def __init__(self, device: MacroDevice) -> None:
        self._device, self._made = device, Candidates(device, device.word_bits)
        self.nominal = self._made.safe.safe
        self.cheapest = self.cheapest_at(device.safe.error_rate)
        self.low_voltage, self.short = self._made.written(LOW_RATE), self._made.written_short(LOW_RATE)
        self.low_cheapest, self.guarded = self.cheapest_at(LOW_RATE), self.cheapest_at(GUARDED_RATE)

    def cheapest_at(self, error_rate: float) -> Storage:
        """Return the write of this error rate at most whose V^2 t is least. It may be longer than the nominal one."""
        pulses = [share * self._device.safe.pulse_ns for share in SEARCHED_PULSES]
        pairs = [(self._device.voltage_for(error_rate, pulse_ns), pulse_ns) for pulse_ns in pulses]
        pulse_ns = rounded_up(min(pairs, key=lambda pair: pair[0] ** 2 * pair[1])[1], 100)
        return Storage(voltage_v=rounded_up(self._device.voltage_for(error_rate, pulse_ns), 1000), pulse_ns=pulse_ns)


@dataclass(frozen=True)
class Split:
    """How many lower bits of the words of each scratchpad may err."""

    bits: Mapping[str, int]

    @classmethod
    def alike(cls, operand_bits: int, sum_bits: int = 0) -> Split:
        """Return a split with equally many bits in each scratchpad of operands."""
        return cls({**dict.fromkeys(OPERAND_PADS, operand_bits), SUM_PAD: sum_bits})

    @property
    def described(self) -> str:
        """Return the bits in words, such as ``ifmap 5, filter 7``."""
        return ", ".join(f"{pad} {bits}" for pad, bits in self.bits.items() if bits)


NO_SPLIT = Split.alike(0)


def made_chip(
    name: str, words: Format, above: Storage, *, sums: Storage | None = None, low: Storage | None = None, split: Split = NO_SPLIT
) -> Chip:
    """Return a chip with ``above`` in all scratchpads, or ``sums`` in the accumulator, and ``low`` in the bits of a split.

    Bits that lie in SRAM do not err.
    """
    pads = {}
    for pad in (*OPERAND_PADS, SUM_PAD):
        kept = sums if pad == SUM_PAD and sums is not None else above
        bits = 0 if low is None or kept == SRAM else split.bits[pad]
        pads[pad] = Slices(kept, low if bits else None, bits)
    return Chip(name, pads, words.word_bits)


def contributions(words: Format, writes: Writes, split: Split) -> list[tuple[Chip, str]]:
    """Return the chips of the table of contributions, the reference first, each with what it combines."""

    def made(name: str, above: Storage, low: Storage | None = None, sums: Storage | None = None) -> Chip:
        return made_chip(name, words, above, sums=sums, low=low, split=split)

    nominal, cheapest, guarded, low = writes.nominal, writes.cheapest, writes.guarded, writes.low_cheapest
    tolerant = made("cheapest write, errors in low bits", cheapest, low)
    guarded_tolerant = made("SRAM accumulator, guarded high bits, errors in low bits", guarded, low, SRAM)
    still = replace(made("output-stationary, cheapest write", cheapest), array=OUTPUT_STATIONARY)
    still_tolerant = replace(tolerant, name=f"output-stationary, {tolerant.name}", array=OUTPUT_STATIONARY)
    sram = "SRAM accumulator"
    return [
        (made("nominal write", nominal), "reference"),
        (made("cheapest write", cheapest), "baseline"),
        (made(sram, nominal, sums=SRAM), "accumulator"),
        (made("lower voltage in low bits", nominal, writes.low_voltage), "voltage, errors"),
        (made("shorter pulse in low bits", nominal, writes.short), "pulse, errors"),
        (tolerant, "baseline, errors"),
        (made(f"{sram}, cheapest write", cheapest, sums=SRAM), "baseline, accumulator"),
        (made(f"{sram}, lower voltage in low bits", nominal, writes.low_voltage, SRAM), "accumulator, voltage, errors"),
        (made(f"{sram}, {tolerant.name}", cheapest, low, SRAM), "baseline, accumulator, errors"),
        (made("guarded write", guarded), "guard"),
        (made(f"{sram}, guarded write", guarded, sums=SRAM), "guard, accumulator"),
        (guarded_tolerant, "guard, accumulator, errors"),
        (_upper_in_sram(words, writes, split), "slices, accumulator, errors"),
        (replace(guarded_tolerant, name=HALF_NAME, sram_banks=HALF_SRAM), "guard, groups, accumulator, errors"),
        (still, "baseline, array"),
        (still_tolerant, "baseline, array, errors"),
    ]


def _upper_in_sram(words: Format, writes: Writes, split: Split) -> Chip:
    """Return a chip whose upper bits and partial sums lie in SRAM, beside lower bits that err."""
    pads = {pad: Slices(SRAM, writes.low_cheapest, split.bits[pad]) for pad in OPERAND_PADS}
    return Chip("SRAM accumulator and high bits, errors in low bits", {**pads, SUM_PAD: Slices(SRAM)}, words.word_bits)


#: The lower bits with which a quick study does without a search.
QUICK_SPLITS = {"bf16": Split.alike(4, 23), "fixed16": Split.alike(8, 24)}
