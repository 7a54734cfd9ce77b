"""``simcore pim``: products in DRAM and PIMeval's table, from the command line."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.pim import simdram
from models.pim.bitsimd import SYSTEMS, counts, is_extended, time_of
from simcore.cli.app import app
from simcore.dram.resolve import load_dram
from simcore.dram.standard import dram_names, pim_names
from simcore.engine.micro_programs import run_work
from simcore.pim.limits import NO_LIMITS, load_pim_dram
from simcore.pim.report import Placed

GOLDEN = Path(__file__).parent / "golden" / "pim" / "pimeval_bitsimd_ops.csv"


def run(*words: str):
    return CliRunner().invoke(app, list(words))


def figures(*words: str) -> dict:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def rows_of_pimeval() -> list[dict[str, str]]:
    with GOLDEN.open() as lines:
        return list(csv.DictReader(lines))


def geometry(row: dict[str, str]) -> dict[str, int]:
    names = {"ranks": "ranks", "banks": "banks_per_rank", "subarrays": "subarrays_per_bank", "rows": "rows", "columns": "cols"}
    return {ours: int(row[theirs]) for ours, theirs in names.items()}


def test_every_row_of_pimevals_bitsimd_comes_out_exactly() -> None:
    rows = rows_of_pimeval()
    assert len(rows) == 263
    for row in rows:
        found = time_of(row["op"], int(row["bits"]), int(row["n_elements"]), replace(SYSTEMS["pimeval-ddr4"], **geometry(row)))
        for name in ("runtime_ns", "read_ns", "write_ns", "logic_ns"):
            assert getattr(found, name) == float(row[name]), row
        assert not is_extended(row["op"], int(row["bits"]))


@pytest.mark.parametrize("row", rows_of_pimeval()[:: 262 // 4], ids=lambda row: f"{row['op']}-{row['bits']}")
def test_the_command_gives_pimevals_figures(row) -> None:
    options = [word for name, value in geometry(row).items() for word in (f"--{name}", str(value))]
    found = figures("pim", "op", row["op"], "--bits", row["bits"], "--elements", row["n_elements"], *options)
    assert [found[name] for name in ("runtime_ns", "read_ns", "write_ns", "logic_ns")] == [
        float(row[name]) for name in ("runtime_ns", "read_ns", "write_ns", "logic_ns")
    ]
    assert found["extends_the_table"] is False


def test_the_counts_of_pimevals_table_as_it_prints_them() -> None:
    assert counts("mul", 8) == (72, 36, 136)
    assert counts("add", 8) == (16, 8, 25)


def test_what_pimevals_table_lacks_is_marked() -> None:
    assert figures("pim", "op", "mul", "--bits", "64", "--elements", "5")["extends_the_table"]
    assert "its formula was extended" in run("pim", "op", "add", "--bits", "7", "--elements", "5").stdout


@pytest.mark.parametrize(
    ("program", "aap", "ap", "activations", "rows"), [("maj", 96, 0, 192, 356), ("simdram", 119, 36, 274, 402)]
)
def test_a_product_of_four_bits_in_one_subarray(program, aap, ap, activations, rows) -> None:
    found = figures("pim", "multiply", "--bits", "4", "--program", program, "--no-limits", "--engine", "simpy")
    assert [found[name] for name in ("aap", "ap", "activations", "rows_raised")] == [aap, ap, activations, rows]
    assert (found["exact"], found["pairs_checked"], found["first_wrong"]) == (True, 256, None)
    assert found["cycles"] == found["compute_cycles"] == (aap + ap) * 62
    assert found["ns"] == found["cycles"] * 0.75
    assert found["results"] == 65536
    whole = figures("pim", "multiply", "--bits", "4", "--program", program, "--no-limits", "--engine", "simpy", "--initialised")
    assert {name: whole[name] for name in ("aap", "ap", "activations", "rows_raised")} == found["with_initialisation"]


def test_the_time_of_simdrams_product_is_the_golden_one_with_the_overlap_of_mimdram() -> None:
    # tRAS 32 ns, tWLOV 4 ns and tRP 14.16 ns, which golden/pim has as ns_ddr4_2400_gem5; here in cycles of a hundredth of a ns.
    table = {
        "extends": "pim-ddr4_2400r",
        "speeds": {"2400R": {"tck_ps": 10, "timings": {"nRAS": 3200, "nRP": 1416, "nRC": 4616, "nWLOV": 400}}},
    }
    dram = load_pim_dram(table, NO_LIMITS)
    outcome = run_work(Placed(simdram.PROGRAMS["mul"].recorded(8), dram, NO_LIMITS).work, "simpy")
    assert outcome.cycles * 0.01 == pytest.approx(32584.08, abs=1e-6)


def test_the_energy_by_hand() -> None:
    found = figures("pim", "multiply", "--bits", "1", "--no-limits", "--engine", "simpy")
    # VDD (IDD0 tRC - IDD3N tRAS - IDD2N tRP) of one chip, times eight; four activations of one row and one of three of 3 AAP.
    row_pj = 1.2 * (65 * 62 - 65 * 43 - 50 * 19) * 0.75 * 8
    assert found["energy_pj"]["activate"] == pytest.approx(row_pj * (5 + 1 + 2 * 0.22))
    # A row is open for tRAS of each operation; the background is IDD3N then, else IDD2N.
    assert found["energy_pj"]["background"] == pytest.approx(1.2 * 0.75 * 8 * 3 * (65 * 43 + 50 * 19))
    assert found["pj"] == pytest.approx(sum(found["energy_pj"].values()))


@pytest.mark.parametrize("name", pim_names())
def test_every_dram_that_computes_multiplies(name) -> None:
    found = figures("pim", "multiply", "--bits", "2", "--standard", name, "--banks", "2", "--engine", "simpy", "--signed")
    assert found["exact"]
    assert found["standard"] == name
    assert found["compute_cycles"] + sum(found["stall_cycles"].values()) == found["cycles"]
    assert found["commands"]["ACT"] == 2 * (found["aap"] + found["ap"])


def test_a_stream_passes_the_checker_and_fails_with_one_command_a_cycle_earlier(tmp_path) -> None:
    path = tmp_path / "stream.csv"
    given = ("--bits", "2", "--banks", "4", "--standard", "ddr4_2400r", "--engine", "simpy")
    found = figures("pim", "multiply", *given, "--commands", str(path))
    assert found["standard"] == "pim-ddr4_2400r"
    assert run("dram", "check", str(path), "--standard", "pim-ddr4_2400r").exit_code == 0
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + sum(found["commands"].values())
    at = next(at for at, line in enumerate(lines) if line.startswith("4,ACT"))
    lines[at] = "3" + lines[at][1:]
    early = tmp_path / "early.csv"
    early.write_text("\n".join(lines))
    done = run("dram", "check", str(early), "--standard", "pim-ddr4_2400r")
    assert (done.exit_code, f"line {at + 1}: " in done.stdout) == (1, True), done.output


def test_the_printed_tables_have_counts_causes_and_values() -> None:
    shown = run("pim", "multiply", "--bits", "1", "--banks", "16", "--refresh", "none", "--engine", "simpy").stdout
    for text in ("maj-mul: counts", "with all initialisation", "compute", "tFAW", "4 pairs of operands checked: exact."):
        assert text in shown


def test_failing_activations_are_told_beside_the_ideal_values() -> None:
    given = ("pim", "multiply", "--bits", "4", "--no-limits", "--engine", "simpy", "--variation", "15")
    found = figures(*given)
    assert found["exact"]
    assert found["failures"]["failing_columns_percent"] == pytest.approx(6.01)
    assert 20 < found["failures"]["wrong_products_percent"] < 100
    assert found["failures"] != figures(*given, "--seed", "5")["failures"]
    assert "With 6.01 % of columns failing for each set of rows:" in run(*given).stdout


def test_drams_that_compute_are_listed_apart() -> None:
    assert [row["name"] for row in json.loads(run("list", "pim", "--json").stdout)] == pim_names()
    assert not set(pim_names()) & set(dram_names())
    assert load_dram("pim-ddr4_2666").timing["nFAW"] * 0.75 == 21


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["multiply", "--bits", "0"], "expected operands of 1 to 31 bits, got 0"),
        (["multiply", "--bits", "40"], "expected operands of 1 to 31 bits, got 40"),
        (["multiply", "--bits", "4", "--by", "-1"], "expected operands of 1 to 31 bits, got -1"),
        (["multiply", "--bits", "4", "--program", "may"], "no family of micro-programs 'may'; did you mean 'maj'"),
        (["multiply", "--bits", "4", "--program", "none.py:X"], "none.py: expected a readable file"),
        (["multiply", "--bits", "4", "--standard", "ddr4_2400"], "did you mean"),
        (["multiply", "--bits", "4", "--standard", "ddr5_4800an"], "no command COPY, so its subarrays cannot compute"),
        (["multiply", "--bits", "4", "--banks", "0"], "expected at least 1 bank, got 0"),
        (["multiply", "--bits", "4", "--banks", "17"], "expected 1 to 16 banks, got 17"),
        (["multiply", "--bits", "4", "--subarrays", "65"], "expected 1 to 64 subarrays of a bank, got 65"),
        (["multiply", "--bits", "4", "--refresh", "some"], "no refresh 'some'"),
        (["multiply", "--bits", "4", "--refresh", "per-bank"], "has no per-bank refresh"),
        (["multiply", "--bits", "4", "--without", "tfaw"], "no limit 'tfaw'; known: tRRD, tFAW, command-bus"),
        (["multiply", "--bits", "4", "--no-limits", "--power", "9"], "expected --no-limits alone"),
        (["multiply", "--bits", "4", "--power", "-9"], "expected a power period of at least 0 cycles, got -9"),
        (["multiply", "--bits", "4", "--aap-activations", "0"], "expected an AAP to count as 1 or 2 activations, got 0"),
        (["multiply", "--bits", "4", "--set", "nFAV=3"], "unknown timing 'nFAV'"),
        (["multiply", "--bits", "4", "--set", "nFAW=x"], "expected an integer, got 'x'"),
        (["multiply", "--bits", "4", "--variation", "26"], "expected a variation of 0 to 25 percent"),
        (["multiply", "--bits", "4", "--variation", "5", "--seed", "-1"], "expected a seed of at least 0, got -1"),
        (["multiply", "--bits", "31", "--banks", "16", "--engine", "simpy"], "the limit is 10 min"),
        (["multiply", "--bits", "4", "--engine", "fast"], "no engine named 'fast'"),
        (["multiply", "--bits", "4", "--commands", "there/"], "expected a file, got the folder"),
        (["op", "div", "--bits", "8", "--elements", "4"], "no operation 'div' in PIMeval's BitSIMD table"),
        (["op", "add", "--bits", "65", "--elements", "4"], "bits: expected 1 to 64, got 65"),
        (["op", "add", "--bits", "8", "--elements", "0"], "elements: expected at least 1, got 0"),
        (["op", "add", "--bits", "8", "--elements", "4", "--system", "pimeval"], "no system 'pimeval'"),
        (["op", "add", "--bits", "8", "--elements", "4", "--ranks", "0"], "ranks: expected 1 to"),
        (["op", "add", "--bits", "8", "--elements", "4", "--banks", "1", "--subarrays", "1"], "at least two subarrays"),
        (["op", "mul", "--bits", "64", "--elements", "900000000"], "which has 2048"),
    ],
)
def test_bad_input_gives_one_clear_error(words, message) -> None:
    done = run("pim", *words)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
