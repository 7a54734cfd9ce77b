"""The wear of scratchpads: lifetimes computed by hand, the source of the endurance, and the outputs that show it."""

from __future__ import annotations

import json
import re
from math import inf, isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_outcome
from typer.testing import CliRunner

from models.arrays.cells import memory_cell
from models.endurance import Endurance, endurance_of
from models.memories import Sram, SttMram, SttMramVerify
from simcore import BankTiming
from simcore.cli import app
from simcore.errors import InputError
from simcore.machine.line_writes import no_line_writes
from simcore.machine.machine import build_machine
from simcore.results import LayerRun, Results
from simcore.results.glossary import TERMS
from simcore.results.wear import LineWear, first_to_fail, wear_table
from simcore.simulation import simulate
from simcore.spec import System, load_system, override_system
from simcore.systolic.banks import bank_endurance, bank_names
from simcore.systolic.energy import BankRates, EnergyRates, LogicRates
from simcore.systolic.printed_wear import duration


class Nameless(BankTiming):
    """A model that names no technology."""

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now + 1, now + 1


def worn(system: System, endurance: float, cycles: int, writes: dict[tuple[int, int, int], int]) -> pd.DataFrame:
    """The table of a run of so many cycles at 1 GHz, with writes by (scratchpad, bank, row)."""
    counted = no_line_writes(build_machine(system))
    for (pad, bank, row), count in writes.items():
        counted.pads[pad][bank, row] = count
    banks = bank_names(system)
    return wear_table(LineWear(counted, (Endurance(endurance, "given", "here"),) * len(banks)), banks, cycles, 10**9)


def test_a_lifetime_by_hand() -> None:
    """Bank 3 of the ofmap, 512 rows: row 7 is written 200 times in 1 ms, row 9 56 times.

    200 writes a millisecond are 2e5 a second, so 1e12 writes last 5e6 s; spread over 512 lines, 256 writes are half a write to a
    line: 400 times as long.
    """
    table = worn(load_system("edge-sram"), 1e12, 1_000_000, {(2, 3, 7): 200, (2, 3, 9): 56})
    row = table[(table["scratchpad"] == "ofmap") & (table["bank"] == 3)].iloc[0]
    assert row[["writes", "written_lines", "busiest_line_writes", "busiest_line_row"]].tolist() == [256, 2, 200, 7]
    assert row["mean_writes_per_line"] == 0.5
    assert row["busiest_line_writes_per_s"] == pytest.approx(2e5)
    assert row["lifetime_s"] == pytest.approx(5e6)
    assert row["lifetime_levelled_s"] == pytest.approx(2e9)
    others = table[table["writes"] == 0]
    assert len(others) == len(table) - 1
    assert (others["lifetime_s"] == inf).all()


def test_a_bank_whose_lines_are_written_alike_gains_nothing_from_levelling() -> None:
    system = load_system("edge-sram")
    table = worn(system, 1e12, 777_777, {(0, 0, row): 3 for row in range(512)})
    assert table["lifetime_levelled_s"][0] == table["lifetime_s"][0] == pytest.approx(1e12 / (3 * 1e9 / 777_777))


def test_the_busiest_of_equal_lines_is_the_first() -> None:
    assert worn(load_system("edge-sram"), 1e12, 10, {(0, 0, 5): 2, (0, 0, 3): 2})["busiest_line_row"][0] == 3


def test_endurance_goes_by_technology() -> None:
    assert endurance_of(Sram()).writes == inf
    for timing in (SttMram(), SttMramVerify()):
        found = endurance_of(timing)
        assert (found.writes, found.kind) == (1e12, "assumed")
        assert "VLSI Technology 2020" in found.source
    assert isnan(endurance_of(Nameless()).writes)


def test_a_given_endurance_counts_for_all_but_sram() -> None:
    assert endurance_of(Sram(), given_writes=5.0).writes == inf
    for timing in (SttMram(), Nameless()):
        assert endurance_of(timing, given_writes=5.0) == Endurance(5.0, "given", "technology.endurance_writes")


def test_cells_and_technologies_tell_the_same() -> None:
    assert memory_cell("stt-54F2").endurance_writes == endurance_of(SttMram()).writes
    assert memory_cell("stt-75F2").endurance_writes == 1e6
    assert memory_cell("sram").endurance_writes is None
    assert all(memory_cell(f"stt-{size}F2").endurance_kind == "assumed" for size in ("34.5", "40", "54", "14", "75"))


def test_banks_of_a_hybrid_scratchpad_wear_by_what_they_are_made_of() -> None:
    system = load_system("edge-hybrid")
    for bank, endurance in zip(bank_names(system), bank_endurance(system), strict=True):
        assert endurance.writes == (inf if bank.memory == "sram" else 1e12)


@pytest.mark.parametrize("value", ["1e6", "1000000", "1.0e+6"])
def test_the_user_sets_the_endurance(value: str) -> None:
    results = simulate("lenet5", "edge-stt", overrides=[f"technology.endurance_writes={value}"])
    assert (results.wear["endurance_writes"] == 1e6).all()
    usual = simulate("lenet5", "edge-stt").wear["lifetime_s"]
    assert results.wear["lifetime_s"].tolist() == pytest.approx((usual / 1e6).tolist())
    assert set(results.manifest["endurance_sources"].values()) == {"given: technology.endurance_writes"}


