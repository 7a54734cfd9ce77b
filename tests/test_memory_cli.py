"""``simcore memory``: its output, and the input that it rejects."""

from __future__ import annotations

import csv
import json
import re
import shlex
from math import log
from pathlib import Path

import pytest
from cells_by_hand import mean_error_rate, nominal_error_rate, overdrive_of
from fresh_python import imported_by
from typer.testing import CliRunner, Result

from models.arrays.macro import memory_macro
from models.arrays.ratio import energy_ratio
from models.arrays.table import Figures
from models.junction.fokker_planck import error_curve
from simcore.cli import app

GUIDE = (Path(__file__).parents[1] / "docs" / "stt-mram.md").read_text(encoding="utf-8")
GOLDEN = Path(__file__).parent / "golden" / "mram" / "wer_fokker_planck.csv"
MIB = 1024 * 1024


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["memory", *arguments])


def printed_json(*arguments: str) -> dict:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_one_macro_as_json_has_the_figures_at_the_top():
    shown = printed_json("stt-34.5F2", "1MiB")
    macro = memory_macro("stt-34.5F2", MIB)
    assert {name: shown[name] for name in Figures._fields} == {name: getattr(macro, name) for name in Figures._fields}
    assert (shown["cell"], shown["capacity_bytes"], shown["node_nm"], shown["leakage_class"]) == ("stt-34.5F2", MIB, 22, "lop")
    assert shown["write"]["error_rate"] == pytest.approx(nominal_error_rate("stt-34.5F2"), rel=5e-3)
    assert shown["write"]["mean_error_rate_of_cells"] == pytest.approx(mean_error_rate("stt-34.5F2", 0.05), rel=0.03)
    assert printed_json("macro", "stt-34.5F2", "1MiB") == shown


def test_options_name_another_row_of_the_table():
    shown = printed_json("sram", "1 MiB", "--node", "22", "--class", "hp", "--word-bits", "128")
    assert (shown["leakage_mw"], shown["read_pj"], shown["write"]) == (1080, 50.418, None)
    assert printed_json("sram", "1 MiB", "--optimise", "area")["area_mm2"] == pytest.approx(0.600687698)
    assert printed_json("sram", "4MiB", "--node", "45", "--word-bits", "512")["area_mm2"] == 12.93


#: Areas in mm2, as NVSim gives them: of an SRAM of 2 MiB, and of STT-MRAM of 8 and 16 MiB, which are around it. Between two rows
#: log(area) is a straight line over log(capacity), so 9,959 KiB fit.
AREA_MM2, BELOW_MM2, ABOVE_MM2 = 1.698, 1.390, 2.828
FITS_KIB = int(8192 * 2 ** (log(AREA_MM2 / BELOW_MM2) / log(ABOVE_MM2 / BELOW_MM2)))


def test_equal_area_puts_the_largest_macro_that_fits_beside_it():
    shown = printed_json("sram", "2MiB", "--iso", "area", "--against", "stt-34.5F2")
    sram, stt = shown["macros"]
    assert (shown["iso"], sram["cell"], stt["cell"]) == ("area", "sram", "stt-34.5F2")
    assert (sram["capacity_bytes"], stt["capacity_bytes"]) == (2 * MIB, FITS_KIB * 1024)
    assert stt["area_mm2"] <= sram["area_mm2"] == pytest.approx(AREA_MM2)
    assert shown["area_used_percent"] == pytest.approx(100 * stt["area_mm2"] / AREA_MM2)
    one_more = printed_json("stt-34.5F2", f"{FITS_KIB + 1}KiB")
    assert one_more["area_mm2"] > sram["area_mm2"]
    assert shown["ratios"]["leakage_mw"] == pytest.approx(sram["leakage_mw"] / stt["leakage_mw"])


def test_equal_capacity_puts_the_same_capacity_beside_it():
    sram, stt = printed_json("sram", "1MiB", "--iso", "capacity", "--against", "stt-54F2")["macros"]
    assert (stt["capacity_bytes"], stt["area_mm2"]) == (sram["capacity_bytes"], 0.296286887)


def test_a_write_voltage_and_pulse_change_the_mram_beside_an_sram():
    arguments = ("sram", "1MiB", "--iso", "capacity", "--against", "stt-34.5F2")
    (sram, nominal), (same_sram, changed) = (
        printed_json(*arguments, *more)["macros"] for more in ((), ("--voltage", "1.0", "--pulse-ns", "3"))
    )
    assert sram == same_sram
    assert changed["write_ns"] == pytest.approx(nominal["write_ns"] - 2)
    assert changed["write_pj"] < nominal["write_pj"]
    assert changed["write"]["error_rate"] > 1e3 * nominal["write"]["error_rate"]
    assert changed["read_ns"] == nominal["read_ns"]


