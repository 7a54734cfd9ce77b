"""The specs of yardsticks: a peak, a bandwidth, and measured shares of both."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from simcore.errors import InputError
from simcore.reading.values import Broken, BytesPerSecond, Count, Flag, MacsPerSecond, PositiveNumber, Spec, Text, raise_broken
from simcore.spec.machine_spec import MachineSpec, WordSpec

#: How a number is known.
Provenance = Literal["measured", "derived", "assumed"]

#: A higher percentage counts as a typing slip. A measured point may lie above the peak, because algorithms such as Winograd's
#: need fewer multiplications than a layer has multiply-accumulates.
MAX_PERCENT = 1000.0


class FigureSpec(Spec):
    """A number with its source."""

    value: PositiveNumber
    kind: Provenance
    source: Annotated[Text, Field(min_length=1)]


class PercentSpec(Spec):
    """The share of its roof that an operator reaches, in percent, with its source."""

    percent: Annotated[float, Field(strict=True, gt=0, le=MAX_PERCENT, allow_inf_nan=False)]
    kind: Provenance
    source: Annotated[Text, Field(min_length=1)]

    @property
    def share(self) -> Fraction:
        """Return the share as exactly the decimal number in the file."""
        return Fraction(str(self.percent)) / 100


class EfficiencySpec(Spec):
    """Measured points by operator. An operator without a point reaches its roof.

    ``conv``, ``linear`` and ``matmul`` are shares of the peak. ``vector``, for layers without multiply-accumulates, is a share of
    the bandwidth.
    """

    conv: PercentSpec | None = None
    linear: PercentSpec | None = None
    matmul: PercentSpec | None = None
    vector: PercentSpec | None = None


class BandwidthSpec(Spec):
    """Main memory as a bandwidth: either ``bytes_per_s``, or the peak of a DRAM ``standard`` after ``overrides``.

    ``pj_per_byte`` is the energy per byte moved. Without it the run has no energy.
    """

    bytes_per_s: BytesPerSecond | None = None
    standard: Annotated[Text, Field(min_length=1)] | None = None
    overrides: dict[Text, Count] = Field(default_factory=dict)
    pj_per_byte: FigureSpec | None = None

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
    """The keys of both kinds. With ``fuse``, element-wise operations join the layer before them."""

    memory: BandwidthSpec
    fuse: Flag = True


class IdealSpec(YardstickSpec):
    """A machine of kind ``ideal``, whose compute is infinite, so that only main memory takes time."""

    kind: Literal["ideal"] = "ideal"


class PeakSpec(Spec):
    """Peak multiply-accumulates per second, by the size of the operands' words."""

    one_byte: MacsPerSecond | None = None
    two_bytes: MacsPerSecond | None = None
    four_bytes: MacsPerSecond | None = None
    eight_bytes: MacsPerSecond | None = None

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

    kind: Literal["roofline"] = "roofline"
    peak_macs_per_s: PeakSpec
    efficiency: EfficiencySpec = EfficiencySpec()

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