@pytest.mark.parametrize("value", ["0", "-1", "many", "true", ".inf", ".nan", "1e31", "[1]"])
def test_an_endurance_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InputError, match=r"technology\.endurance_writes: expected a number of writes above 0 such as 1e12"):
        override_system(load_system("edge-stt"), [f"technology.endurance_writes={value}"])


def test_an_endurance_survives_the_way_through_yaml() -> None:
    system = override_system(load_system("edge-stt"), ["technology.endurance_writes=1e15"])
    assert System.model_validate(system.to_yaml_dict()) == system
    assert system.technology.endurance_writes == 1e15


@pytest.fixture(scope="module")
def results() -> Results:
    return simulate("lenet5", "edge-stt")


def test_the_table_is_saved_and_explained(results: Results, tmp_path: Path) -> None:
    saved = results.save(tmp_path / "out")
    assert pd.read_parquet(saved / "wear.parquet").equals(results.wear)
    assert list(pd.read_csv(saved / "wear.csv").columns) == list(results.wear.columns)
    assert set(results.wear.columns) - set(TERMS) == set()


def test_json_has_the_line_of_each_scratchpad_that_fails_first(results: Results) -> None:
    found = json.loads(json.dumps(results.to_json(), allow_nan=False))["wear"]
    keys = [
        *("scratchpad", "bank", "busiest_line_row", "busiest_line_writes", "busiest_line_writes_per_s"),
        *("endurance_writes", "lifetime_s", "lifetime_levelled_s"),
    ]
    assert [list(row) for row in found] == [keys] * 4
    assert [row["scratchpad"] for row in found] == ["ifmap", "filter", "ofmap", "accumulator"]
    for row in found:
        pad = results.wear[results.wear["scratchpad"] == row["scratchpad"]]
        assert row["lifetime_s"] == pad["lifetime_s"].min()
        assert row["busiest_line_writes"] == pad["busiest_line_writes"].max()
    assert {(row["lifetime_s"], row["endurance_writes"]) for row in simulate("lenet5", "edge-sram").to_json()["wear"]} == {
        (None, None)
    }


def test_a_scratchpad_that_is_partly_sram_fails_where_it_wears() -> None:
    table = worn(load_system("edge-sram"), 1e12, 1000, {(0, 0, 0): 90, (0, 1, 4): 20})
    table.loc[0, ["endurance_writes", "lifetime_s", "lifetime_levelled_s"]] = inf
    first = first_to_fail(table)[0]
    assert (first["bank"], first["busiest_line_row"], first["busiest_line_writes"]) == (1, 4, 20)


def test_without_counts_there_is_no_wear() -> None:
    system = load_system("edge-stt")
    banks = len(bank_names(system))
    rates = EnergyRates(LogicRates(), None, (BankRates(0.0, 0.0, 0.0, 0.0, 0.0),) * banks, 10**9)
    run = LayerRun("conv1", "conv", 0, made_up_outcome(system, 0, 1), {})
    results = Results(system, [run], rates, {"network": "made-up", "engine": "compiled"}, 1.0)
    assert "wear" not in results.tables()
    assert "wear" not in results.to_json()
    with pytest.raises(InputError, match="did not count"):
        _ = results.wear


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["run", "lenet5", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_terminal_shows_the_wear_of_memories_that_wear_out(results: Results) -> None:
    shown = run("--system", "edge-stt")
    assert "Busiest lines" in shown
    assert "endures 1e+12 writes (assumed;" in shown
    assert max(map(len, shown.splitlines())) <= 100
    (line,) = [line for line in shown.splitlines() if line.startswith("accumulator stt-mram")]
    pad = results.wear[results.wear["scratchpad"] == "accumulator"]
    assert str(pad["busiest_line_writes"].max()) in line.split()
    assert duration(pad["lifetime_s"].min()) in line
    assert "assumed" not in run("--system", "edge-stt", "--set", "technology.endurance_writes=1e15")


def test_the_guide_says_what_a_run_finds() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "stt-mram.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d.e]+) \| ([\d.]+ \w+) \| ([\d.]+ \w+) \|$", guide, flags=re.MULTILINE)
    found = simulate("resnet18", "edge-stt").to_json()["wear"]
    assert told == [
        (
            row["scratchpad"],
            f"{row['busiest_line_writes']:,}",
            f"{row['busiest_line_writes_per_s']:.3g}".replace("e+0", "e"),
            duration(row["lifetime_s"]),
            duration(row["lifetime_levelled_s"]),
        )
        for row in found
    ]


def test_the_terminal_shows_no_wear_where_nothing_wears_out() -> None:
    shown = run("--system", "edge-sram")
    assert "Busiest" not in shown
    assert "Wear" not in shown
    assert "endurance" not in shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.25, "0.2 s"), (59.0, "59 s"), (90.0, "1.5 minutes"), (1e4, "2.8 hours"), (86400.0 * 34, "34 days")),
        *((31557600.0, "1.0 years"), (31557600.0 * 12345, "12,345 years"), (31557600.0 * 1e9, "1e+09 years"), (np.inf, "-")),
    ],
)
def test_durations_are_shown_in_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text