def test_a_clock_gives_the_bank_timing_in_cycles():
    timing = printed_json("stt-34.5F2", "1MiB", "--clock", "1GHz")["timing"]
    assert (timing["clock_hz"], timing["read_cycles"], timing["write_cycles"]) == (10**9, 2, 6)


def test_the_table_shows_both_macros_their_class_and_what_to_know():
    shown = invoke("sram", "2MiB", "--iso", "area", "--against", "stt-34.5F2", "--clock", "1GHz").stdout
    assert "22 nm, lop, 128-bit words" in shown
    assert f"2,048      {FITS_KIB:,}" in shown
    assert re.search(r"area used, % +- +100\b", shown)
    assert "write_cycles" in shown
    assert "Note: leakage is for class lop at 350 K" in shown
    assert max(len(line) for line in shown.splitlines()) <= 100


def test_write_error_rates_agree_with_the_golden_solutions():
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[::12]:
        shown = printed_json("wer", "--delta", row["Delta"], "--overdrive", row["i"], "--tau", row["tau"])
        assert shown["write_error_rate"] == pytest.approx(float(row["wer_fp"]), rel=0.02)


def test_a_write_error_rate_comes_with_the_closed_forms_and_the_pulse():
    shown = printed_json("wer", "--delta", "60", "--overdrive", "2", "--tau", "6")
    assert shown["butler"] == pytest.approx(4.547051e-4, rel=1e-6)
    assert shown["pulse_ns"] == pytest.approx(6 * 1.62275, rel=1e-5)
    assert shown["refined"] < shown["write_error_rate"] < shown["butler"] < shown["sun"]
    assert printed_json("wer", "--overdrive", "2", "--pulse-ns", str(shown["pulse_ns"]))["write_error_rate"] == pytest.approx(
        shown["write_error_rate"]
    )


def test_below_the_critical_current_no_closed_form_is_shown():
    shown = printed_json("wer", "--overdrive", "0.9", "--tau", "6")
    assert 0.9 < shown["write_error_rate"] < 1
    assert "butler" not in shown


def test_a_cell_at_its_own_point_and_at_another_voltage():
    nominal, lower = (
        printed_json("wer", "--cell", "stt-34.5F2", *more) for more in ((), ("--voltage", "1.0", "--pulse-ns", "5"))
    )
    assert nominal["write_error_rate"] == pytest.approx(nominal_error_rate("stt-34.5F2"), rel=5e-3)
    assert (nominal["overdrive"], nominal["temperature_k"]) == (pytest.approx(overdrive_of("stt-34.5F2"), rel=1e-4), 350)
    assert (nominal["pulse_ns"], nominal["voltage_v"]) == (pytest.approx(5), 1.235)
    assert lower["write_error_rate"] == pytest.approx(
        printed_json("stt-34.5F2", "1MiB", "--voltage", "1.0")["write"]["error_rate"]
    )


def test_the_default_junction_at_a_voltage():
    shown = printed_json("wer", "--voltage", "0.3", "--pulse-ns", "10")
    assert shown["overdrive"] == pytest.approx(0.3 / 0.1001518, rel=1e-5)


def test_a_target_gives_the_pulse_that_reaches_it():
    shown = printed_json("wer", "--overdrive", "2", "--target", "1e-6")
    assert shown["write_error_rate"] == pytest.approx(1e-6)
    assert 13 < shown["pulse_ns"] < 14.7  # Butler's form asks for 14.70 ns


def test_directions_of_an_asymmetric_junction():
    arguments = ("wer", "--overdrive", "2", "--tau", "6", "--asymmetry", "1.3", "--direction")
    worse, better = (printed_json(*arguments, direction)["write_error_rate"] for direction in ("p-to-ap", "ap-to-p"))
    assert worse > 10 * better


def test_variation_and_method_are_options():
    shown = printed_json("wer", "--overdrive", "2.4", "--pulse-ns", "10", "--sigma", "0.05", "--method", "butler")
    assert shown["write_error_rate"] / shown["without_variation"] == pytest.approx(2.82, abs=0.03)


