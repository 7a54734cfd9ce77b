"""Lower thermal stability for training: cheaper writes, but heat and reads flip stored bits, which a code or a scrub corrects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf, nan
from typing import Any

import pandas as pd

from models.arrays.cells import MemoryCell, memory_cell
from models.arrays.write import DEFAULT_DESIGN, varied_design, voltage_v_for
from models.cells.description import CellDescription
from models.cells.storage import (
    CODE_BITS,
    DATA_BITS,
    READ_DIRECTION,
    Protection,
    idle_flip_probability,
    junction_with,
    protection_for,
    stay_flips,
)
from models.junction.junction import Junction
from models.junction.thermal import retention_s
from simcore.results import Results
from simcore.studies.stt_mram.variants import Variant
from simcore.systolic.of_results import system_of
from simcore.systolic.storage import KeptPad

#: Thermal stabilities at 300 K.
STABILITIES = (20, 25, 30, 35, 40, 45, 50, 55, 60)
#: The error rates at which writes and stays are held, beside the cell's own write error rate.
ERROR_RATES = (1e-6, 1e-4)


def thermal_rows(results: Results, pads: Sequence[KeptPad], variant: Variant) -> list[dict[str, Any]]:
    """Return a row per error rate and thermal stability for a training step on the variant, which has its cell's own write.

    The write keeps its pulse and gets the voltage with which cells that vary fail on average at the error rate, so the cycles are
    those of the run.
    """
    cell = memory_cell(variant.cell)
    return [
        _row(results, pads, variant, stability, rate)
        for rate in (DEFAULT_DESIGN.nominal_error_rate(cell), *ERROR_RATES)
        for stability in STABILITIES
    ]


def _row(results: Results, pads: Sequence[KeptPad], variant: Variant, stability: float, rate: float) -> dict[str, Any]:
    cell = memory_cell(variant.cell)
    junction = junction_with(cell.described, stability)
    row: dict[str, Any] = {"error_rate": rate, "thermal_stability": stability, "temperature_k": junction.temperature_k}
    row["own_stability"] = cell.described.thermal_stability.value
    row |= {"stability_at_work": junction.thermal_stability, "retention_s": retention_s(junction)}
    row |= {"critical_current_ua": junction.critical_current_ua(), **_stays(cell, junction, pads)}
    voltage_v = voltage_v_for(cell, rate, cell.pulse_ns, varied_design(cell, junction))
    row |= {"voltage_v": voltage_v, "pulse_ns": cell.pulse_ns}
    spent = _spent(results, variant, voltage_v)
    row |= {f"{action}_uj": 1e-6 * sum(spent[f"{pad.name}_{action}"] for pad in pads) for action in ("write", "read")}
    row["leakage_uj"] = 1e-6 * spent["leakage"]
    found = {pad.name: protection_for(cell.described, junction, pad.stay, rate) for pad in pads}
    known = {name: each for name, each in found.items() if each is not None}
    if len(known) < len(found):
        return row | dict.fromkeys(_PROTECTED, nan) | {"protection": "impossible"}
    row |= _protected(results, pads, known, spent)
    return row | {"total_uj": sum(row[f"{part}_uj"] for part in ("write", "read", "leakage", "code", "scrub"))}


def _stays(cell: MemoryCell, junction: Junction, pads: Sequence[KeptPad]) -> dict[str, float]:
    """Return stays and what happens in them, as means over all bits that the run writes."""
    idle = _mean(pads, lambda pad: idle_flip_probability(junction, pad.stay.seconds))
    flips = sum(mean_flips(cell.described, junction, pads)) / 2
    return {
        "stay_us": 1e6 * _mean(pads, lambda pad: pad.stay.seconds),
        "longest_stay_us": 1e6 * max(pad.stay.seconds for pad in pads),
        "reads_of_a_word": _mean(pads, lambda pad: pad.stay.reads),
        "read_overdrive": cell.described.read_current_ua.value / junction.critical_current_ua(READ_DIRECTION),
        "retention_error_rate": idle,
        "read_error_rate": flips - idle,
        "stay_error_rate": flips,
    }


def mean_flips(cell: CellDescription, junction: Junction, pads: Sequence[KeptPad]) -> tuple[float, float]:
    """Return the probabilities that a stored 0 and a stored 1 are wrong, as means over all bits that the run writes."""
    flips = {pad.name: stay_flips(cell, junction, pad.stay) for pad in pads}
    return _mean(pads, lambda pad: flips[pad.name][0]), _mean(pads, lambda pad: flips[pad.name][1])


def _mean(pads: Sequence[KeptPad], of: Callable[[KeptPad], float]) -> float:
    weights = [float(pad.writes * pad.line_bytes) for pad in pads]
    return sum(weight * of(pad) for weight, pad in zip(weights, pads, strict=True)) / sum(weights)


def _spent(results: Results, variant: Variant, voltage_v: float) -> dict[str, float]:
    """Return the energy of the run's parts in pJ if the cells are written at this voltage, with the cell's own pulse."""
    changed = replace(variant, voltage_v=float(f"{voltage_v:.6g}"))
    energy = results.rated(changed.system()).energy
    return dict(zip(energy["part"], energy["energy_pj"].astype(float), strict=True))


#: The columns of a row that depend on protection.
_PROTECTED = ("code_uj", "scrub_uj", "scrub_period_us", "scrub_port_percent", "total_uj")


def _protected(
    results: Results, pads: Sequence[KeptPad], known: Mapping[str, Protection], spent: Mapping[str, float]
) -> dict[str, Any]:
    """Return what protection takes: the bits of codes (in leakage, reads and writes) and scrubs; the strongest and its period."""
    coded = [pad for pad in pads if known[pad.name].stored > 1]
    accesses_pj = sum(spent[f"{pad.name}_{action}"] for pad in coded for action in ("read", "write"))
    leaking_pj = spent["leakage"] * len(coded) / len(pads)
    time_s = results.cycles / system_of(results).core_clock_hz
    scrubs = [_scrub(pad, known[pad.name], spent, time_s) for pad in pads]
    period_s = min(each.period_s for each in known.values())
    names = {each.name for each in known.values()}
    corrected_pj = sum(_corrected_pj(pad, known[pad.name], spent) for pad in pads)
    return {
        "protection": next(name for name in ("scrub", "code", "none") if name in names),
        "code_uj": 1e-6 * ((CODE_BITS / DATA_BITS - 1) * (leaking_pj + accesses_pj) + corrected_pj),
        "scrub_uj": 1e-6 * sum(energy_pj for energy_pj, _ in scrubs),
        "scrub_period_us": 1e6 * period_s if period_s < inf else nan,
        "scrub_port_percent": max(percent for _, percent in scrubs),
    }


def _corrected_pj(pad: KeptPad, protection: Protection, spent: Mapping[str, float]) -> float:
    """Return the energy in pJ of writing back the words in which a read found a wrong bit."""
    return protection.stored * protection.corrected * pad.reads * spent[f"{pad.name}_write"] / pad.writes


def _scrub(pad: KeptPad, protection: Protection, spent: Mapping[str, float], time_s: float) -> tuple[float, float]:
    """Return the energy in pJ of a run's scrubs of one scratchpad, and the share of its banks' time in percent.

    A scrub reads each line in use with the bits of its code and writes it back.
    """
    lines_scrubbed = time_s / protection.period_s * pad.lines
    line_pj = spent[f"{pad.name}_read"] / pad.reads + spent[f"{pad.name}_write"] / pad.writes
    return lines_scrubbed * line_pj * protection.stored, pad.bank_percent(protection)


def thermal_findings(thermal: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per network and error rate, the stability with the least energy of the scratchpads, and the cell's own beside it.

    ``lowest`` is the least stability that can be protected at all, and ``saved`` the energy at the cell's own stability over the
    least energy, or None where the cell's own cannot be protected.
    """
    found = []
    for network, rate in dict.fromkeys(zip(thermal["network"], thermal["error_rate"], strict=True)):
        rows = thermal[(thermal["network"] == network) & (thermal["error_rate"] == rate)]
        possible = rows[rows["protection"] != "impossible"]
        best = possible.sort_values("total_uj", kind="stable").iloc[0]
        own = possible[possible["thermal_stability"] == possible["own_stability"]]
        told: dict[str, Any] = {"network": network, "error_rate": float(rate), "best": _told(best)}
        told |= {key: best[key] for key in ("batch", "leakage_class", "cell")}
        told |= {"own": None if own.empty else _told(own.iloc[0]), "lowest": float(possible["thermal_stability"].min())}
        found.append(told | {"saved": None if own.empty else float(own.iloc[0]["total_uj"] / best["total_uj"])})
    return found


def _told(row: pd.Series[Any]) -> dict[str, Any]:
    keys = ("thermal_stability", "voltage_v", "retention_error_rate", "read_error_rate", "total_uj")
    return {"protection": str(row["protection"]), **{key: float(row[key]) for key in keys}}
