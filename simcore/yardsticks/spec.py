"""The specs of yardsticks: a peak, a bandwidth, and measured shares of both."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from simcore.errors import InputError
from simcore.reading.keys import key
from simcore.reading.values import Broken, BytesPerSecond, Count, Flag, MacsPerSecond, PositiveNumber, Spec, Text, raise_broken
from simcore.spec.machine_spec import MachineSpec, WordSpec

#: How a number is known.
Provenance = Literal["measured", "derived", "assumed"]

#: A higher percentage counts as a typing slip. A measured point may lie above the peak, because algorithms such as Winograd's
#: need fewer multiplications than a layer has multiply-accumulates.
MAX_PERCENT = 1000.0


class FigureSpec(Spec):
    """A number with its source."""

    value: Annotated[PositiveNumber, key("The number.", "pJ/byte", cycles=False)]
    kind: Annotated[Provenance, key("How the number is known.", cycles=False)]
    source: Annotated[Text, Field(min_length=1), key("Where the number comes from.", cycles=False)]


class PercentSpec(Spec):
    """The share of its roof that an operator reaches, in percent, with its source."""

    percent: Annotated[
        float,
        Field(strict=True, gt=0, le=MAX_PERCENT, allow_inf_nan=False),
        key(
            "Share of its roof that the operator reaches. It may exceed 100: some algorithms need fewer multiplications.",
            "percent",
            cycles=True,
        ),
    ]
    kind: Annotated[Provenance, key("How the share is known.", cycles=False)]
    source: Annotated[Text, Field(min_length=1), key("Where the share comes from.", cycles=False)]

    @property
    def share(self) -> Fraction:
        """Return the share as exactly the decimal number in the file."""
        return Fraction(str(self.percent)) / 100


class EfficiencySpec(Spec):
    """Measured points by operator. An operator without a point reaches its roof."""

    conv: Annotated[PercentSpec | None, key("Share of the peak that convolutions reach.")] = None
    linear: Annotated[PercentSpec | None, key("Share of the peak that linear layers reach.")] = None
    matmul: Annotated[PercentSpec | None, key("Share of the peak that matrix products reach.")] = None
    vector: Annotated[PercentSpec | None, key("Share of the bandwidth that layers without multiply-accumulates reach.")] = None


class BandwidthSpec(Spec):
    """Main memory as a bandwidth: either ``bytes_per_s``, or the peak of a DRAM ``standard`` after ``overrides``."""

    bytes_per_s: Annotated[BytesPerSecond | None, key("Bandwidth. Give either this key or `standard`.", cycles=True)] = None
    standard: Annotated[
        Annotated[Text, Field(min_length=1)] | None,
        key("A DRAM, by name or from a file, whose peak is the bandwidth (`simcore list standards`).", cycles=True),
    ] = None
    overrides: Annotated[
        dict[Text, Count],
        key("Timings and counts of levels in place of the standard's, such as `channel: 2`.", cycles=True),
    ] = Field(default_factory=dict)
    pj_per_byte: Annotated[FigureSpec | None, key("Energy per byte moved. Without it the run has no energy.")] = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.bytes_per_s is None) == (self.standard is None):
            got = "neither" if self.standard is None else "both"
            hint = "remove one with null" if self.standard is not None else None
            raise_broken([Broken((), f"expected either bytes_per_s or standard, got {got}", hint)])
        if self.standard is None and self.overrides:
            raise_broken([Broken(("overrides",), "expected overrides only with a standard, got overrides without one")])
        try:
            self.bytes_per_second()
        except InputError as error:
            raise_broken([Broken(("overrides" if self.overrides else "standard",), error.message, error.hint)])
        return self

    def bytes_per_second(self) -> Fraction:
        """Return the exact bandwidth. Raise InputError for a standard that cannot be read."""
        from simcore.dram.resolve import load_dram
        from simcore.dram.statistics import data_buses

        if self.standard is None:
            assert self.bytes_per_s is not None
            return Fraction(self.bytes_per_s)
        dram = load_dram(self.standard, self.overrides)
        return Fraction(data_buses(dram) * dram.transaction_bytes * 10**12, dram.burst_cycles * dram.tck_ps)


class YardstickSpec(MachineSpec):
    """The keys of both kinds."""

    memory: Annotated[BandwidthSpec, key("Main memory as a bandwidth.")]
    fuse: Annotated[
        Flag, key("Whether an element-wise operation joins the layer before it, so that it takes no cycles.", cycles=True)
    ] = True
    attention: Annotated[
        Literal["spilled", "flash"],
        key("Whether the scores of attention cross main memory (`spilled`) or stay on chip (`flash`).", cycles=True),
    ] = "spilled"


class IdealSpec(YardstickSpec):
    """A machine of kind ``ideal``, whose compute is infinite, so that only main memory takes time."""

    kind: Annotated[Literal["ideal"], key("Kind of machine: infinite compute.", cycles=True)] = "ideal"


class PeakSpec(Spec):
    """Peak multiply-accumulates per second, by the size of the operands' words. Words without a peak use that of wider words."""

    one_byte: Annotated[MacsPerSecond | None, key("Peak for words of one byte.", cycles=True)] = None
    two_bytes: Annotated[MacsPerSecond | None, key("Peak for words of two bytes.", cycles=True)] = None
    four_bytes: Annotated[MacsPerSecond | None, key("Peak for words of four bytes.", cycles=True)] = None
    eight_bytes: Annotated[MacsPerSecond | None, key("Peak for words of eight bytes.", cycles=True)] = None

    def by_bytes(self) -> dict[int, int]:
        """Return the given rates by word size, the smallest first."""
        rates = {1: self.one_byte, 2: self.two_bytes, 4: self.four_bytes, 8: self.eight_bytes}
        return {size: rate for size, rate in rates.items() if rate is not None}

    def for_words(self, word_bytes: int) -> int | None:
        """Return the rate for words of this size, else that of the next wider words with a rate, else None."""
        return next((rate for size, rate in self.by_bytes().items() if size >= word_bytes), None)


class RooflineSpec(YardstickSpec):
    """A machine of kind ``roofline``. A layer takes the longer of its compute time and its memory time.

    The compute time is its multiply-accumulates at the peak; the memory time is its bytes at main memory's bandwidth.
    """

    kind: Annotated[Literal["roofline"], key("Kind of machine: the longer of compute time and memory time.", cycles=True)] = (
        "roofline"
    )
    peak_macs_per_s: Annotated[PeakSpec, key("Peak multiply-accumulates per second, by the size of the operands' words.")]
    efficiency: Annotated[EfficiencySpec, key("Shares of their roof that operators reach, where they are known.")] = (
        EfficiencySpec()
    )

    @field_validator("peak_macs_per_s")
    @classmethod
    def _words_have_a_peak(cls, peak: PeakSpec, info: ValidationInfo) -> PeakSpec:
        words: WordSpec | None = info.data.get("words")
        if words is None:
            return peak
        broken = [
            Broken((), f"expected a peak for words of {size} bytes (words.{name}) or wider, got none")
            for name, size in (("ifmap_bytes", words.ifmap_bytes), ("filter_bytes", words.filter_bytes))
            if peak.for_words(size) is None
        ]
        raise_broken(broken[:1])
        return peak
