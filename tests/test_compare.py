"""``simcore compare``: differences add up, are explained in few lines, and conditions end it with an error."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from command_line import invoke

from simcore import simulate
from simcore.compare import Comparison, compare
from simcore.compare.conditions import condition_of, failures
from simcore.compare.rows import Row
from simcore.compare.words import explained
from simcore.errors import InputError
from simcore.results import Results


@pytest.fixture(scope="module")
def runs() -> tuple[Results, Results]:
    return simulate("lenet5", "edge-sram"), simulate("lenet5", "edge-stt")


@pytest.fixture(scope="module")
def found(runs: tuple[Results, Results]) -> Comparison:
    return compare(runs)


def test_the_changes_by_place_and_by_layer_sum_to_the_change_of_time(found: Comparison, runs: tuple[Results, Results]) -> None:
    change = runs[1].cycles - runs[0].cycles
    assert change > 0
    assert sum(row.change(1) or 0 for row in found.places) == change
    assert sum(row.change(1) or 0 for row in found.layers) == change
    assert found.metrics[0] == Row(("time_cycles",), (runs[0].cycles, runs[1].cycles), "cycles")


def test_only_keys_that_differ_are_told_with_their_places(found: Comparison) -> None:
    keys = {one.key: one for one in found.keys}
    model, write = keys["scratchpads.ofmap.timing.model"], keys["scratchpads.ofmap.timing.write_cycles"]
    assert model.says == ("sram", "stt-mram")
    assert model.places[1].startswith("preset edge-stt:")
    assert write.values == (1, 10)
    assert write.places == ("default", "default")
    assert {one.key.split(".")[0] for one in found.keys} == {"scratchpads"}
    assert found.equal_keys > 50


def test_an_override_is_named_as_the_place_of_its_key() -> None:
    other = simulate("lenet5", "edge-sram", overrides=["array.rows=16", "scratchpads.ofmap.timing.parameters.write_cycles=3"])
    found = {one.key: one for one in compare([simulate("lenet5", "edge-sram"), other]).keys}
    assert found["array.rows"].values == (32, 16)
    assert found["array.rows"].places[1] == "overrides: array.rows=16"
    assert found["scratchpads.ofmap.timing.write_cycles"].values == (1, 3)
    assert "write_cycles=3" in found["scratchpads.ofmap.timing.write_cycles"].places[1]
    assert len(found) == 2


@pytest.mark.slow
def test_edge_stt_against_edge_sram_is_explained_in_ten_lines() -> None:
    lines = explained(compare([simulate("resnet18", "edge-sram"), simulate("resnet18", "edge-stt")]))
    assert sum(len(textwrap.wrap(line, 100)) for line in lines) <= 10
    assert lines[1].startswith("write_backpressure in accumulator: +")
    assert "model sram -> stt-mram" in lines[1]
    assert "write_cycles 1 -> 10" in lines[1]
    assert "the write buffer has no room" in lines[1]
    assert any(line.startswith("Energy: ") and "area: " in line for line in lines)


def test_equal_runs_have_no_differences(runs: tuple[Results, Results]) -> None:
    found = compare([runs[0], runs[0]])
    assert found.keys == ()
    assert not any(row.most for row in (*found.metrics, *found.layers, *found.places, *found.energies))
    assert found.names == ("edge-sram", "edge-sram (2)")
    assert explained(found)[0].endswith(f"both take {runs[0].cycles:,} cycles.")


def test_machines_of_two_kinds_are_compared(runs: tuple[Results, Results]) -> None:
    found = compare([runs[0], simulate("lenet5", "h100-sxm")])
    keys = {one.key: one.values for one in found.keys}
    assert keys["kind"] == ("systolic", "roofline")
    assert keys["array.rows"] == (32, None)
    assert "Their clocks differ" in explained(found)[0]


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("cycles>+2%", False),
        ("cycles>+1.9%", True),
        ("cycles>=+2%", True),
        ("cycles>+19", True),
        ("cycles>+20", False),
        ("cycles<-1%", False),
        ("cycles>1019", True),
        ("cycles>1020", False),
        ("cycles < 2000", True),
        ("energy>+1e9%", True),
    ],
)
def test_conditions(text: str, met: bool, found: Comparison) -> None:
    rows = (Row(("cycles",), (1000.0, 1020.0)), Row(("energy",), (0.0, 1.0)))
    made = Comparison(("a", "b"), found.runs, (), 0, rows, (), (), ())
    assert bool(failures(made, [condition_of(text)])) is met


@pytest.mark.parametrize("text", ["cycles", "cycles>", ">2", "cycles=2", "cycles>2%%", "cycles>1e999", "cycles>nan", "x" * 500])
def test_other_texts_are_no_conditions(text: str) -> None:
    with pytest.raises(InputError, match="--fail-if"):
        condition_of(text)


def test_the_command_exits_with_1_if_a_condition_is_met(runs: tuple[Results, Results], tmp_path: Path) -> None:
    first, other = (str(run.save(tmp_path / run.system.name)) for run in runs)
    fine = invoke("compare", first, other, "--fail-if", "cycles<-1%")
    assert fine.exit_code == 0
    assert "lenet5: edge-stt takes" in fine.stdout
    failed = invoke("compare", first, other, "--fail-if", "cycles>+1%", "--json")
    assert failed.exit_code == 1
    told = json.loads(failed.stdout)
    assert [one["name"] for one in told["runs"]] == ["edge-sram", "edge-stt"]
    assert told["failed"][0].startswith("cycles>+1%: cycles of edge-stt is +")
    assert {row["metric"] for row in told["metrics"]} >= {"time_cycles", "energy_pj", "area_mm2"}
    assert sum(row["change"][0] for row in told["places"]) == runs[1].cycles - runs[0].cycles


def test_runs_are_simulated_when_no_directory_is_named() -> None:
    result = invoke("compare", "lenet5@edge-sram", "lenet5@edge-stt", "lenet5@h100-sxm")
    assert result.exit_code == 0
    assert "Keys that differ" in result.stdout
    assert "lenet5@h100-sxm takes" in result.stdout


@pytest.mark.parametrize("arguments", [["lenet5@edge-sram"], ["nothing", "lenet5@edge-sram"], ["@", "@"]])
def test_bad_runs_are_errors(arguments: list[str], tmp_path: Path) -> None:
    result = invoke("compare", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("simcore: ")


def test_an_unknown_metric_is_an_error(runs: tuple[Results, Results]) -> None:
    with pytest.raises(InputError, match="did you mean 'cycles'"):
        failures(compare(runs), [condition_of("cycle>+2%")])


def test_a_cause_that_is_also_a_column_is_told_as_the_cause() -> None:
    """A roofline's `memory` is a bound; the table of banks has a column of that name."""
    shown = " ".join(invoke("compare", "lenet5@h100-sxm", "lenet5@ideal-titan-xp").stdout.split())
    assert "memory: +" in shown
    assert "Bound of a layer whose bytes take longer at the bandwidth of main memory" in shown
