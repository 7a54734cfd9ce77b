"""Descriptions of cells: what follows from them, comparisons of redundant figures, and contradictions."""

from __future__ import annotations

import json
from itertools import product
from math import exp, log, pi
from pathlib import Path

import pytest
from cells_by_hand import JUNCTIONS, nominal_error_rate, overdrive_of, tau_of
from typer.testing import CliRunner

from models.arrays.cells import memory_cell, memory_cells
from models.arrays.cheapest import cheapest_write, savings
from models.arrays.macro import memory_macro
from models.arrays.table import SOURCE
from models.cells.agreement import comparisons, contradictions
from models.cells.chain import directed_writes, error_rate_span, pulse_span
from models.cells.description import OPERATING_K, CellDescription
from models.cells.load import load_description
from models.junction.fokker_planck import error_curve
from simcore.cli import app
from simcore.errors import InputError

#: Cells whose current, pulse and energy are published, or set for the published macros.
PUBLISHED = ("stt-34.5F2", "stt-40F2", "stt-54F2")


def compared(cell: CellDescription) -> dict[str, str]:
    return {each.figure: each.verdict for each in comparisons(cell)}


def stated(value: float, within: float = 1.01, kind: str = "assumed") -> dict:
    return {"value": value, "within": within, "kind": kind, "source": "made up"}


def changed(name: str, **figures: object) -> CellDescription:
    """The cell of this name with other figures, and without acknowledgements."""
    told = memory_cell(name).described.model_dump(exclude={"acknowledged"}, exclude_none=True)
    return CellDescription.model_validate(told | figures)


#: A spread of the overdrive that changes nothing.
NONE = stated(1e-9)


@pytest.mark.parametrize("name", PUBLISHED)
def test_error_rate_energy_and_latency_of_published_cells_agree_with_each_other(name):
    cell = memory_cell(name).described
    verdicts = compared(cell)
    assert [verdicts[figure] for figure in ("write_error_rate", "write_energy_pj", "write_pulse_ns")] == ["agrees"] * 3
    # By hand: the refined closed form at current / critical current, V I t, and the pulse that ln(rate) is linear in.
    for write in directed_writes(cell):
        assert write.overdrive == pytest.approx(overdrive_of(name), rel=1e-4)
        assert write.error_rate == pytest.approx(nominal_error_rate(name), rel=5e-3)
    current_ua, pulse_ns = JUNCTIONS[name][:2]
    assert cell.write_energy_pj.value == pytest.approx(1e-3 * current_ua * cell.write_voltage_v.value * pulse_ns, rel=1e-2)


@pytest.mark.slow
def test_the_error_rate_of_a_cell_is_that_of_the_fokker_planck_equation():
    for name in PUBLISHED:
        solved = error_curve(overdrive_of(name), JUNCTIONS[name][2] * 300 / 350, tau_of(name)).at(tau_of(name))
        assert directed_writes(memory_cell(name).described)[0].error_rate == pytest.approx(solved, rel=0.03)


def test_macros_and_junctions_have_one_temperature():
    assert f"{OPERATING_K:g} K" in SOURCE
    for cell in memory_cells().values():
        if cell.description is not None:
            assert cell.junction.temperature_k == OPERATING_K
            barrier = cell.junction.thermal_stability * OPERATING_K
            assert barrier == pytest.approx(300 * cell.description.thermal_stability.value)
            assert cell.junction.parallel_resistance_ohm == pytest.approx(cell.description.parallel_resistance_ohm.value)


def test_every_contradiction_of_the_cells_that_come_with_simcore_has_a_reason():
    told = {
        (name, each.figure)
        for name, cell in memory_cells().items()
        if cell.description is not None
        for each in comparisons(cell.description)
        if not each.agrees
    }
    assert all(not contradictions(cell.description) for cell in memory_cells().values() if cell.description is not None)
    # 40.82 uA x 6 or 12 kohm + 0.15 V are 0.39 to 0.64 V, beside 1.235 V; 0.25 V / 12 or 6 kohm are 21 to 42 uA, beside 4.17 uA;
    # 49 uA^2 x 14.3 kohm x 10 ns are 0.343 pJ, beside 0.246.
    assert told == {
        *((name, "current_asymmetry") for name in JUNCTIONS | {"stt-75F2": None}),
        *((name, figure) for name in ("stt-34.5F2", "stt-54F2") for figure in ("write_voltage_v", "read_current_ua")),
        ("stt-40F2", "heat_pj"),
    }


def test_the_overdrive_that_the_cell_was_once_given_contradicts_its_current():
    """Stability 60 and 25.17 uA: 40.82 uA are 1.62 times that, not 5.17; in 5 ns such a write fails in 4 of 10 cases."""
    once = {"thermal_stability": stated(60), "damping": stated(0.01), "spin_efficiency": stated(0.6)}
    cell = changed("stt-34.5F2", **once, anisotropy_field_t=stated(0.35), overdrive=stated(5.17))
    found = {each.figure: each for each in comparisons(cell)}
    assert found["overdrive"].derived.value == pytest.approx(40.82 / 25.171, rel=1e-4)
    assert 0.3 < found["write_error_rate"].derived.value < 0.5
    assert {"overdrive", "write_error_rate", "write_pulse_ns"} <= {
        error.message.partition(":")[0] for error in contradictions(cell)
    }


