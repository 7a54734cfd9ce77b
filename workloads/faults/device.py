"""What a placement asks of the memory device: error rates and energies of a write at a voltage and a pulse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from models.junction.junction import Junction


class WriteDevice(Protocol):
    """A memory cell that may be written well or cheaply. Energies are per bit of a word and include the array around the cell."""

    @property
    def sram_pj_per_bit(self) -> float: ...

    @property
    def assumptions(self) -> tuple[str, ...]: ...

    def voltage_v(self, overdrive: float) -> float: ...

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]: ...

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float: ...

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float: ...


def _default_junction() -> Junction:
    from models.junction.junction import Junction

    return Junction()


@dataclass(frozen=True)
class JunctionDevice:
    """Writes into magnetic tunnel junctions; a 0 is the parallel state, so that 0->1 is P->AP.

    Every bit of a written word gets the pulse, whether it flips or not: V^2 t / R_P of the cell plus ``peripheral_pj_per_bit``,
    which the voltage does not change. Defaults of the array are those of NVSim (6334d00) macros of 1 MiB at 22 nm, low operating
    power, 128-bit word: (42.46 pJ less 128 cells of 0.252 pJ) / 128 of the 34.5 F2 STT-MRAM, 15.57 pJ / 128 of the SRAM.
    """

    junction: Junction = field(default_factory=_default_junction)
    peripheral_pj_per_bit: float = (42.46 - 128 * 0.252) / 128
    sram_pj_per_bit: float = 15.57 / 128

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What a reader of the energies must know."""
        return (
            f"MRAM: {self.junction}; 0 is the parallel state; every bit of a word gets the pulse, V^2 t / R_P",
            f"array energy per written bit: {self.peripheral_pj_per_bit:.4f} pJ around an MRAM cell at any voltage, "
            f"{self.sram_pj_per_bit:.4f} pJ of SRAM in all (derived from NVSim 6334d00 macros: 1 MiB, 22 nm, LOP, 128-bit word)",
            "write energy alone: SRAM's larger area and leakage are not in it",
        )

    def voltage_v(self, overdrive: float) -> float:
        """Voltage at which the current is ``overdrive`` times the mean critical current."""
        return overdrive * self.junction.critical_voltage_v()

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]:
        """Write error rates of 0->1 and 1->0; raises InputError."""
        from models.junction.write_error import junction_error_rate

        to_one = junction_error_rate(self.junction, voltage_v, pulse_ns, "p-to-ap")
        return to_one, junction_error_rate(self.junction, voltage_v, pulse_ns, "ap-to-p")

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float:
        """Energy of one written bit, cell and array, in picojoules."""
        return self.junction.energy_fj(voltage_v, pulse_ns) / 1e3 + self.peripheral_pj_per_bit

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float:
        """The least voltage at which neither direction errs more than ``error_rate``; raises InputError."""
        from models.junction.write_error import overdrive_for_error_rate

        tau, stability = self.junction.tau(pulse_ns), self.junction.thermal_stability
        least = overdrive_for_error_rate(tau, error_rate, stability)
        return least * max(self.junction.critical_voltage_v(direction) for direction in ("p-to-ap", "ap-to-p"))
