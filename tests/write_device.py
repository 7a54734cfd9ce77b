"""A made-up memory device whose figures can be checked in the head."""

from dataclasses import dataclass

from simcore.errors import InputError


@dataclass(frozen=True)
class DecadePerTenth:
    """Error rate 0->1: 10^-(10 V), 1->0 a tenth of it, at 10 ns; energy V^2 pJ + 0.1 pJ a bit; 1 V is overdrive 2."""

    sram_pj_per_bit: float = 0.05
    assumptions: tuple[str, ...] = ("made up",)

    def voltage_v(self, overdrive: float) -> float:
        return overdrive / 2

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]:
        if pulse_ns != 10:
            raise InputError("only 10 ns is known", where="pulse_ns")
        rate = 10 ** (-10 * voltage_v)
        return rate, rate / 10

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float:
        return voltage_v**2 + 0.1

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float:
        from math import log10

        return -log10(error_rate) / 10