@pytest.mark.parametrize(
    ("figures", "figure", "derived"),
    [
        ({"write_energy_pj": stated(0.5)}, "write_energy_pj", 1.25 * 80e-3 * 10),
        ({"write_energy_pj": stated(0.1), "write_voltage_v": stated(0.125)}, "heat_pj", 1e-9 * 80**2 * 3000 * 10),
        ({"write_voltage_v": stated(1.25)}, "write_voltage_v", 0.15 + 80e-6 * 4500),
        ({"diameter_nm": stated(40), "resistance_area_ohm_um2": stated(5)}, "parallel_resistance_ohm", 5 / (pi / 4 * 0.04**2)),
        ({"critical_current_ua": stated(50)}, "critical_current_ua", 25.171),
        ({"overdrive": stated(2)}, "overdrive", 80 / 25.171),
        ({"tmr": stated(0.5)}, "current_asymmetry", 1.5),
        ({"sense_voltage_v": stated(0.1)}, "sense_current_ua", 1e6 * 0.1 / 3000),
        ({"read_voltage_v": stated(0.1)}, "read_current_ua", 1e6 * 0.1 / 3000),
        ({"write_error_rate": stated(1e-3)}, "write_error_rate", None),
        ({"write_pulse_ns": stated(30)}, "write_pulse_ns", None),
        ({"retention_s": stated(3e8), "retention_k": 400}, "retention_s", 1e-9 * exp(60 * 300 / 400)),
    ],
)
def test_each_redundant_figure_is_compared_with_what_follows_from_the_others(figures, figure, derived):
    found = {each.figure: each for each in comparisons(changed("stt-54F2", **figures))}[figure]
    assert found.verdict == "contradiction"
    if derived is not None:
        assert found.derived.value == pytest.approx(derived, rel=1e-3)
    assert found.derived.low <= found.derived.value <= found.derived.high


def test_a_stated_critical_current_is_the_one_that_counts():
    cell = changed("stt-54F2", critical_current_ua=stated(25.171 * 2))
    assert directed_writes(cell)[0].overdrive == pytest.approx(80 / (2 * 25.171), rel=1e-4)


def test_a_direction_that_needs_more_current_errs_more_and_needs_a_longer_pulse():
    to_ap, to_p = directed_writes(changed("stt-54F2", current_asymmetry=stated(1.44)))
    assert (to_ap.critical_current_ua, to_p.critical_current_ua) == pytest.approx((25.171 * 1.2, 25.171 / 1.2), rel=1e-4)
    assert to_ap.error_rate > 1e3 * to_p.error_rate
    assert to_ap.pulse_ns > to_p.pulse_ns
    assert to_ap.mean_error_rate > to_ap.error_rate


def test_spans_reach_what_the_uncertainties_allow():
    cell = changed("stt-54F2", **{name: stated(value, 1.0) for name, value in junction_figures("stt-54F2").items()})
    exact = error_rate_span(cell)
    assert exact.low == exact.value == exact.high
    exactly = {name: figure.model_dump() for name, figure in cell.figures().items()}
    wider = error_rate_span(CellDescription.model_validate(exactly | {"write_pulse_ns": stated(10, 1.2)}))
    assert wider.low < exact.value < wider.high
    # ln(rate) is linear in the pulse: a factor of 1.2 on tau, with r = 2 (i - 1) and a little more.
    r = 2 * (overdrive_of("stt-54F2") - 1)
    assert wider.low / exact.value == pytest.approx(exp(-r * 0.2 * tau_of("stt-54F2")), rel=0.05)
    never = changed("stt-54F2", write_current_ua=stated(18))
    assert pulse_span(never).high == float("inf")


@pytest.mark.slow
def test_a_span_has_the_extremes_of_all_combinations():
    cell = memory_cell("stt-54F2").described
    varied = ("thermal_stability", "damping", "anisotropy_field_t", "spin_efficiency", "write_pulse_ns", "current_asymmetry")
    figures = cell.figures()
    ends = ((*((figures[name].low, figures[name].high)), 1.0)[: 3 if name == "current_asymmetry" else 2] for name in varied)
    rates = []
    for corner in product(*ends):
        exact = {name: stated(value, 1.0) for name, value in zip(varied, corner, strict=True)}
        rates.append(max(write.error_rate for write in directed_writes(changed("stt-54F2", **exact, overdrive_spread=NONE))))
    found = error_rate_span(changed("stt-54F2", write_current_ua=stated(80, 1.0)))
    assert (found.low, found.high) == pytest.approx((min(rates), max(rates)))


