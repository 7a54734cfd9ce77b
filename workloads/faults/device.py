"""The memory device of a placement: error rates and energies of a write at a voltage and a pulse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from models.arrays.macro import Macro, memory_macro
from models.arrays.write import (
    DEFAULT_DESIGN,
    WriteDesign,
    nominal_voltage_v,
    pulse_ns_for,
    varied_design,
    voltage_v_for,
    voltage_v_of_overdrive,
    write_point,
)


@dataclass(frozen=True)
class SafePoint:
    """The meaning of "safe": the voltage at which, with this pulse, a write fails at most at this rate."""

    error_rate: float
    pulse_ns: float


class WriteDevice(Protocol):
    """A memory cell with adjustable writes. Energies are per bit of a word and include the array around the cell."""

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
    """The cell of an STT-MRAM macro, as in ``simcore memory``, compared with the SRAM macro of the same capacity and word.

    Every bit of a written word gets the pulse, whether it flips or not. The cells' energy is proportional to V^2 t; the energy of
    the array around them does not change. A 0 is the parallel state, so 0->1 is P->AP. "Safe" is the cell's nominal pulse with
    ``safe_error_rate`` or, without it, the error rate that the cell's junction has at its nominal voltage. Raise InputError for
    a cell without a write pulse and for values outside the table of macros.
    """

    cell: str = "stt-34.5F2"
    node_nm: int = 22
    leakage_class: str = "lop"
    capacity_bytes: int = 1024**2
    word_bits: int = 128
    design: WriteDesign = DEFAULT_DESIGN
    safe_error_rate: float | None = None

    def __post_init__(self) -> None:
        nominal_voltage_v(self.macro.cell)
        self._macro("sram")

    @cached_property
    def macro(self) -> Macro:
        """Return the macro of the cell, with its nominal write."""
        return self._macro(self.cell)

    @cached_property
    def sram(self) -> Macro:
        """Return the SRAM macro for comparison."""
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
        """Return the energy of one bit written in the SRAM macro, in picojoules."""
        return self.sram.write_pj / self.word_bits

    @property
    def safe(self) -> SafePoint:
        """Return the error rate that counts as safe, and the cell's nominal pulse."""
        cell, rate = self.macro.cell, self.safe_error_rate
        return SafePoint(self.design.nominal_error_rate(cell) if rate is None else rate, cell.pulse_ns)

    @property
    def varied(self) -> MacroDevice:
        """Return the device whose cells vary as their description says, with the same error rate as safe, on average."""
        design = varied_design(self.macro.cell, self.design.junction)
        return replace(self, design=design, safe_error_rate=self.safe.error_rate)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return what a reader must know before using the energies."""
        cell = self.macro.cell
        junction = self.design.junction_of(cell)
        overdrive = cell.described.write_current_ua.value / junction.critical_current_ua()
        return (
            f"device: {cell.name}, macros of {self.capacity_bytes / 1024:g} KiB at {self.node_nm} nm, {self.leakage_class}, "
            f"{self.word_bits}-bit words; a bit written takes {self.macro.write_pj / self.word_bits:.4f} pJ at the cell's "
            f"{nominal_voltage_v(cell):g} V and {cell.pulse_ns:g} ns ({self.macro.kind}), {self.sram_pj_per_bit:.4f} pJ in SRAM "
            f"({self.sram.kind}); {self.macro.source}",
            "every bit of a written word gets the pulse; the cells' energy is proportional to V^2 t, the rest does not change",
            f"junction assumed, because cell files name none: stability {junction.thermal_stability:.3g} at "
            f"{junction.temperature_k:g} K, tau_D {junction.tau_d_ns:.3g} ns, critical currents P->AP over AP->P "
            f"{junction.current_asymmetry:g}, overdrive {overdrive:.3g}; "
            f"a write at the cell's voltage and pulse fails at {self.safe.error_rate:.2g}; 0 is the parallel state",
            "these are write energies only, without SRAM's larger area and leakage",
        )

    def voltage_v(self, overdrive: float) -> float:
        """Return the voltage at which the current is ``overdrive`` times the mean critical current."""
        return voltage_v_of_overdrive(self.macro.cell, overdrive, self.design)

    def error_rates(self, voltage_v: float, pulse_ns: float) -> tuple[float, float]:
        """Return the write error rates of 0->1 and 1->0. Raise InputError outside the range of the model."""
        point = write_point(self.macro.cell, voltage_v, pulse_ns, self.design)
        return point.error_rate_p_to_ap, point.error_rate_ap_to_p

    def write_pj_per_bit(self, voltage_v: float, pulse_ns: float) -> float:
        """Return the energy of one written bit, cell and array, in picojoules."""
        return self.macro.with_write(voltage_v=voltage_v, pulse_ns=pulse_ns, design=self.design).write_pj / self.word_bits

    def voltage_for(self, error_rate: float, pulse_ns: float) -> float:
        """Return the least voltage at which no direction exceeds ``error_rate``. Raise InputError if there is none."""
        return voltage_v_for(self.macro.cell, error_rate, pulse_ns, self.design)

    def pulse_for(self, error_rate: float, voltage_v: float) -> float:
        """Return the shortest pulse, in ns, with which no direction exceeds ``error_rate``. Raise InputError if there is none."""
        return pulse_ns_for(self.macro.cell, error_rate, voltage_v, self.design)
