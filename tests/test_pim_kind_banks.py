"""What the kind `pim-dram` says of its subarrays: those with work, over time, in a pipeline, and how often rows are raised."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pim_kind import SMALL
from typer.testing import CliRunner

from simcore import simulate
from simcore.cli import app
from simcore.cli.heat_map import heat_map
from simcore.pim_dram.banks import MOST_ROWS, bank_lines, heat_maps, printed_banks
from simcore.pim_dram.printed import phase_table, printed_lines, where_table
from simcore.results import Results
from simcore.why import why

#: Whole networks or machines, a tenth of a second and more each.
pytestmark = pytest.mark.slow

ONE_BIT = ("precision={weight_bits: 1, activation_bits: 1}",)


def shown(results: Results) -> list[dict[str, Any]]:
    table = printed_banks(results)[-1]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_subarrays_without_work_are_counted_and_not_listed() -> None:
    results = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=("active_subarrays=2",))
    assert [(row["bank"], row["subarray"]) for row in shown(results)] == [("bank0", "0")]
    assert "31 of 32 subarrays that may compute at a time have no work." in bank_lines(results)


def test_neighbours_that_do_the_same_stand_in_one_row() -> None:
    overrides = ("precision={weight_bits: 2, activation_bits: 2}", "active_subarrays=4", "banks_per_layer=1")
    results = simulate("alexnet", "pim-dram-feasibility", layers="conv2", overrides=overrides)
    assert [(row["bank"], row["layers"], row["subarray"]) for row in shown(results)] == [("bank1", "conv2", "0-3")]
    assert "124 of 128 subarrays that may compute at a time have no work." in bank_lines(results)


@pytest.mark.parametrize("more", [("active_subarrays=2",), ("placement=pipelined",)])
def test_computing_waiting_and_idle_make_the_time(more: tuple[str, ...]) -> None:
    results = simulate("lenet5", "pim-dram-ddr4", overrides=(*SMALL, *more))
    pipeline = results.to_json().get("pipeline")
    cycles = results.cycles if pipeline is None else pipeline["interval_cycles"]
    rows = shown(results)
    assert f"{cycles:,} cycles" in printed_banks(results)[-1].title
    assert all(row["computing"] + row["stalled"] + row["idle"] == cycles and row["idle"] >= 0 for row in rows)
    assert [row["stalled"] for row in rows] == sorted((row["stalled"] for row in rows), reverse=True)
    said = re.search(
        r"(\d+) more subarrays compute in ([\d.]+) % and wait in ([\d.]+) % of the cycles", "\n".join(bank_lines(results))
    )
    others = int(said.group(1)) if said else 0
    working = int((results.banks["busy_cycles"] > 0).sum())
    assert others + len(rows) == working
    if said:
        assert len(rows) == MOST_ROWS
        computing = sum(row["computing"] for row in rows) + float(said.group(2)) / 100 * cycles * others
        assert computing == pytest.approx(results.banks["busy_cycles"].sum(), rel=1e-2)


def test_the_map_over_time_holds_every_cycle_of_every_bank() -> None:
    results = simulate("lenet5", "pim-dram-ddr4", overrides=(*SMALL, "active_subarrays=2"))
    (found,) = heat_maps(results, 40)
    busy = results.banks.groupby("scratchpad", sort=False)["busy_cycles"].mean()
    assert (found.shares.mean(axis=1) * results.cycles).tolist() == pytest.approx(busy.tolist())
    lines = heat_map(results, found).plain.splitlines()
    assert lines[0].startswith("Computing over time, mean of a bank's subarrays (a full block: ")
    assert len(lines) == 1 + 16 + 2


def test_a_pipeline_has_layers_by_bank_and_no_map_over_time() -> None:
    arguments = ["lenet5", "--system", "pim-dram-ddr4", "--set", "placement=pipelined", *[f"--set={each}" for each in SMALL]]
    told = CliRunner().invoke(app, ["banks", *arguments]).stdout
    found = json.loads(CliRunner().invoke(app, ["run", *arguments, "--json"]).stdout)["pipeline"]
    assert "over time" not in told
    assert f"between two images ({found['interval_cycles']:,} cycles)" in told
    time = f"{found['interval_cycles']:,} cycles from image to image, {found['latency_cycles']:,} for each; simulated in"
    assert time in told
    results = simulate("lenet5", "pim-dram-ddr4", overrides=(*SMALL, "placement=pipelined"))
    assert {row["layers"] for row in shown(results)} <= {", ".join(stage.layers) for stage in results.details["placed"].stages}


@pytest.mark.parametrize("more", [("overlap_transfers=true",), ("operands=bus", "banks=3"), ("limits={refresh: none}",)])
def test_the_time_between_images_is_that_of_the_stages_that_finish_last(more: tuple[str, ...]) -> None:
    results = simulate("lenet5", "pim-dram-ddr4", overrides=(*SMALL, "placement=pipelined", *more))
    pipeline, totals = results.to_json()["pipeline"], results.totals.set_index("metric")["value"]
    interval = pipeline["interval_cycles"]
    assert results.time_cycles == interval < results.cycles
    assert totals["time_ns"] == pipeline["interval_ns"]
    peak = results.kind.macs_per_cycle(results.system)
    assert totals["array_utilisation_percent"] == pytest.approx(100 * totals["macs"] / (interval * peak))
    assert f"{interval:,} cycles from image to image" in repr(results)
    assert f"{interval:,} cycles from image to image" in results._repr_html_()
    assert sum(row[1] for row in phase_table(results).rows) == interval
    assert sum(row[1] for row in where_table(results).rows) == interval
    said = next(line for line in printed_lines(results) if line.startswith("Pipeline of"))
    assert f"An interval takes at least {pipeline['bounds_cycles'][pipeline['bound_by']]:,} cycles" in said
    layers = re.search(r"Last to finish multiply: ([\w, ]+)\.", said)
    assert layers
    stage_cycles = results.tables()["phases"].query("image == 'every' and phase == 'multiply'").set_index("layer")["cycles"]
    rounds = next(row[1] for row in phase_table(results).rows if row[0] == "multiply")
    assert stage_cycles[layers.group(1).split(", ")].sum() == rounds
    losses = results.kind.losses(results)
    work = sum(loss.cycles for loss in losses if loss.is_work)
    assert (work, sum(loss.cycles for loss in losses)) == (results.kind.computing_cycles(results), interval)


def test_shares_of_banks_are_those_of_the_time_between_images() -> None:
    arguments = ["lenet5", "--system", "pim-dram-ddr4", "--set", "placement=pipelined", *[f"--set={each}" for each in SMALL]]
    found = json.loads(CliRunner().invoke(app, ["banks", *arguments, "--json"]).stdout)
    assert found["cycles"] == simulate("lenet5", "pim-dram-ddr4", overrides=(*SMALL, "placement=pipelined")).time_cycles
    assert "column_layers" not in found
    for bank in found["banks"]:
        assert bank["occupancy_percent"] == pytest.approx(100 * bank["busy_cycles"] / found["cycles"])


def test_stages_are_told_with_their_slowest_subarray() -> None:
    overrides = (*SMALL, "placement=pipelined", "active_subarrays=2", "banks=3")
    results = simulate("lenet5", "pim-dram-ddr4", overrides=overrides)
    stages, _ = printed_banks(results)
    placed = results.details["placed"].stages
    assert [(row[0], row[2]) for row in stages.rows] == [(", ".join(stage.layers), str(stage.first_bank)) for stage in placed]
    causes = [f"stall_{cause}_cycles" for cause in results.kind.causes]
    taken = results.banks["busy_cycles"] + results.banks[causes].sum(axis=1)
    slowest = taken.groupby(results.banks["scratchpad"], sort=False).max().tolist()
    for (_, _, _, computing, percent, stalled, idle), most in zip(stages.rows, slowest, strict=True):
        assert computing + stalled == most == results.time_cycles - idle
        assert percent == pytest.approx(100 * computing / results.time_cycles)
    assert min(row[-1] for row in stages.rows) < max(row[-1] for row in stages.rows)


def test_why_of_a_pipeline_saves_time_between_images() -> None:
    overrides = (*SMALL, "placement=pipelined")
    found = why("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=overrides)
    assert found.results.time_cycles < found.results.cycles
    trial = next(each for finding in found.findings for each in finding.trials if each.saved_cycles > 0)
    after = simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=(*overrides, *trial.change.overrides))
    assert trial.cycles == after.time_cycles == found.results.time_cycles - trial.saved_cycles


# How often rows are raised -----------------------------------------------------------------------------------------------------


def test_rows_of_a_round_by_hand() -> None:
    """A 1-bit product: C0 to Z; a0 to A1; b0 to B1; A1, B1, Z to out0; C0 to out1. b0 is written, out0 and out1 are read."""
    results = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=ONE_BIT)
    first = results.tables()["activations"].iloc[0]
    others = results.to_json()["phases"]
    rounds = results.tables()["mapping"]["rounds"].iloc[0]
    assert rounds == 1
    opened = results.tables()["phases"].query("image == 'every' and phase != 'multiply'")
    more = int((opened["phase_times"] * opened["phase_repeats"]).sum())
    assert others["multiply"] > 0
    assert first["row_activations"] == 5 * 2 + 1 + 2 + more
    assert first["rows_raised"] == (2 + 2 + 2 + 4 + 2) + 1 + 2 + more
    assert first["hottest_row_activations"] == 2 * rounds  # C0, A1, b0, B1, Z, out0 and out1 alike
    assert first["hottest_row_activations_per_window"] == pytest.approx(2 * 8192 * 10400 / results.cycles)


@pytest.mark.parametrize("system", ["pim-dram-ddr4", "pim-dram-hbm2"])
@pytest.mark.parametrize("more", [(), ("placement=pipelined", "operands=bus"), ("placement=pipelined", "overlap_transfers=true")])
def test_activations_of_all_subarrays_are_the_commands(system: str, more: tuple[str, ...]) -> None:
    overrides = ("precision={weight_bits: 2, activation_bits: 2}", "active_subarrays=2", *more)
    results = simulate("lenet5", system, overrides=overrides)
    table, found = results.tables()["activations"], results.to_json()
    assert table["row_activations"].sum() * results.details["machine"].copies == found["commands"]["ACT"]
    assert (table["rows_raised"] >= table["row_activations"]).all()
    machine = results.details["machine"]
    assert table.groupby("rank")["scratchpad"].nunique().tolist() == [machine.banks // machine.ranks] * table["rank"].nunique()
    busiest = table.groupby("rank")["row_activations"].sum()
    per_us = busiest.max() / (results.totals.set_index("metric")["value"]["time_ns"] / 1e3)
    most, name = " most:" if len(busiest) > 1 else "", "Pseudo-channel" if "hbm2" in system else "Rank"
    line = f"{name} {busiest.idxmax()} activates rows{most} {busiest.max():,} times, {per_us:,.1f} times a us."
    assert line in bank_lines(results)
    for column, command in (("reads", "RD"), ("writes", "WR")):
        assert results.banks[column].sum() * results.details["machine"].copies == found["commands"][command] > 0
    assert table[["scratchpad", "bank"]].equals(results.banks[["scratchpad", "bank"]])
    worst = table.sort_values("hottest_row_activations", ascending=False, kind="stable").iloc[0]
    assert found["hottest_row"]["hottest_row_activations"] == worst["hottest_row_activations"] > 0
    window_ms = found["hottest_row"]["refresh_window_ns"] / 1e6
    assert round(window_ms) == (32 if "hbm2" in system else 64)
    line = next(line for line in bank_lines(results) if line.startswith("Row raised most"))
    assert f"{worst['hottest_row']} of {worst['scratchpad']}, subarray {worst['bank']}" in line


def test_without_refreshes_in_the_standard_no_window_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.pim_dram.activations.window_cycles", lambda machine: None)
    results = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=ONE_BIT)
    assert results.tables()["activations"]["hottest_row_activations_per_window"].isna().all()
    assert results.to_json()["hottest_row"]["refresh_window_ns"] is None
    assert bank_lines(results)[-1].endswith("subarray 0, 2 times.")


def test_no_row_is_raised_most_where_nothing_multiplies() -> None:
    results = simulate("lenet5", "pim-dram-ddr4", layers="s2")
    assert results.to_json()["hottest_row"] is None
    assert not any("Row raised most" in line for line in bank_lines(results))


def test_a_machine_without_refreshes_is_not_said_to_refresh() -> None:
    results = simulate("lenet5", "pim-dram-feasibility", layers="f6")
    (line,) = (line for line in bank_lines(results) if line.startswith("Row raised most"))
    assert line.endswith("times in 64 ms, the standard's refresh window (this machine does not refresh).")