def junction_figures(name: str) -> dict[str, float]:
    return {figure: each.value for figure, each in memory_cell(name).described.figures().items()}


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ({"write_energy": "no"}, "acknowledged: expected one of the comparisons that the description allows, got 'write_energy'"),
        ({"write_energy_pj": "no"}, "acknowledged: 'write_energy_pj' agrees with the other figures, so there is nothing to"),
    ],
)
def test_only_a_contradiction_can_be_acknowledged(reasons, told):
    with pytest.raises(InputError, match=told):
        comparisons(changed("stt-54F2", acknowledged=reasons))


# The command


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["memory", "cell", *map(str, arguments)])


def written(path: Path, cell: CellDescription) -> Path:
    path.write_text(json.dumps(cell.model_dump(exclude_none=True)))  # JSON is YAML
    return path


def test_the_command_prints_a_cell_and_the_reason_of_each_contradiction():
    result = invoke("stt-34.5F2")
    assert result.exit_code == 0
    for part in ("overdrive", "3.29", "contradiction, told", "one current", "350 K"):
        assert part in result.stdout
    shown = json.loads(invoke("stt-34.5F2", "--json").stdout)
    assert [write["overdrive"] for write in shown["writes"]] == pytest.approx([overdrive_of("stt-34.5F2")] * 2, rel=1e-4)
    assert shown["comparisons"][1]["derived"][2] is None, "the heat of the junction has no upper bound"


def test_a_contradiction_in_a_users_cell_is_an_error_unless_it_is_acknowledged(tmp_path):
    reasons = dict.fromkeys(("write_voltage_v", "read_current_ua", "current_asymmetry"), "as in the file")
    path = written(tmp_path / "mine.yaml", changed("stt-54F2", overdrive=stated(5.17), acknowledged=reasons))
    refused = invoke(path)
    assert refused.exit_code == 2
    assert "overdrive: stated as 5.17" in refused.stderr
    assert "but the other figures give 3.178" in refused.stderr
    written(path, changed("stt-54F2", overdrive=stated(5.17), acknowledged=reasons | {"overdrive": "fitted"}))
    told = invoke(path)
    assert (told.exit_code, "overdrive: fitted." in told.stdout) == (0, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("damping: {value: -1, within: 1, kind: assumed, source: a}", "mine.yaml:1: damping.value: expected"),
        ("damping: {value: 1, within: 0.5, kind: assumed, source: a}", "damping.within: expected"),
        ("damping: {value: 1e-2x, within: 1, kind: assumed, source: a}", "expected a number, got '1e-2x'"),
        ("damping: {value: 1, within: 1, kind: guessed, source: a}", "damping.kind"),
        ("dampng: {value: 1, within: 1, kind: assumed, source: a}", "did you mean 'damping'"),
        ("[1]", "mine.yaml:1: expected a mapping with keys thermal_stability"),
    ],
)
def test_a_bad_description_is_reported_with_its_line(tmp_path, text, told):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_description(str(path))
    assert told in str(caught.value)


def test_sram_has_no_description():
    assert "sram is not written by a pulse" in invoke("sram").stderr


# The cheapest write


def test_the_cheapest_write_has_twice_the_critical_current_and_saves_as_the_closed_form_says():
    """At a rate, tau = ln(...) / (2 (i - 1)), and the energy goes with i^2 tau: the least of i^2 / (i - 1) is at i = 2."""
    for name in PUBLISHED:
        cell = memory_cell(name)
        rate = nominal_error_rate(name)
        found = cheapest_write(cell, rate)
        i = overdrive_of(name) * found.voltage_v / cell.nominal_voltage_v
        assert i == pytest.approx(2, abs=0.2)
        assert max(found.error_rate_p_to_ap, found.error_rate_ap_to_p) == pytest.approx(rate, rel=0.02)
        own = overdrive_of(name)
        by_hand = own**2 / (own - 1) / (2**2 / (2 - 1))
        assert cell.write_energy_pj / found.energy_pj == pytest.approx(by_hand, rel=0.07)


def test_savings_tell_the_cheaper_write_and_the_tolerated_errors_apart():
    macro = memory_macro("stt-34.5F2", 2**20)
    found = savings(macro, 1e-3)
    nominal_pj = macro.cell.write_energy_pj
    assert found.cell_baseline_gain == nominal_pj / found.baseline.energy_pj > 1
    assert found.cell_baseline_gain * found.cell_tolerance_gain == pytest.approx(nominal_pj / found.tolerant.energy_pj)
    word_pj = [macro.write_pj - 128 * (nominal_pj - point.energy_pj) for point in (found.baseline, found.tolerant)]
    assert found.word_baseline_gain == pytest.approx(macro.write_pj / word_pj[0])
    assert found.word_tolerance_gain == pytest.approx(word_pj[0] / word_pj[1])
    # At overdrive 2 the pulse, and so the energy, goes with ln(s D (i - 1) / (i rate)), where s is 1.6 and D 34.3.
    ratio = log(1.6 * 34.3 / 2 / nominal_error_rate("stt-34.5F2")) / log(1.6 * 34.3 / 2 / 1e-3)
    assert found.cell_tolerance_gain == pytest.approx(ratio, rel=0.05)
