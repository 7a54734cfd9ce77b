"""Candidate placements for heterogeneous memories: uniform, by bit position, by kind of tensor, and both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil

from workloads.faults.device import WriteDevice
from workloads.faults.placement import SRAM, PlacedBits, Placement, Storage
from workloads.faults.word_memory import TENSORS
from workloads.layers.held import TensorKind


class Candidates:
    """Placements for one device and word width.

    A relaxed write keeps the safe pulse and lowers the voltage, or keeps the safe voltage and shortens the pulse.
    """

    def __init__(self, device: WriteDevice, word_bits: int) -> None:
        self._device, self.word_bits = device, word_bits
        self.safe = Placement("safe", self.written(device.safe.error_rate))

    def written(self, error_rate: float) -> Storage:
        """Return MRAM with the safe pulse and the least voltage, in millivolts, that does not exceed this error rate."""
        pulse_ns = self._device.safe.pulse_ns
        return Storage(voltage_v=rounded_up(self._device.voltage_for(error_rate, pulse_ns), 1000), pulse_ns=pulse_ns)

    def written_short(self, error_rate: float) -> Storage:
        """Return MRAM with the safe voltage and the shortest pulse, in 0.01 ns, that does not exceed this error rate."""
        voltage_v = self.safe.safe.voltage_v
        assert voltage_v is not None
        return Storage(voltage_v=voltage_v, pulse_ns=rounded_up(self._device.pulse_for(error_rate, voltage_v), 100))

    def all_sram(self) -> Placement:
        """Return a placement without MRAM, with which the write energy of a heterogeneous memory must also be compared."""
        return Placement("all SRAM", SRAM)

    def uniform(self, error_rate: float) -> Placement:
        """Return a placement that relaxes every bit of every kind of tensor equally. Other data stay safe, as in training."""
        return self.by_tensor(f"uniform {error_rate:.0e}", dict.fromkeys(TENSORS, error_rate))

    def uniform_short(self, error_rate: float) -> Placement:
        """Return ``uniform`` with a shorter pulse instead of a lower voltage."""
        return self.by_tensor_short(f"uniform {error_rate:.0e}, short pulse", dict.fromkeys(TENSORS, error_rate))

    def low_bits(self, share: float, error_rate: float, high: Storage, high_name: str) -> Placement:
        """Return a placement that relaxes the lower ``share`` of each word and keeps the bits above in ``high``."""
        first_high = round(share * self.word_bits)
        parts = tuple(PlacedBits(tensor, self.written(error_rate), 0, first_high - 1) for tensor in TENSORS)
        return Placement(f"bits 0-{first_high - 1} {error_rate:.0e}, rest {high_name}", high, parts)

    def by_tensor(self, name: str, rates: Mapping[TensorKind, float]) -> Placement:
        """Return a placement that relaxes each kind of tensor to its own rate. A rate of 0 leaves it safe."""
        return self._relaxed(name, rates, self.written)

    def by_tensor_short(self, name: str, rates: Mapping[TensorKind, float]) -> Placement:
        """Return a placement that relaxes each kind of tensor to its own rate by a shorter pulse."""
        return self._relaxed(name, rates, self.written_short)

    def _relaxed(self, name: str, rates: Mapping[TensorKind, float], written: Callable[[float], Storage]) -> Placement:
        parts = tuple(PlacedBits(tensor, written(rate)) for tensor, rate in rates.items() if rate > 0)
        return Placement(name, self.safe.safe, parts)

    def graded(
        self, name: str, rates: Mapping[TensorKind, float], low_bits: Mapping[TensorKind, int], low_rate: float
    ) -> Placement:
        """Return a placement with ``low_bits`` lower bits of each word at ``low_rate`` and the others at the tensor's rate.

        Other bits of a tensor whose rate is 0 are safe.
        """
        parts = []
        for tensor, rate in rates.items():
            first_high = low_bits[tensor]
            if first_high:
                parts.append(PlacedBits(tensor, self.written(max(rate, low_rate)), 0, first_high - 1))
            if rate > 0 and first_high < self.word_bits:
                parts.append(PlacedBits(tensor, self.written(rate), first_high))
        return Placement(name, self.safe.safe, tuple(parts))


def rounded_up(value: float, per_unit: int) -> float:
    """Return the value rounded up to whole parts of its unit. An excess below a millionth of a part is a rounding error."""
    return ceil(value * per_unit - 1e-6) / per_unit
