"""Comparison of two macros at equal capacity or at equal area."""

from __future__ import annotations

from models.arrays.cells import memory_cell
from models.arrays.interpolation import capacity_range_kib
from models.arrays.macro import Macro, memory_macro
from models.arrays.table import Family, lines_of
from models.arrays.write import DEFAULT_DESIGN, WriteDesign
from simcore.errors import InputError

_KIB = 1024


def iso_capacity(macro: Macro, against: str, *, design: WriteDesign = DEFAULT_DESIGN) -> Macro:
    """Return the macro of another cell with the same capacity, node, class, word width and target.

    Raise InputError as ``memory_macro`` does.
    """
    return _like(macro, against, macro.capacity_bytes, design)


def iso_area(macro: Macro, against: str, *, design: WriteDesign = DEFAULT_DESIGN) -> Macro:
    """Return the macro of another cell with the greatest capacity, in whole KiB, whose area is no larger than this macro's.

    If even the largest macro of the table is smaller, return that one; its area is then well below. Raise InputError if even the
    smallest macro of the table is larger.
    """
    capacities = _capacities_kib(macro, against)
    fitting = [kib for kib in capacities if _like(macro, against, kib * _KIB, design).area_mm2 <= macro.area_mm2]
    if not fitting:
        least = _like(macro, against, capacities[0] * _KIB, design)
        message = (
            f"expected an area of at least {least.area_mm2:.4g} mm2 ({capacities[0]} KiB of {against}, the smallest in the table)"
        )
        raise InputError(f"{message}, got {macro.area_mm2:.4g} mm2", where="iso area")
    best = fitting[-1]
    if best < capacities[-1]:
        best = _largest_between(macro, against, best, 2 * best, design)
    return _like(macro, against, best * _KIB, design)


def _largest_between(macro: Macro, against: str, low_kib: int, high_kib: int, design: WriteDesign) -> int:
    while high_kib - low_kib > 1:
        middle = (low_kib + high_kib) // 2
        fits = _like(macro, against, middle * _KIB, design).area_mm2 <= macro.area_mm2
        low_kib, high_kib = (middle, high_kib) if fits else (low_kib, middle)
    return low_kib


def _capacities_kib(macro: Macro, against: str) -> list[int]:
    """Return the powers of two within the table's range, ascending. The ends of the table are powers of two themselves."""
    family = Family(memory_cell(against).table_name, macro.node_nm, macro.leakage_class, macro.target)
    least, most = capacity_range_kib(lines_of(family), macro.word_bits)
    return [1 << power for power in range(least.bit_length() - 1, most.bit_length())]


def _like(macro: Macro, cell: str, capacity_bytes: int, design: WriteDesign) -> Macro:
    return memory_macro(
        cell,
        capacity_bytes,
        node_nm=macro.node_nm,
        leakage_class=macro.leakage_class,
        word_bits=macro.word_bits,
        target=macro.target,
        design=design,
    )