def test_write_errors_as_a_table():
    shown = invoke("wer", "--overdrive", "3", "--tau", "4").stdout
    assert "write error rate" in shown
    assert "butler" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("srm", "2MiB"), "no memory cell is called 'srm'; did you mean 'sram'?"),
        (("wre", "--json", "1"), "no memory cell is called 'wre'"),
        (("sram", "2MB"), "capacity: expected a size such as '64 KiB', got '2MB'; did you mean 'MiB'?"),
        (("sram", "0B"), "capacity: expected a size above 0, got '0B'"),
        (
            ("sram", "128MiB"),
            "capacity: expected 32 KiB to 65,536 KiB for sram at 22 nm, lop, optimised for read-edp with 128-bit words, "
            "got 131,072 KiB",
        ),
        (("sram", "2MiB", "--node", "28"), "node: expected one of 22, 32, 45 for sram, got 28"),
        (("sram", "2MiB", "--class", "low"), "class: expected one of hp, lop, lstp for sram at 22 nm, got 'low'"),
        (
            ("sram", "2MiB", "--iso", "are", "--against", "stt-54F2"),
            "--iso: expected area or capacity, got 'are'; did you mean 'area'?",
        ),
        (("sram", "2MiB", "--iso", "area"), "expected --against CELL with --iso area"),
        (("sram", "2MiB", "--against", "stt-54F2"), "expected --iso area or --iso capacity with --against"),
        (("sram", "2MiB", "--voltage", "1"), "expected no --voltage or --pulse-ns, because sram is not written by a pulse"),
        (("stt-54F2", "2MiB", "--pulse-ns", "0"), "pulse_ns: expected a number above 0, got 0.0"),
        (("sram", "2MiB", "--clock", "0Hz"), "clock: expected a clock above 0 Hz, got 0"),
        (("wer",), "expected --overdrive, --voltage or --cell, got none of them"),
        (("wer", "--overdrive", "2"), "expected --tau, --pulse-ns or --target, got none of them"),
        (
            ("wer", "--overdrive", "2", "--tau", "1", "--target", "1e-3"),
            "expected one of --tau, --pulse-ns and --target, got --tau and --target",
        ),
        (
            ("wer", "--overdrive", "2", "--voltage", "1", "--tau", "1"),
            "expected one of --overdrive and --voltage (with or without --cell), got both",
        ),
        (("wer", "--overdrive", "nan", "--tau", "1"), "overdrive: expected a number above 0, got nan"),
        (("wer", "--overdrive", "2", "--tau", "-1"), "tau: expected a number of at least 0, got -1.0"),
        (
            ("wer", "--overdrive", "2", "--tau", "1", "--direction", "up"),
            "--direction: no write direction is called 'up'; known: p-to-ap, ap-to-p",
        ),
        (
            ("wer", "--cell", "sram"),
            "sram is not written by a pulse, so it has no write voltage, pulse or write error rate",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_help_lists_both_commands_and_imports_no_numbers():
    shown = invoke("--help").stdout
    assert "macro" in shown
    assert "wer" in shown
    assert imported_by("from simcore.cli import app", ["numpy", "yaml", "models.arrays"])[0] == set()


def test_the_commands_of_the_guide_run():
    commands = re.findall(r"^    simcore memory (.+)$", GUIDE, flags=re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        assert invoke(*shlex.split(command)).exit_code == 0, command


@pytest.mark.slow
def test_the_capacities_of_the_guide_are_those_of_equal_area():
    rows = re.findall(r"^\| (\d+ [KM]iB) \| (.+) \| (.+) \| (.+) \|$", GUIDE, flags=re.MULTILINE)
    assert len(rows) == 7
    for sram, *fitting in rows:
        for cell, expected in zip(("stt-34.5F2", "stt-54F2", "stt-40F2"), fitting, strict=True):
            beside = printed_json("sram", sram, "--iso", "area", "--against", cell)["macros"][1]
            assert beside["capacity_bytes"] == 1024 * int(
                expected.removesuffix(" (the table ends)").replace(",", "").removesuffix(" KiB")
            )


def test_the_energy_ratios_of_the_guide_are_those_of_the_closed_form():
    rates = [
        float(rate.removeprefix("a = "))
        for rate in re.search(r"^\| class \| (.+) \|$", GUIDE, flags=re.MULTILINE)[1].split(" | ")
    ]
    for leakage_class in ("hp", "lop", "lstp"):
        printed = re.search(rf"^\| {leakage_class} \| (.+) \|$", GUIDE, flags=re.MULTILINE)[1].split(" | ")
        sram, stt = (memory_macro(cell, 16 * MIB, leakage_class=leakage_class) for cell in ("sram", "stt-34.5F2"))
        assert [f"{energy_ratio(sram, stt, rate):.2g}" for rate in rates] == printed


def test_the_convergence_table_of_the_guide_is_the_solvers():
    rows = re.findall(r"^\| (\d+) \| (\.\d+) \| (\d\S+) \| (\d\S+) \|$", GUIDE, flags=re.MULTILINE)
    assert [row[0] for row in rows] == ["300", "600", "1200", "2400"]
    for cells, *printed in rows:
        curve = error_curve(2, 60, 9, cells=int(cells))
        for tau, value in zip((3, 6, 9), printed, strict=True):
            digits = len(value.split("e")[0].replace(".", "").lstrip("0"))
            assert float(f"{curve.at(tau):.{digits - 1}e}") == pytest.approx(float(value), rel=1e-9)
