"""Part 2: the write of one macro over voltage and pulse: error rate, energy and latency, and the cheapest write."""

from __future__ import annotations

from math import log10
from typing import Any

import pandas as pd

from models.arrays.cheapest import cheapest_write
from models.arrays.macro import Macro
from models.arrays.write import DEFAULT_DESIGN, nominal_voltage_v, pulse_ns_for, voltage_v_for
from simcore.studies.stt_mram.arrays import macro
from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN, KIB, MIB

#: The macro whose writes are shown. The peripheral circuits' share of a write depends on it, and the cells' share does not.
CAPACITY_BYTES, LEAKAGE_CLASS = MIB, "lop"
#: Voltages and pulses of the grid, relative to the cell's nominal ones.
VOLTAGE_SHARES = tuple(round(0.3 + 0.05 * step, 2) for step in range(21))
PULSE_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
#: What a cheaper write varies.
VARIED = ("pulse", "voltage", "both")
ERROR_RATES = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)


def nominal_macro(cell: str) -> Macro:
    """Return the macro whose write the study varies, with the cell file's own write."""
    return macro(cell, CAPACITY_BYTES, LEAKAGE_CLASS)


def write_table(cell: str) -> pd.DataFrame:
    """Return one row per voltage and pulse, with energies of the cells and of the whole word relative to the nominal write."""
    nominal = nominal_macro(cell)
    voltage_v, pulse_ns = nominal_voltage_v(nominal.cell), nominal.cell.pulse_ns
    return pd.DataFrame(
        [_point(nominal, share * voltage_v, part * pulse_ns) for share in VOLTAGE_SHARES for part in PULSE_SHARES]
    )


def cheapest_table(cell: str) -> pd.DataFrame:
    """Return, per error rate of the worse direction, the writes that reach it at the least energy.

    One write varies only the pulse (nominal voltage), one only the voltage (nominal pulse), and one varies both. ``*_gain`` is
    the nominal energy over the energy of this write. ``*_tolerance_gain`` is the part that tolerating errors adds: the energy of
    the cheapest write of the nominal error rate over the energy of this write. ``baseline`` marks the rows of the nominal rate.
    """
    nominal = nominal_macro(cell)
    nominal_rate = DEFAULT_DESIGN.nominal_error_rate(nominal.cell)
    rows = []
    for rate in sorted({nominal_rate, *ERROR_RATES}):
        for varied in VARIED:
            point = _point(nominal, *_write_for(nominal, rate, varied))
            rows.append({"target_error_rate": rate, "varied": varied, "baseline": rate == nominal_rate, **point})
    table = pd.DataFrame(rows)
    for part in ("cell", "word"):
        relative = table[f"relative_{part}_energy"]
        table[f"{part}_energy_gain"] = 1 / relative
        table[f"{part}_tolerance_gain"] = float(relative[table["baseline"] & (table["varied"] == "both")].iloc[0]) / relative
    return table


def _write_for(nominal: Macro, rate: float, varied: str) -> tuple[float, float]:
    """Return voltage and pulse that give an error rate if this is varied. The rest is the cell's own."""
    cell = nominal.cell
    if varied == "pulse":
        return nominal_voltage_v(cell), pulse_ns_for(cell, rate)
    if varied == "voltage":
        return voltage_v_for(cell, rate, cell.pulse_ns), cell.pulse_ns
    both = cheapest_write(cell, rate)
    return both.voltage_v, both.pulse_ns


def _point(nominal: Macro, voltage_v: float, pulse_ns: float) -> dict[str, Any]:
    changed = nominal.with_write(voltage_v=voltage_v, pulse_ns=pulse_ns)
    assert changed.write is not None
    assert nominal.write is not None
    return {
        "cell": nominal.cell.name,
        "voltage_v": voltage_v,
        "pulse_ns": pulse_ns,
        "write_error_rate": changed.write.error_rate,
        "relative_cell_energy": changed.write.energy_pj / nominal.write.energy_pj,
        "relative_word_energy": changed.write_pj / nominal.write_pj,
        "write_pj": changed.write_pj,
        "write_ns": changed.write_ns,
    }


def write_findings(cell: str) -> list[dict[str, Any]]:
    """Return the error rate at which the write takes the claimed factor less than the nominal energy, or None.

    There is one finding for the cells and one for the whole word, by what is varied. The point's ``tolerance_gain`` is what
    tolerating errors adds to the cheapest write of the nominal error rate.
    """
    nominal = nominal_macro(cell)
    cheapest = _point(nominal, *_write_for(nominal, DEFAULT_DESIGN.nominal_error_rate(nominal.cell), "both"))
    found = []
    for part in ("cell", "word"):
        for varied in VARIED:
            told: dict[str, Any] = {"energy_of": part, "varied": varied, "point": None}
            told |= {"leakage_class": LEAKAGE_CLASS, "capacity_kib": CAPACITY_BYTES // KIB}
            rate = _rate_that_gains(nominal, varied, f"relative_{part}_energy")
            if rate is not None:
                point = _point(nominal, *_write_for(nominal, rate, varied))
                relative = point[f"relative_{part}_energy"]
                told["point"] = {"target_error_rate": rate, **{key: point[key] for key in ("voltage_v", "pulse_ns", "write_ns")}}
                told["point"] |= {"energy_gain": 1 / relative, "tolerance_gain": cheapest[f"relative_{part}_energy"] / relative}
            found.append(told)
    return found


def _rate_that_gains(nominal: Macro, varied: str, relative: str) -> float | None:
    """Return the error rate at which the write reaches the claimed gain, or None: a higher rate always takes less energy."""

    def gain(exponent: float) -> float:
        point = _point(nominal, *_write_for(nominal, 10**exponent, varied))
        return 1 / float(point[relative])

    low, high = log10(DEFAULT_DESIGN.nominal_error_rate(nominal.cell)), log10(max(ERROR_RATES))
    if gain(high) < CLAIMED_WRITE_GAIN:
        return None
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if gain(middle) >= CLAIMED_WRITE_GAIN else (middle, high)
    return float(10**high)
