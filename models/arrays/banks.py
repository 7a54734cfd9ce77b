"""The timing, energy, leakage and area of banks that a System builds from macros."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from models.arrays.cells import memory_cell
from models.arrays.macro import Macro
from models.arrays.scratchpad import ScratchpadMacros, banks_of_bits
from models.arrays.write import DEFAULT_DESIGN, WriteDesign, varied_design, voltage_v_for
from models.memories import Sram, SttMram
from models.scratchpad_table import ScratchpadFigures
from simcore.errors import InputError
from simcore.machine.bank_group import BanksOfMacros
from simcore.spec.macro import WriteSpec
from simcore.timing.bank_timing import BankTiming

_KINDS = ("measured", "derived", "assumed")


def macro_timing(asked: BanksOfMacros) -> BankTiming:
    """Return the timing of a bank, which is that of its slowest macros. Raise InputError outside the table of macros."""
    parts = [part for _, part in _parts(asked)]
    read, write = (max(part.timing.values[name] for part in parts) for name in ("read_cycles", "write_cycles"))
    all_sram = all(part.macro.cell.technology == "sram" for part in parts)
    return (Sram if all_sram else SttMram)(read_cycles=read, write_cycles=write)


def macro_figures(asked: BanksOfMacros) -> ScratchpadFigures:
    """Return a bank's energies per byte of a line, leakage and area. Raise InputError as ``macro_timing`` does."""
    parts = _parts(asked)
    figures = [replace(part.figures, notes=part.figures.notes + _failing(part.macro)) for _, part in parts]
    if len(figures) == 1:
        return figures[0]
    return ScratchpadFigures(
        read_pj_per_byte=sum(float(share) * part.figures.read_pj_per_byte for share, part in parts),
        write_pj_per_byte=sum(float(share) * part.figures.write_pj_per_byte for share, part in parts),
        leakage_mw=sum(each.leakage_mw for each in figures),
        area_mm2=sum(each.area_mm2 for each in figures),
        kind=max((each.kind for each in figures), key=_KINDS.index),
        source="; ".join(dict.fromkeys(each.source for each in figures)),
        notes=tuple(dict.fromkeys(note for each in figures for note in each.notes)),
        volatile_leakage_mw=sum(each.volatile_leakage_mw for each in figures),
    )


def _failing(macro: Macro) -> tuple[str, ...]:
    """Note how often a write fails at another voltage or pulse than the cell's own, because it may save energy by failing."""
    write, cell = macro.write, macro.cell
    if write is None or (write.voltage_v, write.pulse_ns) == (cell.nominal_voltage_v, cell.pulse_ns):
        return ()
    how = f"{cell.name} written at {write.voltage_v:.4g} V for {write.pulse_ns:g} ns"
    return (f"{how}: {write.error_rate:.1e} of the bits that must flip do not flip, and writes are not retried",)


def write_of(write: WriteSpec) -> tuple[float | None, WriteDesign]:
    """Return the voltage of a write, None for the cell's own, and the cells with which its error rate is computed.

    A write with an error rate gets the voltage that keeps it as the mean over cells that vary. Raise InputError if none does.
    """
    if write.write_error_rate is None:
        return write.voltage_v, DEFAULT_DESIGN
    cell = memory_cell(write.cell)
    design = varied_design(cell)
    pulse_ns = cell.pulse_ns if write.pulse_ns is None else write.pulse_ns
    return voltage_v_for(cell, write.write_error_rate, pulse_ns, design), design


def _parts(asked: BanksOfMacros) -> list[tuple[Fraction, ScratchpadMacros]]:
    """Return the cells of a bank, each with its share of the line's bits, which is also its share of the capacity."""
    beside = [(Fraction(each.bits_percent) / 100, each) for each in asked.macro.beside]
    rest = 1 - sum((share for share, _ in beside), Fraction(0))
    return [(share, _part(asked, share, write)) for share, write in ((rest, asked.macro), *beside)]


def _part(asked: BanksOfMacros, share: Fraction, write: WriteSpec) -> ScratchpadMacros:
    line_bits, capacity_bytes = share * 8 * asked.line_bytes, share * asked.bank_bytes
    if line_bits.denominator > 1 or capacity_bytes.denominator > 1:
        message = f"expected a share of whole bits of a line of {8 * asked.line_bytes} bits and whole bytes of a bank"
        raise InputError(f"{message}, got {float(100 * share):g} % for {write.cell}", where="bits_percent")
    voltage_v, design = write_of(write)
    return banks_of_bits(
        write.cell,
        int(capacity_bytes) * asked.banks,
        asked.banks,
        int(line_bits),
        asked.core_clock_hz,
        node_nm=asked.technology.node_nm,
        leakage_class=asked.technology.leakage_class,
        voltage_v=voltage_v,
        pulse_ns=write.pulse_ns,
        word_bits=asked.macro.word_bits,
        design=design,
    )
