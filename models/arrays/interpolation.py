"""Interpolation between the rows of the table of macros, on logarithmic axes. Nothing is extrapolated.

Area and leakage jump where NVSim changes its organisation, and straight lines err least there. Latencies and energies bend with
the wires, and a monotone cubic follows them. The pulse and the cells' energy of a write are known, so only the share of the
peripheral circuits is interpolated.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
import numpy.typing as npt

from models.arrays.cells import MemoryCell, memory_cell
from models.arrays.table import Family, Figures, Lines, lines_of, single_figures
from simcore.errors import InputError

Array = npt.NDArray[np.float64]

#: The word width for which the table holds the most capacities.
BASE_WORD_BITS = 128

_STRAIGHT = ("area_mm2", "leakage_mw")


def figures_at(family: Family, capacity_kib: float, word_bits: int) -> tuple[Figures, str]:
    """Return the figures of a macro, and whether they are "measured" (a row of the table), "derived" (between rows) or "assumed".

    Figures are assumed at a capacity for which the table does not hold the word width: it holds the width, or a width on either
    side of it, at 1 MiB only. Raise InputError, with the range, for a family, word width or capacity outside the table.
    """
    lines = lines_of(family)
    if capacity_kib in lines.get(word_bits, {}):
        return lines[word_bits][int(capacity_kib)], "measured"
    _check(family, lines, capacity_kib, word_bits)
    base = _along(family, lines, BASE_WORD_BITS, capacity_kib)
    if word_bits == BASE_WORD_BITS:
        return _whole(family, base, word_bits), "derived"
    long_line = len(lines.get(word_bits, {})) > 1
    values = base + _shift(family, lines, capacity_kib, word_bits)
    return _whole(family, values, word_bits), "derived" if long_line else "assumed"


def _check(family: Family, lines: Lines, capacity_kib: float, word_bits: int) -> None:
    first, last = min(lines), max(lines)
    if not first <= word_bits <= last:
        expected = f"expected words of {first} to {last} bits" if first != last else f"expected words of {first} bits"
        raise InputError(f"{expected} for {family}, got {word_bits}", where="word_bits")
    low, high = capacity_range_kib(lines, word_bits)
    if not low <= capacity_kib <= high:
        message = f"expected {low:,} KiB to {high:,} KiB for {family} with {word_bits}-bit words, got {capacity_kib:,g} KiB"
        raise InputError(message, where="capacity")


def capacity_range_kib(lines: Lines, word_bits: int) -> tuple[int, int]:
    """Return the smallest and largest capacity at a word width. Above 128 bits they are those of the 512-bit rows, if any."""
    wide = [word for word, line in lines.items() if len(line) > 1 and word > BASE_WORD_BITS]
    line = lines[wide[0]] if word_bits > BASE_WORD_BITS and wide else lines[BASE_WORD_BITS]
    return min(line), max(line)


def _shift(family: Family, lines: Lines, capacity_kib: float, word_bits: int) -> Array:
    """Return what another word width adds to the logarithms of the figures.

    It is the effect of the width at the one capacity for which the table holds all widths, corrected to agree with the second
    width that has several capacities, which shows how the effect changes with the capacity.
    """
    common = {word: next(iter(line)) for word, line in lines.items() if len(line) == 1}
    widths = sorted(lines)
    reference_kib = next(iter(common.values()), None)
    wide = next((word for word, line in lines.items() if len(line) > 1 and word > BASE_WORD_BITS), None)
    shift = np.zeros(len(Figures._fields))
    if reference_kib is not None:
        shift = _difference(family, lines, reference_kib, word_bits, widths)
    if wide is None or word_bits < BASE_WORD_BITS:
        return shift
    here = _along(family, lines, wide, capacity_kib) - _along(family, lines, BASE_WORD_BITS, capacity_kib)
    there = np.zeros_like(here) if reference_kib is None else _difference(family, lines, reference_kib, wide, widths)
    share = min(1.0, log(word_bits / BASE_WORD_BITS) / log(wide / BASE_WORD_BITS))
    return shift + share * (here - there)


def _difference(family: Family, lines: Lines, capacity_kib: int, word_bits: int, widths: list[int]) -> Array:
    """Return the logarithms at a word width less those at the base width, at a capacity that every width has."""
    cell = memory_cell(family.cell)
    rows = np.array([_logs(cell, lines[word][capacity_kib], word) for word in widths])
    at = np.log(word_bits)
    logs = np.array([np.interp(at, np.log(widths), column) for column in rows.T])
    base: Array = logs - rows[widths.index(BASE_WORD_BITS)]
    return base


def _along(family: Family, lines: Lines, word_bits: int, capacity_kib: float) -> Array:
    """Return the logarithms of the figures at a capacity for one word width; of a write, those of its peripheral part."""
    cell = memory_cell(family.cell)
    line = lines[word_bits]
    rows = np.array([_logs(cell, figures, word_bits) for figures in line.values()])
    at = log(capacity_kib)
    found = []
    for name, column in zip(Figures._fields, rows.T, strict=True):
        alone = single_figures().get((family, word_bits, name), {})
        points = dict(zip(line, column, strict=True)) | {kib: log(value) for kib, value in alone.items()}
        x, y = np.log(np.array(sorted(points), dtype=np.float64)), np.array([points[kib] for kib in sorted(points)])
        found.append(np.interp(at, x, y) if name in _STRAIGHT or len(x) < 3 else monotone_cubic(x, y, at))
    return np.array(found)


def _logs(cell: MemoryCell, figures: Figures, word_bits: int) -> Array:
    peripheral = figures._replace(
        write_ns=figures.write_ns - cell.pulse_ns, write_pj=figures.write_pj - word_bits * cell.write_energy_pj
    )
    logs: Array = np.log(np.array(peripheral))
    return logs


def _whole(family: Family, logs: Array, word_bits: int) -> Figures:
    cell = memory_cell(family.cell)
    peripheral = Figures(*(exp(value) for value in logs))
    return peripheral._replace(
        write_ns=peripheral.write_ns + cell.pulse_ns, write_pj=peripheral.write_pj + word_bits * cell.write_energy_pj
    )


def monotone_cubic(x: Array, y: Array, at: float) -> float:
    """Return the value at ``at``, within ``x``, of the monotone cubic Hermite spline through at least three points.

    ``x`` must be ascending. The slopes are those of Fritsch and Butland (SIAM J. Sci. Stat. Comput. 5, 1984), with which the
    spline has no extremum that the points do not have.
    """
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    slopes = np.empty_like(y)
    slopes[1:-1] = [_inner_slope(*h[k : k + 2], *d[k : k + 2]) for k in range(len(h) - 1)]
    slopes[0], slopes[-1] = _end_slope(h[0], h[1], d[0], d[1]), _end_slope(h[-1], h[-2], d[-1], d[-2])
    k = int(np.clip(np.searchsorted(x, at) - 1, 0, len(h) - 1))
    s = (at - x[k]) / h[k]
    curve = y[k] * (1 + 2 * s) * (1 - s) ** 2 + y[k + 1] * s**2 * (3 - 2 * s)
    return float(curve + h[k] * (slopes[k] * s * (1 - s) ** 2 - slopes[k + 1] * s**2 * (1 - s)))


def _inner_slope(h_left: float, h_right: float, d_left: float, d_right: float) -> float:
    if d_left * d_right <= 0:
        return 0.0
    left, right = 2 * h_right + h_left, h_right + 2 * h_left
    return (left + right) / (left / d_left + right / d_right)


def _end_slope(h_end: float, h_next: float, d_end: float, d_next: float) -> float:
    slope = ((2 * h_end + h_next) * d_end - h_end * d_next) / (h_end + h_next)
    if slope * d_end <= 0:
        return 0.0
    return 3 * d_end if d_end * d_next < 0 and abs(slope) > 3 * abs(d_end) else float(slope)
