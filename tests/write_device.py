"""A made-up memory device with figures that can be checked mentally."""

from dataclasses import dataclass
from math import log10

from workloads.faults.device import SafePoint

SAFE = SafePoint(1e-9, 10.0)


@dataclass(frozen=True)
class DecadePerTenth:
    """Error rate 10^-(V t) with t in ns for 0->1, and a tenth of it for 1->0. Energy V^2 t / 10 ns pJ + 0.1 pJ per bit.

    An overdrive of 2 is 1 V.
    """

    sram_pj_per_bit: float = 0.05
    safe: SafePoint = SAFE
    assumptions: tuple[str, ...] = ("made up",)

    def voltage_v(self, overdrive: float) -> float:
        return overdrive / 2

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]:
        rate = 10 ** (-voltage_v * pulse_ns)
        return rate, rate / 10

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float:
        return voltage_v**2 * pulse_ns / 10 + 0.1

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float:
        return -log10(error_rate) / pulse_ns

    def pulse_for(self, error_rate: float, voltage_v: float) -> float:
        return -log10(error_rate) / voltage_v
