"""Error rate, energy and latency of three published cells, each derived from the cell's one description and compared."""

from __future__ import annotations

import csv
from math import log
from pathlib import Path

import pytest
from cells_by_hand import JUNCTIONS, TAU_D_NS, nominal_error_rate, overdrive_of, refined
from test_cells import changed, compared

from models.arrays.cells import memory_cell
from models.arrays.macro import memory_macro
from models.arrays.write import pulse_ns_for, write_point
from models.cells.agreement import comparisons, contradictions
from models.cells.description import CellDescription

GOLDEN = Path(__file__).parent / "golden" / "mram"


def table(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


PUBLISHED = {row["cell"]: row for row in table("published_cells.csv")}
MACROS = {
    row["cell"]: row
    for row in table("nvsim_arrays.csv")
    if (row["node_nm"], row["capacity_KiB"], row["word_bits"], row["opt"], row["roadmap"])
    == ("22", "1024", "128", "ReadEDP", "LOP")
}
#: The least and the greatest error rate that papers on STT-MRAM state (NVMExplorer's survey).
SURVEY = (1e-11, 1e-4)
#: Half of the last printed digit of current, pulse and energy, relative.
ROUNDING = {"stt-34.5F2": 0.0005 / 0.252, "stt-54F2": 0.5 / 80}

cells = pytest.mark.parametrize("name", list(PUBLISHED))
files = pytest.mark.parametrize("name", list(ROUNDING))


def published(name: str, figure: str) -> float:
    return float(PUBLISHED[name][figure])


@cells
def test_the_description_has_the_published_figures(name):
    cell = memory_cell(name).described
    for figure, stated in (("current_ua", cell.write_current_ua), ("pulse_ns", cell.write_pulse_ns)):
        assert stated.value == published(name, figure)
    low, high = (published(name, f"{state}_ohm") for state in ("parallel", "antiparallel"))
    assert cell.parallel_resistance_ohm.low <= low <= cell.parallel_resistance_ohm.high
    assert cell.tmr.value == pytest.approx(high / low - 1, rel=1e-3)


@cells
def test_error_rate_and_latency_agree(name):
    """At its own current and pulse a cell fails at a rate that papers state; for those rates it needs pulses around its own."""
    cell = memory_cell(name)
    point = write_point(cell)
    assert (point.error_rate_p_to_ap, point.error_rate_ap_to_p) == pytest.approx([nominal_error_rate(name)] * 2, rel=5e-3)
    assert SURVEY[0] < point.error_rate < SURVEY[1]
    longest, shortest = (pulse_ns_for(cell, rate) for rate in SURVEY)
    assert shortest < published(name, "pulse_ns") < longest
    # By hand: ln(rate) falls with the slope r = 2 (i - 1) + (2 / (i - 1) - 1) / D of the pulse over tau_D.
    i, (_, _, stability, damping, _, field_t) = overdrive_of(name), JUNCTIONS[name]
    tau_d_ns = TAU_D_NS * 0.01 * 0.35 / (damping * field_t)
    slope = 2 * (i - 1) + (2 / (i - 1) - 1) / (stability * 300 / 350)
    for rate, pulse_ns in zip(SURVEY, (longest, shortest), strict=True):
        by_hand = published(name, "pulse_ns") + tau_d_ns * log(nominal_error_rate(name) / rate) / slope
        assert pulse_ns == pytest.approx(by_hand, rel=0.01)
        assert refined(i, pulse_ns / tau_d_ns, stability * 300 / 350) == pytest.approx(rate, rel=0.02)


@files
def test_energy_and_latency_agree(name):
    """A bit's energy is supply x current x pulse; the junction takes a part of it, and the error rates of papers span it."""
    cell = memory_cell(name)
    energy_pj, current_ua, pulse_ns = (published(name, figure) for figure in ("energy_pj", "current_ua", "pulse_ns"))
    derived_pj = 1e-3 * cell.nominal_voltage_v * current_ua * pulse_ns
    assert derived_pj == pytest.approx(energy_pj, rel=2 * ROUNDING[name])
    heat_pj = [1e-9 * current_ua**2 * published(name, f"{state}_ohm") * pulse_ns for state in ("parallel", "antiparallel")]
    found = {each.figure: each for each in comparisons(cell.described)}
    assert found["heat_pj"].derived.value == pytest.approx(heat_pj[0])
    assert heat_pj[1] < energy_pj
    assert found["heat_pj"].agrees
    longest, shortest = (write_point(cell, None, pulse_ns_for(cell, rate)).energy_pj for rate in SURVEY)
    assert shortest < energy_pj < longest


@files
def test_what_resistance_and_current_leave_of_the_energy_is_told(name):
    """The path of the current takes a third to a half of the voltage behind the energy, so these figures contradict."""
    current_a = 1e-6 * published(name, "current_ua")
    path_v = [current_a * published(name, f"{state}_ohm") + published(name, "access_v") for state in ("parallel", "antiparallel")]
    cell = memory_cell(name).described
    found = {each.figure: each for each in comparisons(cell)}["write_voltage_v"]
    assert found.derived.value == pytest.approx(sum(path_v) / 2)
    assert max(path_v) < 0.6 * cell.write_voltage_v.value
    assert found.verdict == "contradiction, told"
    assert "write_voltage_v" in {error.message.partition(":")[0] for error in contradictions(changed(name))}


def test_ikedas_energy_is_told_to_be_less_than_the_heat_of_its_junction():
    name = "stt-40F2"
    heat_pj = 1e-9 * published(name, "current_ua") ** 2 * published(name, "parallel_ohm") * published(name, "pulse_ns")
    found = {each.figure: each for each in comparisons(memory_cell(name).described)}["heat_pj"]
    assert found.derived.value == pytest.approx(heat_pj, rel=0.01)
    assert (found.verdict, found.stated.value < heat_pj) == ("contradiction, told", True)


@cells
def test_a_macro_takes_the_cells_pulse_and_energy_and_circuits_besides(name):
    macro, row = memory_macro(name, 2**20), MACROS[PUBLISHED[name]["nvsim_cell"]]
    assert (macro.write_ns, macro.write_pj) == pytest.approx((float(row["write_ns"]), float(row["write_pJ"])), rel=1e-3)
    circuits_ns, circuits_pj = macro.write_ns - published(name, "pulse_ns"), macro.write_pj - 128 * macro.cell.write_energy_pj
    # The circuits of arrays of one size are alike: those of 34.5 F2 take 0.283 ns and 10.206 pJ.
    assert 0.283 <= circuits_ns < 2 * 0.283
    assert circuits_pj == pytest.approx(10.206, rel=0.15)
    half = macro.with_write(pulse_ns=published(name, "pulse_ns") / 2)
    assert half.write_ns == pytest.approx(circuits_ns + published(name, "pulse_ns") / 2)
    assert half.write_pj == pytest.approx(circuits_pj + 128 * macro.cell.write_energy_pj / 2)
    assert half.write is not None
    # In half of the time an error is as likely as the square root of the rate times what precedes the exponential.
    assert half.write.error_rate == pytest.approx(halved(name), rel=0.02)


def halved(name: str) -> float:
    _, pulse_ns, stability, damping, _, field_t = JUNCTIONS[name]
    tau = pulse_ns / 2 / (TAU_D_NS * 0.01 * 0.35 / (damping * field_t))
    return refined(overdrive_of(name), tau, stability * 300 / 350)


#: By how much a figure may be off until the comparison of the rest refuses it.
REFUSED = {
    "write_energy_pj": 1.2,
    "write_current_ua": 1.2,
    "write_pulse_ns": 1.2,
    "write_voltage_v": 1.2,
    "thermal_stability": 2.0,
    "spin_efficiency": 2.0,
    "anisotropy_field_t": 3.0,
}


@cells
@pytest.mark.parametrize("figure", list(REFUSED))
@pytest.mark.parametrize("direction", [1, -1])
def test_a_figure_that_does_not_fit_the_others_is_refused(name, figure, direction):
    told = memory_cell(name).described.model_dump(exclude_none=True)
    told[figure] = {**told[figure], "value": told[figure]["value"] * REFUSED[figure] ** direction}
    refused = {
        error.message.partition(":")[0] for error in contradictions(CellDescription.model_validate(told | {"acknowledged": {}}))
    }
    reasons = set(memory_cell(name).described.acknowledged)
    assert refused - reasons
    assert compared(memory_cell(name).described)["write_error_rate"] == "agrees"


@cells
@pytest.mark.parametrize("times", [2.0, 0.5])
def test_a_current_that_keeps_the_energy_but_not_the_error_rate_is_refused(name, times):
    told = memory_cell(name).described.model_dump(exclude={"acknowledged", "access_voltage_v"}, exclude_none=True)
    for figure, factor in (("write_current_ua", times), ("write_voltage_v", 1 / times)):
        told[figure] = {**told[figure], "value": told[figure]["value"] * factor}
    cell = CellDescription.model_validate(told)
    verdicts = compared(cell)
    assert verdicts["write_energy_pj"] == "agrees"
    assert {verdicts["write_error_rate"], verdicts["write_pulse_ns"]} == {"contradiction"}
