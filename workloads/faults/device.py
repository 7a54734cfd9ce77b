"""What a placement asks of the memory device: error rates and energies of a write at a voltage and a pulse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from models.arrays.macro import Macro, memory_macro
from models.arrays.write import (
    DEFAULT_DESIGN,
    WriteDesign,
    nominal_voltage_v,
    pulse_ns_for,
    voltage_v_for,
    voltage_v_of_overdrive,
    write_point,
)


@dataclass(frozen=True)
class SafePoint:
    """What "safe" means: at this pulse, the voltage at which a write fails no more often than this."""

    error_rate: float
    pulse_ns: float


class WriteDevice(Protocol):
    """A memory cell that may be written well or cheaply. Energies are per bit of a word and include the array around the cell."""

    @property
    def sram_pj_per_bit(self) -> float: ...

    @property
    def safe(self) -> SafePoint: ...

    @property
    def assumptions(self) -> tuple[str, ...]: ...

    def voltage_v(self, overdrive: float) -> float: ...

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]: ...

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float: ...

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float: ...

    def pulse_for(self, error_rate: float, voltage_v: float) -> float: ...


@dataclass(frozen=True)
class MacroDevice:
    """The cell of an STT-MRAM macro, as ``simcore memory`` knows it, beside the SRAM macro of the same capacity and word.

    Every bit of a written word gets the pulse, whether it flips or not: the cells' energy follows V^2 t, what the array around
    them takes does not change. A 0 is the parallel state, so that 0->1 is P->AP. Safe is the cell's nominal pulse at the error
    rate that ``design`` gives it, which is its nominal voltage. Raises InputError for a cell without a write pulse and for what
    the table of macros does not hold.
    """

    cell: str = "stt-34.5F2"
    node_nm: int = 22
    leakage_class: str = "lop"
    capacity_bytes: int = 1024**2
    word_bits: int = 128
    design: WriteDesign = DEFAULT_DESIGN

    def __post_init__(self) -> None:
        nominal_voltage_v(self.macro.cell)
        self._macro("sram")

    @cached_property
    def macro(self) -> Macro:
        """The macro of the cell, at its nominal write."""
        return self._macro(self.cell)

    @cached_property
    def sram(self) -> Macro:
        """The SRAM macro beside it."""
        return self._macro("sram")

    def _macro(self, cell: str) -> Macro:
        return memory_macro(
            cell,
            self.capacity_bytes,
            node_nm=self.node_nm,
            leakage_class=self.leakage_class,
            word_bits=self.word_bits,
            design=self.design,
        )

    @property
    def sram_pj_per_bit(self) -> float:
        """Energy of one bit written in the SRAM macro, in picojoules."""
        return self.sram.write_pj / self.word_bits

    @property
    def safe(self) -> SafePoint:
        """The cell's nominal write."""
        return SafePoint(self.design.nominal_error_rate, self.macro.cell.pulse_ns)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What a reader of the energies must know."""
        cell, junction = self.macro.cell, self.design.junction
        return (
            f"device: {cell.name}, macros of {self.capacity_bytes / 1024:g} KiB at {self.node_nm} nm, {self.leakage_class}, "
            f"{self.word_bits}-bit words; a bit written takes {self.macro.write_pj / self.word_bits:.4f} pJ at the cell's "
            f"{nominal_voltage_v(cell):g} V and {cell.pulse_ns:g} ns ({self.macro.kind}), {self.sram_pj_per_bit:.4f} pJ in SRAM "
            f"({self.sram.kind}); {self.macro.source}",
            "every bit of a written word gets the pulse; the cells' energy follows V^2 t, the rest of the array's stays",
            f"junction assumed, since cell files name none: stability {junction.thermal_stability:g}, tau_D "
            f"{junction.tau_d_ns:.3g} ns, critical currents P->AP over AP->P {junction.current_asymmetry:g}, write error rate "
            f"{self.design.nominal_error_rate:g} at the cell's voltage and pulse; 0 is the parallel state",
            "write energy alone: SRAM's larger area and leakage are not in it",
        )

    def voltage_v(self, overdrive: float) -> float:
        """Voltage at which the current is ``overdrive`` times the mean critical current."""
        return voltage_v_of_overdrive(self.macro.cell, overdrive, self.design)

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]:
        """Write error rates of 0->1 and 1->0; raises InputError."""
        point = write_point(self.macro.cell, voltage_v, pulse_ns, self.design)
        return point.error_rate_p_to_ap, point.error_rate_ap_to_p

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float:
        """Energy of one written bit, cell and array, in picojoules."""
        return self.macro.with_write(voltage_v=voltage_v, pulse_ns=pulse_ns, design=self.design).write_pj / self.word_bits

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float:
        """The least voltage at which neither direction errs more than ``error_rate``; raises InputError."""
        return voltage_v_for(self.macro.cell, error_rate, pulse_ns, self.design)

    def pulse_for(self, error_rate: float, voltage_v: float) -> float:
        """The shortest pulse, in ns, after which neither direction errs more than ``error_rate``; raises InputError."""
        return pulse_ns_for(self.macro.cell, error_rate, voltage_v, self.design)
