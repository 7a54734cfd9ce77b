"""Scratchpads made of macros: the bank timing in cycles, and the figures behind the energy columns."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil

from models.arrays.cells import MemoryCell, memory_cell
from models.arrays.macro import Macro, memory_macro
from models.arrays.table import Family, least_capacity_kib, widest_word_bits
from models.arrays.write import DEFAULT_DESIGN, WriteDesign
from models.memories import Sram, SttMram
from models.scratchpad_table import ScratchpadFigures
from simcore.errors import InputError
from simcore.timing.bank_timing import BankTiming


def cycles(time_ns: float, clock_hz: int) -> int:
    """Return the whole cycles of a clock that cover a time, at least 1. The time is rounded to picoseconds first."""
    if clock_hz <= 0:
        raise InputError(f"expected a clock above 0 Hz, got {clock_hz!r}", where="clock")
    return max(1, ceil(Fraction(round(time_ns * 1000), 10**12) * clock_hz))


def bank_timing(macro: Macro, clock_hz: int) -> BankTiming:
    """Return the timing of a bank made of this macro.

    SRAM takes an access every cycle; STT-MRAM is busy until the access is over.
    """
    read, write = cycles(macro.read_ns, clock_hz), cycles(macro.write_ns, clock_hz)
    model = Sram if macro.cell.technology == "sram" else SttMram
    return model(read_cycles=read, write_cycles=write)


def scratchpad_figures(macro: Macro, side_by_side: int = 1, sharing: int = 1) -> ScratchpadFigures:
    """Return a scratchpad bank's energies per byte, leakage and area, in the form that ``models.technology`` gives.

    The bank is made of ``side_by_side`` of these macros, and ``sharing`` banks share them. An access spreads its bytes over the
    bank's macros, so its energy per byte is that of one macro.
    """
    word_bytes, macros = macro.word_bits / 8, side_by_side / sharing
    leakage_mw = macro.leakage_mw * macros
    return ScratchpadFigures(
        read_pj_per_byte=macro.read_pj / word_bytes,
        write_pj_per_byte=macro.write_pj / word_bytes,
        leakage_mw=leakage_mw,
        area_mm2=macro.area_mm2 * macros,
        kind=macro.kind if side_by_side == sharing == 1 else "assumed",
        source=macro.source,
        notes=macro.notes + _arrangement(side_by_side, sharing),
        volatile_leakage_mw=leakage_mw if macro.cell.technology == "sram" else 0.0,
    )


def _arrangement(side_by_side: int, sharing: int) -> tuple[str, ...]:
    wide = f"{side_by_side} macros side by side make a bank, because its line is wider than their words"
    small = f"{sharing} banks share a macro but count as independent, because one bank is smaller than the table's macros"
    return (*((wide,) if side_by_side > 1 else ()), *((small,) if sharing > 1 else ()))


@dataclass(frozen=True)
class ScratchpadMacros:
    """A scratchpad of ``banks`` banks: its macro, the number of macros per bank, and the timing and figures of one bank."""

    macro: Macro
    macros_per_bank: Fraction
    banks: int
    timing: BankTiming
    figures: ScratchpadFigures

    @property
    def leakage_mw(self) -> float:
        """Leakage of all banks, in mW."""
        return self.banks * self.figures.leakage_mw

    @property
    def area_mm2(self) -> float:
        """Area of all banks, in mm2, without the wires between them."""
        return self.banks * self.figures.area_mm2


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
    word_bits: int | None = None,
    design: WriteDesign = DEFAULT_DESIGN,
) -> ScratchpadMacros:
    """Return a scratchpad of this capacity at a core clock, in which each bank is a macro that is ``line_bytes`` wide.

    A line wider than ``word_bits`` (by default the table's widest words) is spread over two macros, or four, and so on. Banks
    smaller than the smallest macro of the table share one. In both cases the figures are "assumed" and a note says so.
    ``voltage_v`` and ``pulse_ns`` replace the cell's nominal write. Raise InputError if the macro still lies outside the table
    (see ``memory_macro``), or if the capacity is not a multiple of the banks.
    """
    return banks_of_bits(
        cell,
        capacity_bytes,
        banks,
        8 * line_bytes,
        clock_hz,
        node_nm=node_nm,
        leakage_class=leakage_class,
        voltage_v=voltage_v,
        pulse_ns=pulse_ns,
        word_bits=word_bits,
        design=design,
    )


def banks_of_bits(
    cell: str,
    capacity_bytes: int,
    banks: int,
    line_bits: int,
    clock_hz: int,
    *,
    node_nm: int,
    leakage_class: str,
    voltage_v: float | None,
    pulse_ns: float | None,
    word_bits: int | None = None,
    design: WriteDesign = DEFAULT_DESIGN,
) -> ScratchpadMacros:
    """Do what ``scratchpad_of`` does, for lines of ``line_bits`` bits."""
    banked = capacity_bytes, banks, line_bits, clock_hz
    return _banks_of_cell(memory_cell(cell), *banked, node_nm, leakage_class, voltage_v, pulse_ns, word_bits, design)


@lru_cache(maxsize=1024)
def _banks_of_cell(
    cell: MemoryCell,
    capacity_bytes: int,
    banks: int,
    line_bits: int,
    clock_hz: int,
    node_nm: int,
    leakage_class: str,
    voltage_v: float | None,
    pulse_ns: float | None,
    word_bits: int | None,
    design: WriteDesign,
) -> ScratchpadMacros:
    """Do what ``banks_of_bits`` does. A study asks for the same banks again and again."""
    if banks < 1 or capacity_bytes % banks:
        raise InputError(f"expected a capacity that is a multiple of the banks, got {capacity_bytes} bytes in {banks} banks")
    family = Family(cell.table_name, node_nm, leakage_class, "read-edp")
    side_by_side = _side_by_side(line_bits, min(word_bits or line_bits, widest_word_bits(family)))
    share_bytes = capacity_bytes // banks // side_by_side
    sharing = _sharing_banks(share_bytes, least_capacity_kib(family) * 1024, banks)
    macro = memory_macro(
        cell,
        share_bytes * sharing,
        node_nm=node_nm,
        leakage_class=leakage_class,
        word_bits=line_bits // side_by_side,
        design=design,
    )
    if voltage_v is not None or pulse_ns is not None:
        macro = macro.with_write(voltage_v=voltage_v, pulse_ns=pulse_ns, design=design)
    figures = scratchpad_figures(macro, side_by_side, sharing)
    return ScratchpadMacros(macro, Fraction(side_by_side, sharing), banks, bank_timing(macro, clock_hz), figures)


def _side_by_side(line_bits: int, widest: int) -> int:
    """Return the fewest macros with equal words, none wider than ``widest`` bits, that make a line."""
    return next(macros for macros in range(1, line_bits + 1) if line_bits % macros == 0 and line_bits <= macros * widest)


def _sharing_banks(share_bytes: int, least_bytes: int, banks: int) -> int:
    sharing = 1
    while share_bytes * sharing < least_bytes and banks % (2 * sharing) == 0:
        sharing *= 2
    return sharing
