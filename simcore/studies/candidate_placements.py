"""Heterogeneous memories worth trying: uniform, by bit position, by kind of tensor, and both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workloads.faults.device import WriteDevice
from workloads.faults.placement import SRAM, Part, Placement, Storage
from workloads.faults.scratchpad import TENSORS, Tensor


@dataclass(frozen=True)
class SafePoint:
    """What "safe" means: at this pulse, the voltage at which a write fails no more often than this."""

    error_rate: float = 1e-9
    pulse_ns: float = 10.0


class Candidates:
    """Placements of one device and word width; every relaxed write keeps the safe pulse and lowers the voltage."""

    def __init__(self, device: WriteDevice, word_bits: int, safe: SafePoint) -> None:
        self._device, self.word_bits, self._point = device, word_bits, safe
        self.safe = Placement("safe", self.written(safe.error_rate))

    def written(self, error_rate: float) -> Storage:
        """MRAM at the least voltage, to a millivolt, with no more than this error rate."""
        voltage = self._device.voltage_for(error_rate, self._point.pulse_ns)
        return Storage(voltage_v=round(voltage + 0.5e-3, 3), pulse_ns=self._point.pulse_ns)

    def all_sram(self) -> Placement:
        """No MRAM at all: what the write energy of a heterogeneous memory must also be held against."""
        return Placement("all SRAM", SRAM)

    def uniform(self, error_rate: float) -> Placement:
        """Every bit relaxed alike."""
        return Placement(f"uniform {error_rate:.0e}", self.written(error_rate))

    def low_bits(self, share: float, error_rate: float, high: Storage, high_name: str) -> Placement:
        """The lower ``share`` of each word relaxed, the bits above kept in ``high``."""
        first_high = round(share * self.word_bits)
        parts = tuple(Part(tensor, self.written(error_rate), 0, first_high - 1) for tensor in TENSORS)
        return Placement(f"bits 0-{first_high - 1} {error_rate:.0e}, rest {high_name}", high, parts)

    def by_tensor(self, name: str, rates: Mapping[Tensor, float]) -> Placement:
        """Each kind of tensor relaxed to a rate of its own."""
        parts = tuple(Part(tensor, self.written(rate)) for tensor, rate in rates.items())
        return Placement(name, self.safe.safe, parts)

    def graded(self, name: str, rates: Mapping[Tensor, float], low_bits: Mapping[Tensor, int], low_rate: float) -> Placement:
        """So many lower bits of each tensor's words at ``low_rate``, those above at the tensor's own rate."""
        parts = []
        for tensor, rate in rates.items():
            first_high = low_bits[tensor]
            if first_high:
                parts.append(Part(tensor, self.written(max(rate, low_rate)), 0, first_high - 1))
            if first_high < self.word_bits:
                parts.append(Part(tensor, self.written(rate), first_high))
        return Placement(name, self.safe.safe, tuple(parts))
