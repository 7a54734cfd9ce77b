"""From a macro to the simulator: the bank timing, in cycles, and the figures behind the energy columns."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from models.arrays.macro import Macro, memory_macro
from models.arrays.write import DEFAULT_DESIGN, WriteDesign
from models.memories import Sram, SttMram
from models.technology import ScratchpadFigures
from simcore.errors import InputError
from simcore.timing import BankTiming


def cycles(time_ns: float, clock_hz: int) -> int:
    """Whole cycles of a clock that cover a time, at least 1. A picosecond's fraction is not counted as a cycle."""
    if clock_hz <= 0:
        raise InputError(f"expected a clock above 0 Hz, got {clock_hz!r}", where="clock")
    return max(1, ceil(Fraction(round(time_ns * 1000), 10**12) * clock_hz))


def bank_timing(macro: Macro, clock_hz: int) -> BankTiming:
    """The timing of a bank made of this macro: SRAM takes an access every cycle, STT-MRAM is held until the access is over."""
    read, write = cycles(macro.read_ns, clock_hz), cycles(macro.write_ns, clock_hz)
    model = Sram if macro.cell.technology == "sram" else SttMram
    return model(read_cycles=read, write_cycles=write)


def scratchpad_figures(macro: Macro) -> ScratchpadFigures:
    """What models.technology gives for a scratchpad's bank, from this macro: energies per byte, leakage, area."""
    word_bytes = macro.word_bits / 8
    return ScratchpadFigures(
        read_pj_per_byte=macro.read_pj / word_bytes,
        write_pj_per_byte=macro.write_pj / word_bytes,
        leakage_mw=macro.leakage_mw,
        area_mm2=macro.area_mm2,
        kind=macro.kind,
        source=macro.source,
        notes=macro.notes,
    )


@dataclass(frozen=True)
class ScratchpadMacros:
    """A scratchpad of ``banks`` equal macros: the bank they are made of, its timing and what one bank costs."""

    bank: Macro
    banks: int
    timing: BankTiming
    figures: ScratchpadFigures

    @property
    def leakage_mw(self) -> float:
        """Leakage of all banks."""
        return self.banks * self.figures.leakage_mw

    @property
    def area_mm2(self) -> float:
        """Area of all banks; the wires between them are left out."""
        return self.banks * self.figures.area_mm2

    def overrides(self, scratchpad: str) -> tuple[str, ...]:
        """What to lay upon a System (``--set``, ``simulate(overrides=...)``) so that this scratchpad's banks are timed so."""
        name = "sram" if self.bank.cell.technology == "sram" else "stt-mram"
        key = f"scratchpads.{scratchpad}.timing"
        cycles_of = ("read_cycles", "write_cycles")
        parameters = ", ".join(f"{name}: {self.timing.values[name]}" for name in cycles_of)
        return (f"{key}={{model: {name}, parameters: {{{parameters}}}}}",)


def scratchpad_of(
    cell: str,
    capacity_bytes: int,
    banks: int,
    line_bytes: int,
    clock_hz: int,
    *,
    node_nm: int = 22,
    leakage_class: str = "lop",
    voltage_v: float | None = None,
    pulse_ns: float | None = None,
    design: WriteDesign = DEFAULT_DESIGN,
) -> ScratchpadMacros:
    """A scratchpad of this capacity, each bank a macro of its own that is ``line_bytes`` wide, at a core clock.

    ``voltage_v``, ``pulse_ns``: another write than the cell's nominal one. Raises InputError where a bank lies outside the table
    of macros (see ``memory_macro``), or the capacity is no multiple of the banks.
    """
    if banks < 1 or capacity_bytes % banks:
        raise InputError(f"expected a capacity that is a multiple of the banks, got {capacity_bytes} bytes in {banks} banks")
    bank = memory_macro(
        cell,
        capacity_bytes // banks,
        node_nm=node_nm,
        leakage_class=leakage_class,
        word_bits=8 * line_bytes,
        design=design,
    )
    if voltage_v is not None or pulse_ns is not None:
        bank = bank.with_write(voltage_v=voltage_v, pulse_ns=pulse_ns, design=design)
    return ScratchpadMacros(bank, banks, bank_timing(bank, clock_hz), scratchpad_figures(bank))
