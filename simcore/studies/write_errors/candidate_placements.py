"""Heterogeneous memories worth trying: uniform, by bit position, by kind of tensor, and both."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from workloads.faults.device import WriteDevice
from workloads.faults.placement import SRAM, PlacedBits, Placement, Storage
from workloads.faults.word_memory import TENSORS, TensorKind


class Candidates:
    """Placements of one device and word width. A relaxed write keeps the safe pulse and lowers the voltage, or keeps the safe
    voltage and shortens the pulse."""

    def __init__(self, device: WriteDevice, word_bits: int) -> None:
        self._device, self.word_bits = device, word_bits
        self.safe = Placement("safe", self.written(device.safe.error_rate))

    def written(self, error_rate: float) -> Storage:
        """MRAM at the safe pulse and the least voltage, to a millivolt, with no more than this error rate."""
        pulse_ns = self._device.safe.pulse_ns
        return Storage(voltage_v=_rounded_up(self._device.voltage_for(error_rate, pulse_ns), 1000), pulse_ns=pulse_ns)

    def written_short(self, error_rate: float) -> Storage:
        """MRAM at the safe voltage and the shortest pulse, to a hundredth of a nanosecond, with no more than this error rate."""
        voltage_v = self.safe.safe.voltage_v
        assert voltage_v is not None
        return Storage(voltage_v=voltage_v, pulse_ns=_rounded_up(self._device.pulse_for(error_rate, voltage_v), 100))

    def all_sram(self) -> Placement:
        """No MRAM at all: what the write energy of a heterogeneous memory must also be held against."""
        return Placement("all SRAM", SRAM)

    def uniform(self, error_rate: float) -> Placement:
        """Every bit of every kind of tensor relaxed alike; what is none of them stays safe, as in training."""
        return self.by_tensor(f"uniform {error_rate:.0e}", dict.fromkeys(TENSORS, error_rate))

    def uniform_short(self, error_rate: float) -> Placement:
        """``uniform``, by a shorter pulse."""
        return self.by_tensor_short(f"uniform {error_rate:.0e}, short pulse", dict.fromkeys(TENSORS, error_rate))

    def low_bits(self, share: float, error_rate: float, high: Storage, high_name: str) -> Placement:
        """The lower ``share`` of each word relaxed, the bits above kept in ``high``."""
        first_high = round(share * self.word_bits)
        parts = tuple(PlacedBits(tensor, self.written(error_rate), 0, first_high - 1) for tensor in TENSORS)
        return Placement(f"bits 0-{first_high - 1} {error_rate:.0e}, rest {high_name}", high, parts)

    def by_tensor(self, name: str, rates: Mapping[TensorKind, float]) -> Placement:
        """Each kind of tensor relaxed to a rate of its own."""
        parts = tuple(PlacedBits(tensor, self.written(rate)) for tensor, rate in rates.items())
        return Placement(name, self.safe.safe, parts)

    def by_tensor_short(self, name: str, rates: Mapping[TensorKind, float]) -> Placement:
        """Each kind of tensor relaxed to a rate of its own, by a shorter pulse."""
        parts = tuple(PlacedBits(tensor, self.written_short(rate)) for tensor, rate in rates.items())
        return Placement(name, self.safe.safe, parts)

    def graded(
        self, name: str, rates: Mapping[TensorKind, float], low_bits: Mapping[TensorKind, int], low_rate: float
    ) -> Placement:
        """So many lower bits of each tensor's words at ``low_rate``, those above at the tensor's own rate."""
        parts = []
        for tensor, rate in rates.items():
            first_high = low_bits[tensor]
            if first_high:
                parts.append(PlacedBits(tensor, self.written(max(rate, low_rate)), 0, first_high - 1))
            if first_high < self.word_bits:
                parts.append(PlacedBits(tensor, self.written(rate), first_high))
        return Placement(name, self.safe.safe, tuple(parts))


def _rounded_up(value: float, per_unit: int) -> float:
    """The value in whole parts of its unit, upwards; a millionth of a part above a whole one is a slip of rounding."""
    return ceil(value * per_unit - 1e-6) / per_unit
