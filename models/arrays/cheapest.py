"""The cheapest write of an error rate, and what it saves: first with the nominal error rate, then by tolerating more errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays.cells import MemoryCell
from models.arrays.macro import Macro
from models.arrays.write import DEFAULT_DESIGN, WriteDesign, WritePoint, voltage_v_for, write_point

#: The pulses of the search, relative to nominal. They are 6 % apart, so the energy is within 0.2 % of the least.
SEARCHED_PULSES = tuple(float(share) for share in np.geomspace(0.5, 8.0, 49))


def cheapest_write(cell: MemoryCell, error_rate: float, design: WriteDesign = DEFAULT_DESIGN) -> WritePoint:
    """Return the write with the least energy in the cell whose worse direction fails at ``error_rate``.

    Pulses from half to 8 times the cell's own are tried, so the write may be slower than the cell's own. Raise InputError for a
    cell that is not written by a pulse and for a rate outside 0 to 1.
    """
    pulses = [share * cell.described.write_pulse_ns.value for share in SEARCHED_PULSES]
    pairs = [(voltage_v_for(cell, error_rate, pulse_ns, design), pulse_ns) for pulse_ns in pulses]
    voltage_v, pulse_ns = min(pairs, key=lambda pair: pair[0] ** 2 * pair[1])
    return write_point(cell, voltage_v, pulse_ns, design)


@dataclass(frozen=True)
class Savings:
    """What a tolerated error rate saves in a write, told apart: the energy of a nominal write over that of the cheapest.

    ``baseline`` is the cheapest write of the nominal error rate, and ``tolerant`` that of the tolerated one. A gain is the energy
    before a step over the energy after it, so the gain of both steps is the product. Words include the circuits around the cells.
    """

    baseline: WritePoint
    tolerant: WritePoint
    cell_baseline_gain: float
    cell_tolerance_gain: float
    word_baseline_gain: float
    word_tolerance_gain: float


def savings(macro: Macro, error_rate: float, design: WriteDesign = DEFAULT_DESIGN) -> Savings:
    """Return what an error rate saves in the writes of a macro that has its cell's own write. Errors as `cheapest_write`."""
    nominal = write_point(macro.cell, None, None, design)
    baseline = cheapest_write(macro.cell, design.nominal_error_rate(macro.cell), design)
    tolerant = cheapest_write(macro.cell, error_rate, design)
    words = [
        macro.with_write(voltage_v=point.voltage_v, pulse_ns=point.pulse_ns, design=design).write_pj
        for point in (nominal, baseline, tolerant)
    ]
    return Savings(
        baseline,
        tolerant,
        cell_baseline_gain=nominal.energy_pj / baseline.energy_pj,
        cell_tolerance_gain=baseline.energy_pj / tolerant.energy_pj,
        word_baseline_gain=words[0] / words[1],
        word_tolerance_gain=words[1] / words[2],
    )
